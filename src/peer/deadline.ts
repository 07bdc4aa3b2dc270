import type { Timer, World } from '../util/ports.ts';

/**
 * A point in time after which something is given up. Made to be moved often: moving it costs no timer operation, the
 * one underlying timer re-arms itself when it fires too early.
 */
export class Deadline {
  readonly #world: World;
  readonly #expired: () => void;
  #due: number | undefined;
  #timer: Timer | undefined;
  #timerDue = 0;

  constructor(world: World, expired: () => void) {
    this.#world = world;
    this.#expired = expired;
  }

  /** True if set and not yet expired. */
  get armed(): boolean {
    return this.#due !== undefined;
  }

  /** Sets or moves the deadline to `milliseconds` from now. */
  set(milliseconds: number): void {
    this.#due = this.#world.clock.monotonic() + milliseconds;
    if (this.#timer && this.#timerDue <= this.#due) return;
    this.#timer?.cancel();
    this.#arm(milliseconds);
  }

  /** Lifts the deadline. */
  clear(): void {
    this.#due = undefined;
  }

  /** Lifts the deadline and stops the timer, for good or until it is set again. */
  stop(): void {
    this.#due = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(milliseconds: number): void {
    this.#timerDue = this.#world.clock.monotonic() + milliseconds;
    this.#timer = this.#world.timers.after(milliseconds, () => this.#fired());
  }

  #fired(): void {
    this.#timer = undefined;
    if (this.#due === undefined) return;
    const left = this.#due - this.#world.clock.monotonic();
    if (left > 0) {
      // Real timers may also be a fraction of a millisecond early.
      this.#arm(Math.max(1, left));
      return;
    }
    this.#due = undefined;
    this.#expired();
  }
}
