import { hash as digest } from 'node:crypto';

/**
 * A 32-byte hash in internal (wire) byte order. The *display form* used by RPC, logs and JSON is the hex of the
 * reversed bytes. Treat hashes as immutable: they are views that may share memory with a decoded message.
 */
export type Hash = Uint8Array;

/** 32 zero bytes: "no hash" (null outpoint, zero stop hash, genesis prevblock). */
export const ZERO_HASH: Hash = new Uint8Array(32);

/** First digest of a double one. */
const inner = Buffer.alloc(32);

// Digests come as latin1 text and go to memory that many share (the pool of Buffer.from): a digest with memory of its
// own, as `node:crypto` makes it, costs several times as much, most of it when it is collected.

/** SHA-256. */
export function sha256(data: Uint8Array): Uint8Array {
  return Buffer.from(digest('sha256', data, 'binary'), 'latin1');
}

/** SHA-256 applied twice: block hashes, transaction ids, merkle trees, checksums. */
export function sha256d(data: Uint8Array): Hash {
  inner.write(digest('sha256', data, 'binary'), 'latin1');
  return Buffer.from(digest('sha256', inner, 'binary'), 'latin1');
}

/** RIPEMD-160 of SHA-256: public key and script hashes, 20 bytes. */
export function hash160(data: Uint8Array): Uint8Array {
  inner.write(digest('sha256', data, 'binary'), 'latin1');
  return Buffer.from(digest('ripemd160', inner, 'binary'), 'latin1');
}

/** Display form: 64 lower-case hex digits of the reversed bytes. */
export function hashToHex(hash: Hash): string {
  return Buffer.from(hash).reverse().toString('hex');
}

/** The display form could not be parsed; the message is the text of docs/compatibility.md ("Hashes as text"). */
export class HashParseError extends Error {
  override name = 'HashParseError';
}

/**
 * Parses a display form of at most 64 hex digits, either case. Short strings are extended with zeros on the left, so
 * `"1"` is 00…01 and `""` is the zero hash; odd lengths are allowed.
 * @throws {HashParseError} if longer than 64 characters or not hex.
 */
export function hashFromHex(text: string): Hash {
  if (text.length > 64) throw new HashParseError('max hash string length is 64 bytes');
  const bad = /[^0-9a-fA-F]/u.exec(text);
  if (bad) {
    const code = bad[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    throw new HashParseError(`encoding/hex: invalid byte: U+${code} '${bad[0]}'`);
  }
  return Buffer.from(text.padStart(64, '0'), 'hex').reverse();
}

/** A Buffer over all of the memory that the latest hash was part of: hashes come in numbers from one message. */
let memory: Buffer = Buffer.alloc(0);

/** Key of a hash for Map and Set: its 32 bytes as a latin1 string (fastest form measured, see docs/decisions). */
export function hashKey(hash: Hash): string {
  if (Buffer.isBuffer(hash)) return hash.toString('latin1', 0, 32);
  const { buffer, byteOffset } = hash;
  if (memory.buffer !== buffer) memory = Buffer.from(buffer);
  return memory.toString('latin1', byteOffset, byteOffset + 32);
}

/** Inverse of {@link hashKey}. */
export function hashFromKey(key: string): Hash {
  return Buffer.from(key, 'latin1');
}

/** True if all 32 bytes are zero. */
export function isZeroHash(hash: Hash): boolean {
  for (let i = 0; i < 32; i++) if (hash[i] !== 0) return false;
  return true;
}

/**
 * Orders hashes by display form ascending: bytes compared from the last to the first. This is the only order of
 * hashes that the protocol knows (tips hash, colouring, blocks of one height).
 */
export function compareHashes(a: Hash, b: Hash): number {
  for (let i = 31; i >= 0; i--) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
