import type { Clock } from '../util/ports.ts';

/** Addresses a peer may tell at once; also what it starts with. */
const BURST = 1000;
/** Addresses a peer may tell in the long run, per second. */
const RATE = 0.1;

/** Bounds how many addresses one peer can put into the pool: a token bucket. */
export class AddressBudget {
  readonly #clock: Clock;
  #tokens = BURST;
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Allows more, once: a peer that was asked for addresses may answer with this many. */
  grant(count: number): void {
    this.#tokens += count;
  }

  /** Takes up to `count` from the budget. @returns how many addresses may be used. */
  take(count: number): number {
    const now = this.#clock.monotonic();
    const earned = ((now - this.#at) / 1000) * RATE;
    if (this.#tokens < BURST) this.#tokens = Math.min(BURST, this.#tokens + earned);
    this.#at = now;
    const granted = Math.min(count, Math.floor(this.#tokens));
    this.#tokens -= granted;
    return granted;
  }
}
