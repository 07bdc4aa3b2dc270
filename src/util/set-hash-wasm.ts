/**
 * The arithmetic of a lattice hash over a set, by WebAssembly (wasm/src/set-hash.ts): several times as fast as the same with
 * functions of `node:crypto`. One instance per thread, made at first use.
 */
import { SET_HASH_WASM } from '../../wasm/build/set-hash.ts';

/** Bytes of the sums: 1024 numbers of 16 bits, little endian. */
export const SET_HASH_SUMS = 2048;
/** Bytes of one element's slot. */
export const SET_HASH_SLOT = 192;
/** Longest element: its padding takes nine bytes more. */
export const SET_HASH_MAX_ELEMENT = SET_HASH_SLOT - 9;
/** Elements taken at once. */
export const SET_HASH_BATCH = 64;

const PAGE_SIZE = 65_536;

interface HashModule {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  bufferStart(): number;
  absorb(sums: number, slots: number, marks: number, count: number): void;
}

// The type packages of Node.js do not describe this global.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: HashModule };
};

interface Instance {
  readonly wasm: HashModule;
  readonly memory: Uint8Array;
  readonly sums: number;
  readonly slots: number;
  readonly marks: number;
}

let shared: Instance | undefined;

function instance(): Instance {
  if (shared) return shared;
  const module = new WebAssembly.Module(Buffer.from(SET_HASH_WASM, 'base64'));
  const wasm = new WebAssembly.Instance(module, {}).exports;
  const sums = wasm.bufferStart();
  const slots = sums + SET_HASH_SUMS;
  // Elements are read in groups of four.
  const marks = slots + (SET_HASH_BATCH + 3) * SET_HASH_SLOT;
  const missing = marks + SET_HASH_BATCH + 3 - wasm.memory.buffer.byteLength;
  if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE_SIZE));
  shared = { wasm, memory: new Uint8Array(wasm.memory.buffer), sums, slots, marks };
  return shared;
}

/** Elements that wait to be added to the sums of a set or taken away: at most {@link SET_HASH_BATCH}. */
export class SetHashBatch {
  /** Where elements are written, {@link SET_HASH_SLOT} bytes each; see {@link next}. */
  readonly bytes: Buffer = Buffer.alloc(SET_HASH_BATCH * SET_HASH_SLOT);
  readonly #marks = new Uint8Array(SET_HASH_BATCH);
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count === SET_HASH_BATCH;
  }

  /** Where the bytes of the next element belong. */
  get next(): number {
    return this.#count * SET_HASH_SLOT;
  }

  /** Takes the element whose bytes were written from {@link next} up to `end`. */
  add(end: number, remove: boolean): void {
    const { bytes, next } = this;
    const length = end - next;
    if (this.isFull || length > SET_HASH_MAX_ELEMENT) throw new RangeError('the element does not fit');
    const blocks = (length + 9 + 63) >> 6;
    const last = next + 64 * blocks;
    bytes[end] = 0x80;
    bytes.fill(0, end + 1, last - 2);
    bytes[last - 2] = length >> 5;
    bytes[last - 1] = length << 3;
    this.#marks[this.#count++] = blocks | (remove ? 0x80 : 0);
  }

  /** Changes the sums by all elements that wait, and forgets these. */
  applyTo(sums: Uint8Array): void {
    const { wasm, memory, sums: at, slots, marks } = instance();
    memory.set(sums, at);
    memory.set(this.bytes.subarray(0, this.next), slots);
    memory.set(this.#marks, marks);
    wasm.absorb(at, slots, marks, this.#count);
    sums.set(memory.subarray(at, at + SET_HASH_SUMS));
    this.#count = 0;
  }
}
