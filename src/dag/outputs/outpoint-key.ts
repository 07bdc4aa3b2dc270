import { type Hash, hashKey } from '../../util/hash.ts';

/**
 * Key of an output: 32 bytes of the transaction id in wire order and its index as four bytes big endian, as a latin1
 * string. The same bytes are its key in the database.
 */
export function outpointKey(txid: Hash, index: number): string {
  return hashKey(txid) + String.fromCharCode(index >>> 24, (index >>> 16) & 0xff, (index >>> 8) & 0xff, index & 0xff);
}
