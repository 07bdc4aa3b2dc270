import { bytesToHex } from '../util/bytes.ts';
import { AddressError } from './address-error.ts';
import { COMPRESSED_KEY_SIZE, isPublicKey, plainKey, UNCOMPRESSED_KEY_SIZE } from './ecdsa.ts';

/** Prime of the field over which the curve y² = x³ + 7 is defined. */
const FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;

/**
 * A public key in the form the reference serialises it again: compressed, uncompressed or hybrid as found, but prefix 05
 * as 04.
 * @throws {AddressError} saying what is wrong with the bytes.
 */
export function normalizePublicKey(key: Uint8Array): Uint8Array {
  if (!isPublicKey(key)) throw new AddressError(fault(key));
  return key[0] === 0x05 ? plainKey(key) : key;
}

/** Why bytes that are no public key are none, in the words of the reference. */
function fault(key: Uint8Array): string {
  const format = key[0] & 0xfe;
  if (key.length === COMPRESSED_KEY_SIZE) {
    if (format !== 2) return `invalid magic in compressed pubkey string: ${key[0]}`;
    // The root is taken before the coordinate is compared with the prime.
    return isSquare(curveRight(integer(key, 1))) ? 'pubkey X parameter is >= to P' : 'invalid square root';
  }
  if (key.length !== UNCOMPRESSED_KEY_SIZE)
    return key.length === 0 ? 'pubkey string is empty' : `invalid pub key length ${key.length}`;
  if (format !== 4 && format !== 6) return `invalid magic in pubkey str: ${key[0]}`;
  if (format === 6 && (key[0] & 1) !== (key[64] & 1)) return "ybit doesn't match oddness";
  if (integer(key, 1) >= FIELD) return 'pubkey X parameter is >= to P';
  if (integer(key, 33) >= FIELD) return 'pubkey Y parameter is >= to P';
  return "pubkey isn't on secp256k1 curve";
}

/** Big endian integer of 32 bytes. */
function integer(bytes: Uint8Array, at: number): bigint {
  return BigInt(`0x${bytesToHex(bytes.subarray(at, at + 32))}`);
}

function curveRight(x: bigint): bigint {
  return (x * x * x + 7n) % FIELD;
}

/** Euler's criterion; only error texts depend on it. */
function isSquare(value: bigint): boolean {
  let result = 1n;
  let base = value;
  for (let exponent = (FIELD - 1n) / 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % FIELD;
    base = (base * base) % FIELD;
  }
  return result === 1n || value === 0n;
}
