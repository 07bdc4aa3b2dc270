import { hash as digest } from 'node:crypto';
import { concatBytes } from '../util/bytes.ts';
import type { Hash } from '../util/hash.ts';
import type { Random } from '../util/ports.ts';

/**
 * Remembers which signatures were found valid, so that a transaction verified for the memory pool costs little when a
 * block brings it. Holds at most `maxEntries`; when full, a random entry makes room, so that nobody can aim at one.
 *
 * An entry is the digest of hash, signature and key under a secret salt. Nobody outside can construct entries that
 * collide, neither with each other nor in the buckets of the map.
 */
export class SignatureCache {
  readonly #maxEntries: number;
  readonly #random: Random;
  readonly #salt: Uint8Array;
  /** Position of each entry in {@link #order}. */
  readonly #positions = new Map<string, number>();
  /** All entries, dense, for drawing one at random. */
  readonly #order: string[] = [];

  /** @param maxEntries 0 keeps nothing. */
  constructor(maxEntries: number, random: Random) {
    this.#maxEntries = maxEntries;
    this.#random = random;
    this.#salt = random.bytes(32);
  }

  /** Entries held. */
  get size(): number {
    return this.#order.length;
  }

  /**
   * Name of one verification for {@link has} and {@link add}.
   * @param signature 64 bytes as verified.
   * @param publicKey as it stands in the script.
   */
  key(hash: Hash, signature: Uint8Array, publicKey: Uint8Array): string {
    // The parts before the key have fixed sizes, so no two triples give the same bytes.
    return digest('sha256', concatBytes(this.#salt, hash, signature, publicKey), 'binary');
  }

  /** True if that verification succeeded before. */
  has(key: string): boolean {
    return this.#positions.has(key);
  }

  /** Remembers a verification that succeeded. */
  add(key: string): void {
    if (this.#maxEntries <= 0 || this.#positions.has(key)) return;
    let position = this.#order.length;
    if (position >= this.#maxEntries) {
      position = this.#random.below(position);
      this.#positions.delete(this.#order[position]);
    }
    this.#order[position] = key;
    this.#positions.set(key, position);
  }
}
