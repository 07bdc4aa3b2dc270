import { EMPTY_BYTES } from '../util/bytes.ts';
import type { Hash } from '../util/hash.ts';
import { endOfData, messageError, type WireError } from './errors.ts';
import { decodeText } from './text.ts';

/** Longest variable length string, and longest script field, that a message may announce: 32 MiB. */
export const MAX_VAR_LENGTH = 33_554_432;

const scratch = new DataView(new ArrayBuffer(8));

/**
 * Reads the primitive fields of the protocol from a byte range, front to back. Integers are little endian unless the
 * name says otherwise. Byte strings and hashes are returned as views into the source, never copied.
 *
 * Every method throws a {@link WireError}: kind `eof` if no byte of the field is left, `unexpectedEof` if it is cut.
 */
export class ByteReader {
  /** What is read from, the bytes outside the range included. */
  readonly source: Uint8Array;
  readonly #end: number;
  /** Position of the next byte, counted from the start of the source. */
  offset: number;

  /** Reads `source` from `offset` (default 0) up to `end` (default the whole length). */
  constructor(source: Uint8Array, offset = 0, end: number = source.length) {
    this.source = source;
    this.offset = offset;
    this.#end = end;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#end - this.offset;
  }

  /** Moves past `length` bytes and returns where they begin. */
  #take(length: number): number {
    const at = this.offset;
    if (length > this.#end - at) throw endOfData(this.#end - at);
    this.offset = at + length;
    return at;
  }

  u8(): number {
    return this.source[this.#take(1)];
  }

  u16(): number {
    const at = this.#take(2);
    const source = this.source;
    return source[at] | (source[at + 1] << 8);
  }

  /** Big endian; only the port of a network address uses it. */
  u16be(): number {
    const at = this.#take(2);
    const source = this.source;
    return (source[at] << 8) | source[at + 1];
  }

  u32(): number {
    return this.i32() >>> 0;
  }

  i32(): number {
    const at = this.#take(4);
    const source = this.source;
    return source[at] | (source[at + 1] << 8) | (source[at + 2] << 16) | (source[at + 3] << 24);
  }

  u64(): bigint {
    this.#load64();
    return scratch.getBigUint64(0);
  }

  i64(): bigint {
    this.#load64();
    return scratch.getBigInt64(0);
  }

  #load64(): void {
    if (this.remaining < 8) throw endOfData(this.remaining);
    scratch.setInt32(4, this.i32());
    scratch.setInt32(0, this.i32());
  }

  /** One byte, 0 is false and everything else true. */
  bool(): boolean {
    return this.u8() !== 0;
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    if (length === 0) return EMPTY_BYTES;
    const at = this.#take(length);
    return viewOf(this.source, at, length);
  }

  /** A view of the bytes from `start` (an earlier {@link offset}) up to the present position. */
  since(start: number): Uint8Array {
    return viewOf(this.source, start, this.offset - start);
  }

  /** A view of the next 32 bytes. */
  hash(): Hash {
    const at = this.#take(32);
    return viewOf(this.source, at, 32);
  }

  /**
   * A variable length integer of 1, 3, 5 or 9 bytes; a number, or a bigint above 2^53 - 1.
   * @throws {WireError} of kind `message` if a shorter form would have held the value.
   */
  varint(): number | bigint {
    const discriminant = this.u8();
    if (discriminant < 0xfd) return discriminant;
    if (discriminant === 0xfd) {
      const value = this.u16();
      if (value < 0xfd) throw nonCanonical(value, discriminant, 0xfd);
      return value;
    }
    if (discriminant === 0xfe) {
      const value = this.u32();
      if (value < 0x10000) throw nonCanonical(value, discriminant, 0x10000);
      return value;
    }
    const value = this.u64();
    if (value < 0x100000000n) throw nonCanonical(value, discriminant, 0x100000000);
    return value <= 9007199254740991n ? Number(value) : value;
  }

  /**
   * A variable length integer that counts something.
   * @param tooMany makes the error for a count above `max`; it receives the count with all its digits.
   */
  count(max: number, tooMany: (count: number | bigint) => WireError): number {
    const count = this.varint();
    if (typeof count === 'bigint' || count > max) throw tooMany(count);
    return count;
  }

  /**
   * Makes sure that `count` fixed-size elements are there before anything is allocated for them; otherwise throws what
   * reading them one by one would have ended in.
   * @param fields sizes in bytes of the fields of one element, in order.
   */
  expect(count: number, ...fields: readonly number[]): void {
    let size = 0;
    for (const field of fields) size += field;
    if (count * size <= this.remaining) return;
    let left = this.remaining % size;
    for (const field of fields) {
      if (left < field) break;
      left -= field;
    }
    throw endOfData(left);
  }

  /** A byte string with its length in front. `field` names it in the error for lengths above `max`. */
  varBytes(max: number, field: string): Uint8Array {
    return this.bytes(
      this.count(max, (count) =>
        messageError('ReadVarBytes', `${field} is larger than the max allowed size [count ${count}, max ${max}]`),
      ),
    );
  }

  /** A text with its length in front, at most 32 MiB. Bytes that are not UTF-8 survive, see {@link decodeText}. */
  varString(): string {
    return decodeText(
      this.bytes(
        this.count(MAX_VAR_LENGTH, (count) =>
          messageError('ReadVarString', `variable length string is too long [count ${count}, max ${MAX_VAR_LENGTH}]`),
        ),
      ),
    );
  }
}

/** A plain view: cheaper than `subarray`, and never a Buffer even if the source is one. */
export function viewOf(source: Uint8Array, at: number, length: number): Uint8Array {
  return new Uint8Array(source.buffer, source.byteOffset + at, length);
}

function nonCanonical(value: number | bigint, discriminant: number, minimum: number): WireError {
  return messageError(
    'ReadVarInt',
    `non-canonical varint ${value.toString(16)} - discriminant ${discriminant.toString(16)} must encode a value ` +
      `greater than ${minimum.toString(16)}`,
  );
}
