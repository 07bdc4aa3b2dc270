import { type Hash, hashFromKey, hashKey } from '../util/hash.ts';
import { MAX_MISSING_PARENTS, MAX_MISSING_PER_ORPHAN } from './limits.ts';

/** Children remembered for one missing block: enough to tell whether it is still wanted. */
const MAX_CHILDREN = 8;
/** With more children than are remembered, a missing block stays wanted as long as an orphan can live. */
const ORPHAN_LIFETIME_MS = 3_600_000;

interface Missing {
  readonly children: Set<string>;
  /** Steady time of the latest orphan whose name was not remembered. */
  overflowAt: number;
}

/**
 * Blocks that orphans wait for, indexed by the missing block itself, so that a pass over them costs as many steps as
 * there are holes and not orphans times parents. Bounded: beyond it, holes are found when later orphans name them.
 */
export class MissingParents {
  readonly #missing = new Map<string, Missing>();

  /** Number of missing blocks. */
  get size(): number {
    return this.#missing.size;
  }

  /** An orphan was parked and waits for these blocks. */
  add(orphan: Hash, parents: readonly Hash[], now: number): void {
    const child = hashKey(orphan);
    for (const hash of parents.slice(0, MAX_MISSING_PER_ORPHAN)) {
      const key = hashKey(hash);
      let entry = this.#missing.get(key);
      if (!entry) {
        if (this.#missing.size >= MAX_MISSING_PARENTS) return;
        entry = { children: new Set(), overflowAt: Number.NEGATIVE_INFINITY };
        this.#missing.set(key, entry);
      }
      if (entry.children.size < MAX_CHILDREN) entry.children.add(child);
      else entry.overflowAt = now;
    }
  }

  /** The block came, as orphan or into the DAG, or is known to be bad: nobody needs to fetch it. */
  remove(key: string): void {
    this.#missing.delete(key);
  }

  has(key: string): boolean {
    return this.#missing.has(key);
  }

  /** Keys (`hashKey`) of the missing blocks, in the order in which they were first missed. */
  keys(): Iterable<string> {
    return this.#missing.keys();
  }

  /** Forgets what no orphan waits for any more: the pool of orphans drops its oldest. */
  prune(isOrphan: (hash: Hash) => boolean, now: number): void {
    for (const [key, { children, overflowAt }] of this.#missing) {
      for (const child of children) if (!isOrphan(hashFromKey(child))) children.delete(child);
      if (children.size === 0 && now - overflowAt > ORPHAN_LIFETIME_MS) this.#missing.delete(key);
    }
  }
}
