/**
 * Double SHA-256 in bulk, by WebAssembly with four lanes (wasm/src/sha256d.ts). For block headers, merkle trees and the
 * search of a header nonce it is several times faster than `node:crypto`, whose cost per call dominates at these
 * sizes. Everything runs synchronously in one instance per thread, made at first use.
 */
import { SHA256D_WASM } from '../../wasm/build/sha256d.ts';
import type { Hash } from './hash.ts';

/** Bytes of a serialised block header. */
const HEADER_SIZE = 80;
const PAGE_SIZE = 65_536;
/** Messages hashed in one go; bounds the memory of the instance for arbitrarily long lists. */
const CHUNK = 4096;

interface HashModule {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  bufferStart(): number;
  hashHeaders(input: number, output: number, count: number): void;
  hashPairs(input: number, output: number, count: number): void;
  merkleRoot(hashes: number, count: number): void;
  startSearch(header: number, target: number): void;
  search(first: number, count: number): number;
}

// The type packages of Node.js do not describe this global.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: HashModule };
};

let shared: { readonly wasm: HashModule; readonly start: number } | undefined;
let view: Uint8Array = new Uint8Array(0);

/** The instance, with at least `bytes` bytes of buffer behind its start. */
function instance(bytes: number): { readonly wasm: HashModule; readonly start: number; readonly memory: Uint8Array } {
  if (!shared) {
    const module = new WebAssembly.Module(Buffer.from(SHA256D_WASM, 'base64'));
    const wasm = new WebAssembly.Instance(module, {}).exports;
    shared = { wasm, start: wasm.bufferStart() };
  }
  const { wasm, start } = shared;
  const missing = start + bytes - wasm.memory.buffer.byteLength;
  if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE_SIZE));
  if (view.buffer !== wasm.memory.buffer) view = new Uint8Array(wasm.memory.buffer);
  return { wasm, start, memory: view };
}

function hashMany(input: Uint8Array, size: number, work: 'hashHeaders' | 'hashPairs'): Uint8Array {
  if (input.length % size !== 0) throw new RangeError(`${input.length} bytes are no multiple of ${size}`);
  const count = input.length / size;
  // Shared memory if it is little: memory of its own costs more than the hashes.
  const output = Buffer.allocUnsafe(count * 32);
  // The module reads four messages at a time: leave room behind the last one.
  const { wasm, start, memory } = instance((Math.min(count, CHUNK) + 3) * size);
  for (let first = 0; first < count; first += CHUNK) {
    const now = Math.min(CHUNK, count - first);
    memory.set(input.subarray(first * size, (first + now) * size), start);
    wasm[work](start, start, now);
    output.set(memory.subarray(start, start + now * 32), first * 32);
  }
  return output;
}

/**
 * Hashes block headers.
 * @param headers n × 80 bytes.
 * @returns n × 32 bytes: the block hashes in wire order.
 * @throws {RangeError} if the length is no multiple of 80.
 */
export function sha256dHeaders(headers: Uint8Array): Uint8Array {
  return hashMany(headers, HEADER_SIZE, 'hashHeaders');
}

/**
 * Hashes messages of 64 bytes, for instance pairs of hashes of a merkle tree.
 * @param pairs n × 64 bytes.
 * @returns n × 32 bytes.
 * @throws {RangeError} if the length is no multiple of 64.
 */
export function sha256dPairs(pairs: Uint8Array): Uint8Array {
  return hashMany(pairs, 64, 'hashPairs');
}

/**
 * Root of the merkle tree over `leaves` as Bitcoin defines it: a level of odd length repeats its last hash; the root of
 * one leaf is the leaf itself.
 * @param leaves n × 32 bytes, n ≥ 1. The instance keeps memory for the longest list ever given, so callers bound it.
 * @throws {RangeError} if empty or no multiple of 32.
 */
export function sha256dMerkleRoot(leaves: Uint8Array): Hash {
  const count = leaves.length / 32;
  if (!Number.isInteger(count) || count === 0) throw new RangeError(`${leaves.length} bytes are no list of hashes`);
  // One hash may be repeated behind the list, and the last group of pairs is read to a multiple of four.
  const { wasm, start, memory } = instance(leaves.length + 32 + 4 * 64);
  memory.set(leaves, start);
  wasm.merkleRoot(start, count);
  return Buffer.from(memory.subarray(start, start + 32));
}

/**
 * Tries the header nonces first … first + count - 1 in ascending order.
 * @param header 80 bytes; its own nonce (the last four) does not matter.
 * @param target 32 bytes little endian: a block hash read as a little-endian number must not exceed it.
 * @param first 0 … 2^32 - 1.
 * @param count multiple of 4; first + count ≤ 2^32.
 * @returns the number of nonces that failed before the solution (so the solution is `first` + result), or `count`.
 * @throws {RangeError} on arguments out of range.
 */
export function searchNonces(header: Uint8Array, target: Uint8Array, first: number, count: number): number {
  if (header.length !== HEADER_SIZE || target.length !== 32) throw new RangeError('header or target of wrong length');
  if (!(first >= 0 && count > 0 && count % 4 === 0 && first + count <= 2 ** 32)) {
    throw new RangeError(`nonce range ${first} + ${count}`);
  }
  const { wasm, start, memory } = instance(128);
  memory.set(header, start);
  memory.set(target, start + 96);
  wasm.startSearch(start, start + 96);
  return wasm.search(first, count) >>> 0;
}
