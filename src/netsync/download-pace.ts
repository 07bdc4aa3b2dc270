import { BENCH_MS, FIRST_WINDOW, GREATEST_WINDOW, LATE_MS, LEAST_WINDOW } from './limits.ts';

/** A window that is used up faster than this is too small for the way there and back, milliseconds. */
const FAST_MS = 500;
/** A window that takes longer than this keeps others waiting, milliseconds. */
const SLOW_MS = 4000;
/** Weight of the newest delivery in the mean. */
const NEWEST_SHARE = 0.1;

/** How fast a peer delivers, and what is asked of it at a time. */
export class DownloadPace {
  /** Blocks that may be asked of the peer and not have come. */
  window = FIRST_WINDOW;
  /** Steady time before which the peer is not asked, since it did not deliver. */
  benchedUntil = Number.NEGATIVE_INFINITY;
  /** Blocks that others had to fetch because the peer was late. */
  overtaken = 0;
  /** Mean time between two blocks, milliseconds. */
  #interval = 0;
  /** Steady time of the last delivery, or of the question if nothing was owed. */
  #lastAt = 0;
  #windowAt = 0;
  #inWindow = 0;

  /** The peer was asked for blocks. @param owed what it owed before. */
  asked(owed: number, now: number): void {
    if (owed > 0) return;
    this.#lastAt = now;
    this.#windowAt = now;
    this.#inWindow = 0;
  }

  /** A block came. */
  delivered(now: number): void {
    const interval = now - this.#lastAt;
    this.#interval += (interval - this.#interval) * NEWEST_SHARE;
    this.#lastAt = now;
    this.#inWindow++;
    if (this.#inWindow < this.window) return;
    const taken = now - this.#windowAt;
    if (taken < FAST_MS) this.window = Math.min(this.window * 2, GREATEST_WINDOW);
    else if (taken > SLOW_MS) this.window = Math.max(this.window >> 1, LEAST_WINDOW);
    this.#windowAt = now;
    this.#inWindow = 0;
  }

  /** True if others would bring sooner what the peer owes. */
  isLate(owed: number, now: number): boolean {
    return now - this.#lastAt > LATE_MS || owed * this.#interval > 2 * LATE_MS;
  }

  /** The peer let its time pass: others are asked for a while. */
  bench(now: number): void {
    this.benchedUntil = now + BENCH_MS;
    this.window = LEAST_WINDOW;
  }
}
