import { type Hash, sha256 } from '../../util/hash.ts';
import { SET_HASH_MAX_ELEMENT, SET_HASH_SUMS, SetHashBatch } from '../../util/set-hash-wasm.ts';
import type { Output } from './output.ts';

/** Bytes of the state. */
export const SET_HASH_SIZE = SET_HASH_SUMS;
/** Where the fields of an element begin. */
const Field = { key: 0, height: 36, isCoinbase: 40, value: 41, length: 49, script: 53 } as const;
/** Scripts that stand in an element as they are; longer ones stand there as their SHA-256. */
const MAX_SCRIPT = SET_HASH_MAX_ELEMENT - Field.script;

/**
 * Hash of a set of outputs that follows every addition and removal at constant cost and does not depend on their order,
 * so that two nodes compare millions of outputs with one line.
 *
 * LtHash (Bellare and Micciancio, "A New Paradigm for Collision-free Hashing: Incrementality at Reduced Cost", 1997;
 * parameters of Lewi et al., "Securing Update Propagation with Homomorphic Hashing", 2019): each element is stretched
 * to 1024 numbers of 16 bits, which are added lane by lane. Finding two sets of one sum is as hard as a short-vector
 * problem, above 2^200. A plain sum of 256-bit hashes would cost a third, but gives way to a generalised birthday
 * attack, and
 * who may choose outputs must not be able to choose the sum. Stretched is by SHA-256 and ChaCha12 in WebAssembly: 2 µs
 * an
 * element; SHAKE128 of node:crypto took 7 µs and was the largest single cost of a block while catching up, MuHash
 * (multiplication modulo a 3072-bit prime) takes 6 µs and an inversion for its value.
 *
 * Elements are collected and enter the sums together, at the latest when these are looked at.
 */
export class OutputSetHash {
  readonly #sums: Uint8Array;
  readonly #batch = new SetHashBatch();

  /** @param state of an earlier instance, {@link SET_HASH_SIZE} bytes; default: the empty set. */
  constructor(state?: Uint8Array) {
    this.#sums = state ? Uint8Array.from(state) : new Uint8Array(SET_HASH_SIZE);
  }

  /** Enters an output that is not in the set. */
  add(key: string, output: Output): void {
    this.#change(key, output, false);
  }

  /** Takes out an output that is in the set. */
  remove(key: string, output: Output): void {
    this.#change(key, output, true);
  }

  /** SHA-256 of the state; of 2048 zero bytes for the empty set. */
  value(): Hash {
    this.#settle();
    return sha256(this.#sums);
  }

  /** The lanes, 16 bits little endian each. */
  state(): Uint8Array {
    this.#settle();
    return Uint8Array.from(this.#sums);
  }

  /**
   * An element is: transaction id (wire order), u32 big-endian index, u32 height, u8 coinbase, i64 value, u32 length
   * of the script, and the script or its SHA-256. Integers are little endian unless stated.
   */
  #change(key: string, { value, pkScript, height, isCoinbase }: Output, remove: boolean): void {
    const batch = this.#batch;
    if (batch.isFull) this.#settle();
    const { bytes, next: at } = batch;
    const script = pkScript.length <= MAX_SCRIPT ? pkScript : sha256(pkScript);
    bytes.write(key, at + Field.key, 'latin1');
    bytes.writeUInt32LE(height, at + Field.height);
    bytes[at + Field.isCoinbase] = isCoinbase ? 1 : 0;
    bytes.writeBigInt64LE(value, at + Field.value);
    bytes.writeUInt32LE(pkScript.length, at + Field.length);
    bytes.set(script, at + Field.script);
    batch.add(at + Field.script + script.length, remove);
  }

  #settle(): void {
    if (!this.#batch.isEmpty) this.#batch.applyTo(this.#sums);
  }
}
