export { outpointKey, outputKey } from '../../wire/index.ts';

/** Index in an `outpointKey`. */
export function indexOfKey(key: string): number {
  return Buffer.from(key, 'latin1').readUInt32BE(32);
}
