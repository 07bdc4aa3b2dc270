import type { Clock } from '../util/ports.ts';

/** Samples that are taken; all further ones count for nothing. */
const MAX_SAMPLES = 200;
/** Fewest samples that move the clock. */
const MIN_SAMPLES = 5;
/** A median further off than this is not believed, seconds. */
const MAX_OFFSET = 70 * 60;

/** Network time: the local clock in whole seconds, corrected by the median of what peers say. */
export class AdjustedTime {
  readonly #clock: Clock;
  readonly #sources = new Set<string>();
  /** Seconds that each source is ahead of us. */
  readonly #samples: number[] = [];
  #offset = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Unix seconds. */
  now(): number {
    return this.#localSeconds() + this.#offset;
  }

  /** Correction in force, seconds. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Takes one source's time, the first it tells; later ones of the same source count for nothing. The correction changes
   * only when the number of samples is odd and at least 5, as in known nodes, which keep 200: hence never again after the 199th.
   */
  addSample(source: string, seconds: number): void {
    if (this.#samples.length === MAX_SAMPLES || this.#sources.has(source)) return;
    this.#sources.add(source);
    this.#samples.push(seconds - this.#localSeconds());
    const count = this.#samples.length;
    if (count < MIN_SAMPLES || count % 2 === 0) return;
    const median = this.#samples.toSorted((a, b) => a - b)[count >> 1];
    this.#offset = Math.abs(median) < MAX_OFFSET ? median : 0;
  }

  #localSeconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
