import type { Hash } from '../util/hash.ts';
import { dataPushes, paysToBareKeys } from './bloom-script.ts';
import type { FilterLoadMessage } from './message.ts';
import { MAX_FILTER_SIZE, MAX_HASH_FUNCTIONS } from './messages/bloom.ts';
import { murmur3 } from './murmur3.ts';
import type { OutPoint, Transaction } from './transaction.ts';

/** When a matched output adds its outpoint to the filter (BIP 37). Other values act as `none`. */
export const BloomUpdate = { none: 0, all: 1, bareKeysOnly: 2 } as const;

/** Distance between the seeds of the hash functions. */
const SEED_STEP = 0xfba4c795;

/** The fields of a bloom filter, those of a `filterload` message. */
export type BloomFields = Pick<FilterLoadMessage, 'filter' | 'hashFunctions' | 'tweak' | 'flags'>;

/**
 * A bloom filter of a light client (BIP 37). It grows by matching, so it owns its bits.
 *
 * A filter without bytes matches everything and can not be added to.
 */
export class BloomFilter {
  readonly #bits: Uint8Array;
  readonly #hashFunctions: number;
  readonly #tweak: number;
  readonly #flags: number;

  constructor({ filter, hashFunctions, tweak, flags }: BloomFields) {
    this.#bits = Uint8Array.from(filter);
    this.#hashFunctions = Math.min(hashFunctions, MAX_HASH_FUNCTIONS);
    this.#tweak = tweak;
    this.#flags = flags;
  }

  /**
   * An empty filter for a number of elements.
   * @param falsePositives wanted rate, 1e-9 to 1.
   */
  static sized(elements: number, falsePositives: number, tweak: number, flags: number): BloomFilter {
    const rate = Math.min(Math.max(falsePositives, 1e-9), 1);
    const count = Math.max(elements, 1);
    const bits = Math.min((count * -Math.log(rate)) / (Math.LN2 * Math.LN2), MAX_FILTER_SIZE * 8);
    const bytes = Math.trunc(bits) >> 3;
    const hashFunctions = Math.min(Math.trunc(((bytes * 8) / count) * Math.LN2), MAX_HASH_FUNCTIONS);
    return new BloomFilter({ filter: new Uint8Array(bytes), hashFunctions, tweak, flags });
  }

  /** The fields as a `filterload` message carries them; the bits are a copy. */
  get fields(): BloomFields {
    return {
      filter: Uint8Array.from(this.#bits),
      hashFunctions: this.#hashFunctions,
      tweak: this.#tweak,
      flags: this.#flags,
    };
  }

  /** Number of the bit that a hash function maps data to. */
  #bit(functionNumber: number, data: Uint8Array): number {
    const seed = (Math.imul(functionNumber, SEED_STEP) + this.#tweak) >>> 0;
    return murmur3(seed, data) % (this.#bits.length * 8);
  }

  /** True if the data may have been added. */
  matches(data: Uint8Array): boolean {
    if (this.#bits.length === 0) return true;
    for (let i = 0; i < this.#hashFunctions; i++) {
      const bit = this.#bit(i, data);
      if ((this.#bits[bit >> 3] & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  /** Adds data. */
  add(data: Uint8Array): void {
    if (this.#bits.length === 0) return;
    for (let i = 0; i < this.#hashFunctions; i++) {
      const bit = this.#bit(i, data);
      this.#bits[bit >> 3] |= 1 << (bit & 7);
    }
  }

  /** True if an outpoint may have been added. */
  matchesOutPoint(outPoint: OutPoint): boolean {
    return this.matches(outPointBytes(outPoint.hash, outPoint.index));
  }

  /** Adds an outpoint. */
  addOutPoint(outPoint: OutPoint): void {
    this.add(outPointBytes(outPoint.hash, outPoint.index));
  }

  /**
   * Tells whether a transaction concerns the owner of the filter: by its id, by a data push of an output script, by a
   * spent outpoint or by a data push of a signature script. Witness data does not count. Matched outputs are added to
   * the filter as its flags say.
   */
  matchTransaction(tx: Transaction): boolean {
    let matched = this.matches(tx.txid);
    for (const [index, { pkScript }] of tx.outputs.entries()) {
      if (!dataPushes(pkScript)?.some((data) => this.matches(data))) continue;
      matched = true;
      if (this.#wantsOutPoint(pkScript)) this.addOutPoint({ hash: tx.txid, index });
    }
    return (
      matched ||
      tx.inputs.some(
        ({ prevout, signatureScript }) =>
          this.matchesOutPoint(prevout) || dataPushes(signatureScript)?.some((data) => this.matches(data)),
      )
    );
  }

  #wantsOutPoint(pkScript: Uint8Array): boolean {
    if (this.#flags === BloomUpdate.all) return true;
    return this.#flags === BloomUpdate.bareKeysOnly && paysToBareKeys(pkScript);
  }
}

function outPointBytes(hash: Hash, index: number): Uint8Array {
  const bytes = new Uint8Array(36);
  bytes.set(hash, 0);
  new DataView(bytes.buffer).setUint32(32, index, true);
  return bytes;
}
