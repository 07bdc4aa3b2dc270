import { bech32 } from '@scure/base';
import { AddressError } from './address-error.ts';

/** The characters of bech32 by value (BIP 173). */
const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

const CHECKSUM_LENGTH = 6;

/** Text of a witness program (BIP 173). @param prefix human-readable part. */
export function encodeSegwit(prefix: string, version: number, program: Uint8Array): string {
  return bech32.encode(prefix, [version, ...bech32.toWords(program)]);
}

/**
 * Decodes the text of a witness program. The human-readable part is not judged here.
 * @throws {AddressError} with the texts of the reference, tested in its order.
 */
export function decodeSegwit(text: string): { version: number; program: Uint8Array } {
  const words = decodeBech32(text);
  const version = words.at(0);
  if (version === undefined) throw new AddressError('no witness version');
  if (version > 16) throw new AddressError(`invalid witness version: ${version}`);
  const program = bech32.fromWordsUnsafe(words.slice(1));
  if (!program) throw new AddressError('invalid incomplete group');
  const { length } = program;
  if (length < 2 || length > 40) throw new AddressError('invalid data length');
  if (version === 0 && length !== 20 && length !== 32)
    throw new AddressError(`invalid data length for witness version 0: ${length}`);
  return { version, program };
}

/** The data part as 5-bit words, checksum verified and cut off. */
function decodeBech32(text: string): number[] {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length < 8 || bytes.length > 90) throw new AddressError(`invalid bech32 string length ${bytes.length}`);
  const strange = bytes.find((byte) => byte < 33 || byte > 126);
  if (strange !== undefined) throw new AddressError(`invalid character in string: '${String.fromCharCode(strange)}'`);
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase())
    throw new AddressError('string not all lowercase or all uppercase');
  const separator = lower.lastIndexOf('1');
  if (separator < 1 || separator + 1 + CHECKSUM_LENGTH > lower.length) throw new AddressError('invalid index of 1');

  const words = [...lower.slice(separator + 1)].map((character) => {
    const word = CHARSET.indexOf(character);
    if (word < 0)
      throw new AddressError(
        `failed converting data to bytes: invalid character not part of charset: ${character.charCodeAt(0)}`,
      );
    return word;
  });
  const data = words.slice(0, -CHECKSUM_LENGTH);
  const expected = bech32.encode(lower.slice(0, separator), data).slice(-CHECKSUM_LENGTH);
  const actual = lower.slice(-CHECKSUM_LENGTH);
  if (expected !== actual) throw new AddressError(`checksum failed. Expected ${expected}, got ${actual}.`);
  return data;
}
