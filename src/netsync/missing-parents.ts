import { type Hash, hashFromKey, hashKey } from '../util/hash.ts';
import { MAX_MISSING_PARENTS, MAX_MISSING_PER_ORPHAN } from './limits.ts';

/** Children remembered for one missing block: enough to tell whether it is still wanted. */
const MAX_CHILDREN = 8;
/** With more children than are remembered, a missing block stays wanted as long as an orphan can live. */
const ORPHAN_LIFETIME_MS = 3_600_000;
/** Peers that are asked for one missing block without a pause. */
const QUICK_TRIES = 8;
/** Pause after the first of the questions that follow, milliseconds; doubled each time up to the longest. */
const FIRST_PAUSE_MS = 8000;
const LONGEST_PAUSE_MS = 600_000;

interface Missing {
  readonly children: Set<string>;
  /** Steady time of the latest orphan whose name was not remembered. */
  overflowAt: number;
  /** How often somebody was asked. */
  tries: number;
  /** Steady time from which somebody may be asked again. */
  dueAt: number;
}

/**
 * Blocks that orphans wait for, indexed by the missing block itself, so that a pass over them costs as many steps as
 * there are holes and not orphans times parents. What nobody has is asked for ever more rarely. Bounded: the oldest are
 * forgotten, and found again when later orphans name them.
 */
export class MissingParents {
  readonly #missing = new Map<string, Missing>();
  /** Nothing is due before. */
  #nextDue = Number.POSITIVE_INFINITY;

  /** Number of missing blocks. */
  get size(): number {
    return this.#missing.size;
  }

  /** An orphan was parked and waits for these blocks. Whoever brought it may have them. */
  add(orphan: Hash, parents: readonly Hash[], now: number): void {
    const child = hashKey(orphan);
    for (const hash of parents.slice(0, MAX_MISSING_PER_ORPHAN)) {
      const key = hashKey(hash);
      let entry = this.#missing.get(key);
      if (!entry) {
        this.#makeRoom();
        entry = { children: new Set(), overflowAt: Number.NEGATIVE_INFINITY, tries: 0, dueAt: now };
        this.#missing.set(key, entry);
      }
      if (entry.children.size < MAX_CHILDREN) entry.children.add(child);
      else entry.overflowAt = now;
      entry.dueAt = now;
    }
    this.#nextDue = Math.min(this.#nextDue, now);
  }

  /** The block came, as orphan or into the DAG, or is known to be bad: nobody needs to fetch it. */
  remove(key: string): void {
    this.#missing.delete(key);
  }

  has(key: string): boolean {
    return this.#missing.has(key);
  }

  /** Keys (`hashKey`) of the missing blocks that somebody may be asked for, in the order in which they were first missed. */
  due(now: number): string[] {
    if (now < this.#nextDue) return [];
    const due: string[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [key, { dueAt }] of this.#missing) {
      if (dueAt <= now) due.push(key);
      next = Math.min(next, dueAt);
    }
    this.#nextDue = next;
    return due;
  }

  /** Somebody is asked for the block. @param patience milliseconds that he has. */
  asked(key: string, now: number, patience: number): void {
    const entry = this.#missing.get(key);
    if (!entry) return;
    entry.tries++;
    const pause = FIRST_PAUSE_MS * 2 ** Math.min(entry.tries - QUICK_TRIES, 16);
    entry.dueAt = now + (entry.tries < QUICK_TRIES ? patience : Math.min(pause, LONGEST_PAUSE_MS));
  }

  /** True if others are to be asked at once for what somebody did not have. */
  isUrgent(key: string): boolean {
    return (this.#missing.get(key)?.tries ?? QUICK_TRIES) < QUICK_TRIES;
  }

  /** Nobody is being asked for the block any more. */
  freed(key: string, now: number): void {
    const entry = this.#missing.get(key);
    if (!entry || !this.isUrgent(key)) return;
    entry.dueAt = now;
    this.#nextDue = Math.min(this.#nextDue, now);
  }

  /** Forgets what no orphan waits for any more: the pool of orphans drops its oldest. */
  prune(isOrphan: (hash: Hash) => boolean, now: number): void {
    for (const [key, { children, overflowAt }] of this.#missing) {
      for (const child of children) if (!isOrphan(hashFromKey(child))) children.delete(child);
      if (children.size === 0 && now - overflowAt > ORPHAN_LIFETIME_MS) this.#missing.delete(key);
    }
  }

  #makeRoom(): void {
    if (this.#missing.size < MAX_MISSING_PARENTS) return;
    for (const oldest of this.#missing.keys()) {
      this.#missing.delete(oldest);
      return;
    }
  }
}
