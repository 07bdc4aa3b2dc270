/** Seconds between two samples. */
export const SPEED_WINDOW_SECONDS = 10;

/**
 * Hash rate as soterd 2.1.1 averages it, but of real hashes (there every one counts twice): each window's rate is
 * averaged half and half with what was known before.
 */
export class SpeedMonitor {
  #average = 0;
  #last = 0;

  /** Hashes a second; 0 until the first window has passed. */
  get hashesPerSecond(): number {
    return this.#average;
  }

  /** Called every {@link SPEED_WINDOW_SECONDS} with the hashes done since the start of mining. */
  sample(total: number): void {
    const current = (total - this.#last) / SPEED_WINDOW_SECONDS;
    this.#last = total;
    if (this.#average === 0) this.#average = current;
    this.#average = (this.#average + current) / 2;
  }
}
