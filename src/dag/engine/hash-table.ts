import type { Hash } from '../../util/hash.ts';

/** Shards: each grows by itself, so growing never costs more than a 256th of the whole table at once. */
const SHARDS = 256;
const FIRST_SLOTS = 4;

/** Compares the hash stored for an id with the eight words given. */
export type SameHash = (id: number, words: Uint32Array) => boolean;
/** The bucket number of the hash stored for an id, as {@link HashTable.bucketOf} gave it. */
export type BucketOfId = (id: number) => number;

/**
 * Splits a hash into eight 32-bit words, word 0 from bytes 0–3, little endian. So comparing words from 7 down to 0 is
 * comparing display forms, on any machine.
 */
export function hashWords(hash: Hash, words: Uint32Array): void {
  for (let word = 0, i = 0; word < 8; word++, i += 4) {
    words[word] = (hash[i]! | (hash[i + 1]! << 8) | (hash[i + 2]! << 16) | (hash[i + 3]! << 24)) >>> 0;
  }
}

/**
 * Open-addressing table from block hash to id. It stores ids only; the hashes stay in the block index. The bucket is
 * a keyed mix of the hash, so that nobody who does not know the seed can aim blocks at one bucket.
 */
export class HashTable {
  readonly #seed: number;
  readonly #sameHash: SameHash;
  readonly #bucketOfId: BucketOfId;
  /** Per shard: id + 1, or 0 for a free slot. */
  readonly #slots: Int32Array[] = [];
  readonly #used = new Int32Array(SHARDS);

  constructor(seed: number, sameHash: SameHash, bucketOfId: BucketOfId) {
    this.#seed = seed | 0;
    this.#sameHash = sameHash;
    this.#bucketOfId = bucketOfId;
    for (let shard = 0; shard < SHARDS; shard++) this.#slots.push(new Int32Array(FIRST_SLOTS));
  }

  /** Bucket number of a hash: 32 bits; the low eight choose the shard, the others the slot. */
  bucketOf(words: Uint32Array): number {
    let mix = this.#seed;
    for (let word = 0; word < 8; word++) {
      mix = Math.imul(mix ^ words[word]!, 0x9e3779b1);
      mix ^= mix >>> 15;
      mix = Math.imul(mix, 0x85ebca77);
      mix ^= mix >>> 13;
    }
    return mix >>> 0;
  }

  /** The id stored for a hash, or −1. */
  find(words: Uint32Array): number {
    const bucket = this.bucketOf(words);
    const slots = this.#slots[bucket & (SHARDS - 1)]!;
    const mask = slots.length - 1;
    for (let slot = (bucket >>> 8) & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]!;
      if (entry === 0) return -1;
      if (this.#sameHash(entry - 1, words)) return entry - 1;
    }
  }

  /** Enters an id under its hash, which must not be in the table yet. */
  insert(id: number, words: Uint32Array): void {
    const bucket = this.bucketOf(words);
    const shard = bucket & (SHARDS - 1);
    if ((this.#used[shard]! + 1) * 4 > this.#slots[shard]!.length * 3) this.#growShard(shard);
    this.#used[shard] = this.#used[shard]! + 1;
    place(this.#slots[shard]!, bucket, id + 1);
  }

  #growShard(shard: number): void {
    const old = this.#slots[shard]!;
    const bigger = new Int32Array(old.length * 2);
    for (const entry of old) if (entry !== 0) place(bigger, this.#bucketOfId(entry - 1), entry);
    this.#slots[shard] = bigger;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    let bytes = this.#used.byteLength;
    for (const slots of this.#slots) bytes += slots.byteLength;
    return bytes;
  }
}

function place(slots: Int32Array, bucket: number, entry: number): void {
  const mask = slots.length - 1;
  let slot = (bucket >>> 8) & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = entry;
}
