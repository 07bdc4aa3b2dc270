/** Durations in milliseconds, of which the newest are kept. */
export class Latency {
  readonly #kept: number[] = [];
  readonly #limit: number;
  #next = 0;

  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  add(milliseconds: number): void {
    this.#kept[this.#next] = milliseconds;
    this.#next = (this.#next + 1) % this.#limit;
  }

  /** The duration that this share (0 to 1) of all does not exceed; 0 if there is none. */
  quantile(share: number): number {
    const sorted = Float64Array.from(this.#kept).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  }
}
