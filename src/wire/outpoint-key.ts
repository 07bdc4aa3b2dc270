import { type Hash, hashKey } from '../util/hash.ts';

/** The last four characters of the keys of most outputs. */
const SMALL_INDEXES = Array.from({ length: 256 }, (_, index) => indexText(index));

function indexText(index: number): string {
  return String.fromCharCode(index >>> 24, (index >>> 16) & 0xff, (index >>> 8) & 0xff, index & 0xff);
}

/**
 * Key of an output for Map and Set and in the database: 32 bytes of the transaction id in wire order and its index as
 * four bytes big endian, as a latin1 string.
 */
export function outpointKey(txid: Hash, index: number): string {
  return outputKey(hashKey(txid), index);
}

/** {@link outpointKey} from the `hashKey` of the transaction id. */
export function outputKey(txidKey: string, index: number): string {
  return txidKey + (SMALL_INDEXES[index] ?? indexText(index));
}
