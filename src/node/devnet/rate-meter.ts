import type { Clock } from '../../util/ports.ts';

/** The average is taken over this many whole seconds. */
const WINDOW = 10;

/** Events a second, averaged over the last ten seconds, in constant memory. */
export class RateMeter {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #startedAt: number;
  /** Events by second modulo the window, and the second that each slot belongs to. */
  readonly #counts = new Array<number>(WINDOW).fill(0);
  readonly #seconds = new Array<number>(WINDOW).fill(-1);

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  /** One event happened now. */
  count(): void {
    const second = this.#second();
    const slot = second % WINDOW;
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second;
      this.#counts[slot] = 0;
    }
    this.#counts[slot]++;
  }

  /** Events a second of the window that ends now. */
  perSecond(): number {
    const now = this.#second();
    const sum = this.#counts.reduce((all, count, slot) => all + (this.#seconds[slot] > now - WINDOW ? count : 0), 0);
    return sum / Math.min(WINDOW, now + 1);
  }

  #second(): number {
    return Math.floor((this.#clock.monotonic() - this.#startedAt) / 1000);
  }
}
