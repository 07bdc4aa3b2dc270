import { AddressError } from './address-error.ts';
import { decodeBase58, encodeBase58Check, hasChecksum } from './base58check.ts';
import { view } from './parse.ts';

/** Marks a key whose public key is to be compressed. */
const COMPRESSED_MARK = 0x01;

/** A private key in wallet import format. */
export interface WifKey {
  /** 32 bytes, big endian; neither zero nor values beyond the group order are refused by the format. */
  readonly privateKey: Uint8Array;
  /** Whether addresses are made from the compressed public key. */
  readonly compressed: boolean;
  /** Version byte, the `wifPrefix` of a network. */
  readonly version: number;
}

/** Text of a private key. */
export function encodeWif({ privateKey, compressed, version }: WifKey): string {
  return encodeBase58Check(Uint8Array.of(version), privateKey, Uint8Array.from(compressed ? [COMPRESSED_MARK] : []));
}

/**
 * Decodes a private key of any network.
 * @throws {AddressError} `malformed private key`, `checksum mismatch`.
 */
export function decodeWif(text: string): WifKey {
  const bytes = text.length > 60 ? new Uint8Array() : decodeBase58(text);
  const compressed = bytes.length === 38;
  if ((!compressed && bytes.length !== 37) || (compressed && bytes[33] !== COMPRESSED_MARK))
    throw new AddressError('malformed private key');
  if (!hasChecksum(bytes)) throw new AddressError('checksum mismatch');
  return { privateKey: view(bytes, 1, 33), compressed, version: bytes[0] };
}
