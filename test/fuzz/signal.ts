import type { Timers } from '../../src/util/ports.ts';

/** Something that may happen, again and again, and that any number of waiters wait for. */
export class Signal {
  readonly #timers: Timers;
  readonly #waiting = new Set<() => void>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** It has happened. */
  notify(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /**
   * Waits until a condition holds, looking at it whenever something has happened.
   * @param limit milliseconds.
   * @returns whether the condition holds.
   */
  async until(condition: () => boolean, limit: number): Promise<boolean> {
    let late = false;
    const timer = this.#timers.after(limit, () => {
      late = true;
      this.notify();
    });
    while (!condition() && !late) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    timer.cancel();
    return condition();
  }
}

/** Resolves after some milliseconds. */
export function pause(timers: Timers, milliseconds: number): Promise<void> {
  return new Promise((resolve) => timers.after(milliseconds, resolve));
}
