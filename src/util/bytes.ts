/** Small helpers over byte arrays. Nothing here knows what the bytes mean. */

/** An empty byte array, shared so that absent scripts and witness items cost nothing. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

/** True if both arrays hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Joins byte arrays into a new one. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** A Buffer over the same memory (no copy), for its fast string conversions. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Lower-case hex of the bytes in the order they stand. */
export function bytesToHex(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('hex');
}

/**
 * Parses hex of even length; upper case allowed.
 * @throws {RangeError} on an odd length or a character that is not a hex digit.
 */
export function hexToBytes(hex: string): Uint8Array {
  if (hex.length % 2 !== 0) throw new RangeError('hex string of odd length');
  const out = Buffer.from(hex, 'hex');
  if (out.length * 2 !== hex.length) throw new RangeError('invalid hex character');
  return out;
}
