import { type Hash, HashParseError, hashFromHex } from '../../util/hash.ts';
import { hexError, type RpcError } from '../errors.ts';

/**
 * A hash given as text.
 * @throws {RpcError} -22 if it is too long or not hexadecimal.
 */
export function parseHash(text: string): Hash {
  try {
    return hashFromHex(text);
  } catch (error) {
    if (error instanceof HashParseError) throw hexError(text);
    throw error;
  }
}

/**
 * Bytes given as hexadecimal text; a missing first digit counts as 0, and shows so in the error.
 * @throws {RpcError} -22 if it is not hexadecimal.
 */
export function parseHex(text: string): Uint8Array {
  return parseHexOr(text, hexError);
}

/** The same with an error of the caller's own. */
export function parseHexOr(text: string, error: (padded: string) => RpcError): Uint8Array {
  const padded = text.length % 2 === 0 ? text : `0${text}`;
  const bytes = Buffer.from(padded, 'hex');
  if (bytes.length * 2 !== padded.length) throw error(padded);
  return bytes;
}
