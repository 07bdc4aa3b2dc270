import type { Hash } from '../util/hash.ts';
import { encodeText } from './text.ts';

const scratch = new DataView(new ArrayBuffer(8));

/** Bytes that {@link ByteWriter.varint} needs for a value: 1, 3, 5 or 9. */
export function varintSize(value: number | bigint): number {
  if (value < 0xfd) return 1;
  if (value <= 0xffff) return 3;
  return value <= 0xffffffff ? 5 : 9;
}

/** Up to this size the engine keeps the bytes of an array in the array itself. */
const MAX_INLINE = 64;
/** Arrays of at most this size share memory. */
const MAX_SHARED = 1024;
const SLAB_SIZE = 8192;
let slab = new ArrayBuffer(SLAB_SIZE);
let slabUsed = 0;

/**
 * An array whose content does not matter. Many small arrays with memory of their own cost a multiple of what is written to
 * them, most of it when they are collected: as Buffers do, they share slabs.
 */
function allocate(size: number): Uint8Array {
  if (size <= MAX_INLINE || size > MAX_SHARED) return new Uint8Array(size);
  if (slabUsed + size > SLAB_SIZE) {
    slab = new ArrayBuffer(SLAB_SIZE);
    slabUsed = 0;
  }
  const array = new Uint8Array(slab, slabUsed, size);
  slabUsed += size;
  return array;
}

/**
 * Appends the primitive fields of the protocol to a growing buffer. Integers are little endian unless the name says
 * otherwise and wrap around to the width of the field.
 */
export class ByteWriter {
  #buffer: Uint8Array;
  #length = 0;

  /**
   * @param memory bytes to allocate at once, where the exact size avoids every copy; or memory to write to as long as it
   *   suffices.
   */
  constructor(memory: number | Uint8Array = 64) {
    this.#buffer = typeof memory === 'number' ? allocate(memory) : memory;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Makes room for `length` more bytes and returns where they begin. */
  #grow(length: number): number {
    const at = this.#length;
    const needed = at + length;
    if (needed > this.#buffer.length) {
      const larger = allocate(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    this.#length = needed;
    return at;
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#buffer[at] = value;
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#buffer[at] = value;
    this.#buffer[at + 1] = value >>> 8;
  }

  /** Big endian; only the port of a network address uses it. */
  u16be(value: number): void {
    const at = this.#grow(2);
    this.#buffer[at] = value >>> 8;
    this.#buffer[at + 1] = value;
  }

  u32(value: number): void {
    const at = this.#grow(4);
    const buffer = this.#buffer;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
  }

  i32(value: number): void {
    this.u32(value);
  }

  u64(value: bigint): void {
    scratch.setBigUint64(0, value);
    this.u32(scratch.getUint32(4));
    this.u32(scratch.getUint32(0));
  }

  i64(value: bigint): void {
    this.u64(value);
  }

  /** One byte, 0 or 1. */
  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  /** The bytes as they are, without a length. */
  bytes(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** 32 bytes. */
  hash(hash: Hash): void {
    this.bytes(hash);
  }

  /** A variable length integer in its shortest form. */
  varint(value: number | bigint): void {
    if (value < 0xfd) {
      this.u8(Number(value));
    } else if (value <= 0xffff) {
      this.u8(0xfd);
      this.u16(Number(value));
    } else if (value <= 0xffffffff) {
      this.u8(0xfe);
      this.u32(Number(value));
    } else {
      this.u8(0xff);
      this.u64(BigInt(value));
    }
  }

  /** A byte string with its length in front. */
  varBytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.bytes(bytes);
  }

  /** A text with its length in bytes in front. */
  varString(text: string): void {
    this.varBytes(encodeText(text));
  }

  /** Begins anew in the same memory: what {@link finish} gave before is overwritten. */
  clear(): void {
    this.#length = 0;
  }

  /** What was written. The result shares the writer's memory: do not write on. */
  finish(): Uint8Array {
    return this.#length === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#length);
  }
}
