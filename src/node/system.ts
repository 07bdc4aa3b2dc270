import { randomBytes } from 'node:crypto';
import type { Clock, Random, Timer, Timers, World } from '../util/ports.ts';

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Node.js timers. They do not keep the process alive: only sockets and the life cycle decide when it ends. */
export const systemTimers: Timers = {
  after(milliseconds, callback): Timer {
    const handle = setTimeout(callback, milliseconds).unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(milliseconds, callback): Timer {
    const handle = setInterval(callback, milliseconds).unref();
    return { cancel: () => clearInterval(handle) };
  },
  soon(callback): void {
    setImmediate(callback);
  },
};

/** Randomness of the operating system, fetched in blocks because single draws are frequent and small. */
class SystemRandom implements Random {
  #pool = randomBytes(0);
  #offset = 0;

  bytes(length: number): Uint8Array {
    return randomBytes(length);
  }

  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) throw new RangeError(`random bound ${bound}`);
    // Values of the last incomplete range would make small results more likely: draw again.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const value = this.#uint32();
      if (value < limit) return value % bound;
    }
  }

  float(): number {
    return (this.#uint32() * 2 ** 21 + (this.#uint32() >>> 11)) / 2 ** 53;
  }

  #uint32(): number {
    if (this.#offset + 4 > this.#pool.length) {
      this.#pool = randomBytes(4096);
      this.#offset = 0;
    }
    const value = this.#pool.readUInt32LE(this.#offset);
    this.#offset += 4;
    return value;
  }
}

/** The real clock, timers and randomness. */
export const systemWorld: World = { clock: systemClock, timers: systemTimers, random: new SystemRandom() };
