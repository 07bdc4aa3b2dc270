import type { Lane } from './job-lanes.ts';

/** Share of the time that the blocks of one peer may take before those of others come first. */
const SHARE = 0.25;
/** The share is granted over so long, milliseconds. */
const PERIOD_MS = 60_000;
/** Longest pause after one block, milliseconds. */
const MAX_REST_MS = 5000;
/** Points for a peer whose old branches have used up another share of a period. They fade, and alone they ban nobody. */
const BURDEN_POINTS = 20;

/** Time that refills steadily up to a limit, and may be overdrawn. */
class TokenBucket {
  readonly #now: () => number;
  #level = SHARE * PERIOD_MS;
  #at: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#at = now();
  }

  /** Milliseconds left; negative if overdrawn. */
  get level(): number {
    const now = this.#now();
    this.#level = Math.min(SHARE * PERIOD_MS, this.#level + SHARE * (now - this.#at));
    this.#at = now;
    return this.#level;
  }

  /** A debt is never more than a full period takes to pay. */
  take(milliseconds: number): void {
    this.#level = Math.max(-SHARE * PERIOD_MS, this.level - milliseconds);
  }
}

/**
 * What the blocks of one peer cost, and what follows from it. Blocks are valid whatever they cost, and a node that refused
 * them would leave the network; so they are delayed, never dropped. A peer whose blocks take more than a quarter of the time
 * over a minute comes behind all others. If that is because of blocks far below the tips, which cost little to mine and
 * make us rewrite much of the order, pauses as long as the work leave half of the time to everything else, and the peer gets
 * points. The points fade: honest peers pass such blocks on, too. See docs/worst-case.md.
 */
export class WorkBudget implements Lane {
  readonly #now: () => number;
  readonly #burden: (points: number) => void;
  readonly #all: TokenBucket;
  #old: TokenBucket;
  restUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param now steady time in milliseconds.
   * @param burden called when the peer deserves points.
   */
  constructor(now: () => number, burden: (points: number) => void) {
    this.#now = now;
    this.#burden = burden;
    this.#all = new TokenBucket(now);
    this.#old = new TokenBucket(now);
  }

  get debt(): number {
    return Math.max(0, -this.#all.level);
  }

  /**
   * A block of the peer was processed.
   * @param milliseconds it took.
   * @param old it names a parent far below the tips.
   */
  charge(milliseconds: number, old: boolean): void {
    this.#all.take(milliseconds);
    if (!old) return;
    this.#old.take(milliseconds);
    if (this.#all.level < 0) this.restUntil = this.#now() + Math.min(milliseconds, MAX_REST_MS);
    if (this.#old.level >= 0) return;
    this.#old = new TokenBucket(this.#now);
    this.#burden(BURDEN_POINTS);
  }
}
