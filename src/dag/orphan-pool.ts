import { MAX_ORPHAN_BLOCKS, ORPHAN_BLOCK_SECONDS } from '../params/index.ts';
import { type Hash, hashFromKey, hashKey } from '../util/hash.ts';
import { Block, type Generation } from '../wire/index.ts';

/** Most memory of all waiting blocks together, bytes, so that 700 large blocks cannot take it all. */
const MAX_ORPHAN_BYTES = 64 * 1024 * 1024;

/** What an orphan takes besides its bytes, and what each of its missing parents takes; measured, bytes. */
const ENTRY_BYTES = 1000;
const MISSING_BYTES = 300;

interface Orphan {
  readonly key: string;
  /** Decoded when its turn comes: a decoded block can take nearly twenty times the memory of its bytes. */
  readonly bytes: Uint8Array;
  readonly generation: Generation;
  /** Memory, bytes. */
  readonly memory: number;
  /** Milliseconds, by the clock handed in. */
  readonly expires: number;
  /** Keys of parents that are not known yet. */
  readonly missing: Set<string>;
}

/**
 * Blocks that wait for unknown parents, at most 700 for at most an hour. They are found by the parent they wait for,
 * so that resolving them costs no more than there are.
 */
export class OrphanPool {
  /** In order of arrival, which is the order of expiry. */
  readonly #orphans = new Map<string, Orphan>();
  readonly #waiting = new Map<string, Set<string>>();
  /** Orphans that wait for nothing any more, in the order in which that came about. */
  readonly #ready: string[] = [];
  #memory = 0;

  /** Number of waiting blocks. */
  get size(): number {
    return this.#orphans.size;
  }

  has(hash: Hash): boolean {
    return this.#orphans.has(hashKey(hash));
  }

  /** Every unknown parent that some block waits for and that is not itself waiting here. */
  missingParents(): Hash[] {
    return [...this.#waiting.keys()].filter((key) => !this.#orphans.has(key)).map(hashFromKey);
  }

  /**
   * Adds a block. Expired ones are removed now and at no other time; then the oldest make room.
   * @param missing its unknown parents, at least one.
   * @param now milliseconds.
   */
  add(block: Block, missing: readonly Hash[], now: number): void {
    for (const orphan of this.#orphans.values()) {
      if (orphan.expires >= now) break;
      this.#remove(orphan);
    }
    // A copy, or a small block would keep the whole piece of input in memory that it came with.
    const bytes = Uint8Array.from(block.toBytes());
    const memory = ENTRY_BYTES + bytes.length + MISSING_BYTES * missing.length;
    for (const orphan of this.#orphans.values()) {
      if (this.#orphans.size < MAX_ORPHAN_BLOCKS && this.#memory + memory <= MAX_ORPHAN_BYTES) break;
      this.#remove(orphan);
    }
    const key = hashKey(block.hash);
    const orphan: Orphan = {
      key,
      bytes,
      generation: block.generation,
      memory,
      expires: now + ORPHAN_BLOCK_SECONDS * 1000,
      missing: new Set(missing.map(hashKey)),
    };
    this.#orphans.set(key, orphan);
    this.#memory += memory;
    for (const parent of orphan.missing) {
      const list = this.#waiting.get(parent);
      if (list) list.add(key);
      else this.#waiting.set(parent, new Set([key]));
    }
  }

  /** A hash has become known (accepted or failed): nobody waits for it any longer. */
  resolve(hash: Hash): void {
    const parent = hashKey(hash);
    for (const key of this.#waiting.get(parent) ?? []) {
      const orphan = this.#orphans.get(key)!;
      orphan.missing.delete(parent);
      if (orphan.missing.size === 0) this.#ready.push(key);
    }
    this.#waiting.delete(parent);
  }

  /** True if there may be blocks whose parents are all known. */
  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Takes out the next block whose parents are all known; undefined if there is none. */
  takeReady(): Block | undefined {
    for (let key = this.#ready.shift(); key !== undefined; key = this.#ready.shift()) {
      const orphan = this.#orphans.get(key);
      if (!orphan || orphan.missing.size > 0) continue;
      this.#remove(orphan);
      return Block.fromBytes(orphan.bytes, orphan.generation);
    }
    return undefined;
  }

  #remove(orphan: Orphan): void {
    this.#orphans.delete(orphan.key);
    this.#memory -= orphan.memory;
    for (const parent of orphan.missing) {
      const list = this.#waiting.get(parent);
      list?.delete(orphan.key);
      if (list?.size === 0) this.#waiting.delete(parent);
    }
  }
}
