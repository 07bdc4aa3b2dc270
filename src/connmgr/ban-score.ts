import type { Clock } from '../util/ports.ts';

/** Seconds after which half of a transient score is left. */
const HALF_LIFE = 60;
/** Seconds after which nothing of it is left. */
const LIFETIME = 1800;

/** What is left of a transient score after so many whole seconds, as a factor. */
export function decayFactor(seconds: number): number {
  return Math.exp((-seconds * Math.LN2) / HALF_LIFE);
}

/**
 * How badly a peer behaves: a persistent part that only grows and a transient part that halves every minute and is
 * forgotten after half an hour. Only whole seconds count.
 */
export class DynamicBanScore {
  readonly #clock: Clock;
  #persistent = 0;
  #transient = 0;
  /** Unix second of the last transient increase. */
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The score now. */
  get value(): number {
    const elapsed = this.#now() - this.#last;
    if (this.#transient < 1 || elapsed < 0 || elapsed > LIFETIME) return this.#persistent;
    return (this.#persistent + Math.floor(this.#transient * decayFactor(elapsed))) >>> 0;
  }

  /**
   * Adds to the score. Both parts are whole numbers ≥ 0.
   * @returns the score afterwards; if `transient` is 0, with the transient part as it was after its last increase.
   */
  increase(persistent: number, transient: number): number {
    this.#persistent = (this.#persistent + persistent) >>> 0;
    if (transient > 0) {
      const now = this.#now();
      const elapsed = now - this.#last;
      if (elapsed > LIFETIME) this.#transient = 0;
      else if (this.#transient > 1 && elapsed > 0) this.#transient *= decayFactor(elapsed);
      this.#transient += transient;
      this.#last = now;
    }
    return (this.#persistent + Math.floor(this.#transient)) >>> 0;
  }

  /** Forgets everything. */
  reset(): void {
    this.#persistent = 0;
    this.#transient = 0;
    this.#last = 0;
  }

  #now(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
