import { base58 } from '@scure/base';
import { concatBytes, equalBytes } from '../util/bytes.ts';
import { sha256d } from '../util/hash.ts';

const CHECKSUM_SIZE = 4;

/** Texts longer than anything this node can decode are not worth the quadratic work. */
const MAX_TEXT_LENGTH = 256;

/** Bytes of a base58 text; empty if it holds a foreign character. @throws {RangeError} if it is absurdly long. */
export function decodeBase58(text: string): Uint8Array {
  if (text.length > MAX_TEXT_LENGTH) throw new RangeError('base58 text too long');
  return /^[1-9A-HJ-NP-Za-km-z]*$/u.test(text) ? base58.decode(text) : new Uint8Array();
}

/** True if the last four bytes are the double SHA-256 checksum of all bytes before them. */
export function hasChecksum(bytes: Uint8Array): boolean {
  const end = bytes.length - CHECKSUM_SIZE;
  return end >= 0 && equalBytes(sha256d(bytes.subarray(0, end)).subarray(0, CHECKSUM_SIZE), bytes.subarray(end));
}

/** Base58 text of the parts joined, with a checksum behind them. */
export function encodeBase58Check(...parts: readonly Uint8Array[]): string {
  const bytes = concatBytes(...parts);
  return base58.encode(concatBytes(bytes, sha256d(bytes).subarray(0, CHECKSUM_SIZE)));
}

/** What decoding a base58 text with checksum and one version byte gave. */
export type Base58CheckResult =
  | { readonly version: number; readonly payload: Uint8Array }
  | { readonly problem: 'format' | 'checksum' };

/** Decodes version byte, payload and checksum. */
export function decodeBase58Check(text: string): Base58CheckResult {
  if (text.length > MAX_TEXT_LENGTH) return { problem: 'checksum' };
  const bytes = decodeBase58(text);
  if (bytes.length < 1 + CHECKSUM_SIZE) return { problem: 'format' };
  if (!hasChecksum(bytes)) return { problem: 'checksum' };
  return { version: bytes[0], payload: bytes.subarray(1, bytes.length - CHECKSUM_SIZE) };
}
