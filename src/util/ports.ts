/**
 * The outside world as ports. Nothing below `src/node/` reads a clock, starts a timer, draws a random number or opens a
 * socket by itself: it receives these interfaces in its constructor. The node passes the real ones, a simulation
 * virtual ones, and so a whole network of nodes runs inside one test from a seed.
 */

/** Wall clock and steady clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump. For timestamps. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations and deadlines. Fractional. */
  monotonic(): number;
}

/** A pending timer. */
export interface Timer {
  /** Stops the timer; harmless if it already fired or was cancelled. */
  cancel(): void;
}

/** One-shot and repeating timers. A callback is never run inside the call that starts it. */
export interface Timers {
  /** Runs `callback` once after `milliseconds`. */
  after(milliseconds: number, callback: () => void): Timer;
  /** Runs `callback` every `milliseconds` until cancelled. */
  every(milliseconds: number, callback: () => void): Timer;
  /** Runs `callback` soon, after the current turn of the event loop. */
  soon(callback: () => void): void;
}

/** Source of randomness. */
export interface Random {
  /** `length` random bytes, unpredictable in production. */
  bytes(length: number): Uint8Array;
  /** A uniform integer in [0, bound), bound ≤ 2^32. */
  below(bound: number): number;
  /** A uniform number in [0, 1). */
  float(): number;
}

/** Everything of the outside world that a manager without sockets needs. */
export interface World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}
