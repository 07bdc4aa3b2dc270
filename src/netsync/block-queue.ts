import type { World } from '../util/ports.ts';

/** Thrown at everything that still waits when the sync manager stops. */
export class StoppedError extends Error {
  override name = 'StoppedError';

  constructor() {
    super('sync manager is stopping');
  }
}

/** Work that runs in one go; the event loop gets a turn at least this often, in milliseconds of work. */
const SLICE_MS = 10;

interface Job {
  readonly run: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs jobs one at a time and in order, own blocks before those of peers. A job is synchronous and short; between jobs
 * the event loop turns often enough that pings and RPC are answered while thousands of blocks are being processed.
 */
export class BlockQueue {
  readonly #world: World;
  readonly #urgent: Job[] = [];
  readonly #normal: Job[] = [];
  /** Steady time when the current turn of the event loop began its first job. */
  #sliceStart: number | undefined;
  #running = false;
  #stopped = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Jobs that have not run yet. */
  get length(): number {
    return this.#urgent.length + this.#normal.length;
  }

  /**
   * Adds a job. Unless the current slice is used up it has run when this returns.
   * @returns resolves when the job has run; rejects with its exception, or with {@link StoppedError}.
   */
  push(run: () => void, urgent = false): Promise<void> {
    if (this.#stopped) return Promise.reject(new StoppedError());
    return new Promise((resolve, reject) => {
      (urgent ? this.#urgent : this.#normal).push({ run, resolve, reject });
      this.#work();
    });
  }

  /** Refuses everything that waits and everything that will come. A job that is running finishes first. */
  stop(): void {
    this.#stopped = true;
    for (const job of [...this.#urgent.splice(0), ...this.#normal.splice(0)]) job.reject(new StoppedError());
  }

  #work(): void {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      if (this.#sliceIsUsedUp()) break;
      const job = this.#urgent.shift() ?? this.#normal.shift();
      if (!job) break;
      this.#beginSlice();
      try {
        job.run();
        job.resolve();
      } catch (error) {
        job.reject(error);
      }
    }
    this.#running = false;
  }

  #sliceIsUsedUp(): boolean {
    return this.#sliceStart !== undefined && this.#world.clock.monotonic() - this.#sliceStart >= SLICE_MS;
  }

  #beginSlice(): void {
    if (this.#sliceStart !== undefined) return;
    this.#sliceStart = this.#world.clock.monotonic();
    this.#world.timers.soon(() => {
      this.#sliceStart = undefined;
      this.#work();
    });
  }
}
