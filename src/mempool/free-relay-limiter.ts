/** Share of the counter that is left after a second: it decays over about ten minutes. */
const DECAY_PER_SECOND = 1 - 1 / 600;
/** The counter's limit for each thousand bytes a minute of the option. */
const BYTES_PER_UNIT = 10_000;

/** Limits the bytes of transactions below the relay fee that peers may bring in, over all peers. */
export class FreeRelayLimiter {
  readonly #limit: number;
  #total = 0;
  #updated = 0;

  /** @param limit thousand bytes a minute. */
  constructor(limit: number) {
    this.#limit = limit * BYTES_PER_UNIT;
  }

  /**
   * Counts a transaction if there is room for it. It stays counted whatever becomes of it.
   * @param virtualSize vbytes.
   * @param now Unix seconds.
   */
  take(virtualSize: number, now: number): boolean {
    this.#total *= DECAY_PER_SECOND ** (now - this.#updated);
    this.#updated = now;
    if (this.#total >= this.#limit) return false;
    this.#total += virtualSize;
    return true;
  }
}
