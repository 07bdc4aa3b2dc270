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

/** When a job runs. */
export interface JobOptions {
  /** Before everything else that waits. */
  readonly urgent?: boolean;
  /** Not now but in the next turn of the event loop, together with what else has come until then. */
  readonly later?: boolean;
}

/**
 * Runs jobs one at a time and in order, urgent ones first. Jobs of one slice share a batch, so that blocks which come
 * in numbers share a commit; between slices the event loop turns, so pings and RPC are answered while thousands of
 * blocks are being processed.
 */
export class BlockQueue {
  readonly #world: World;
  readonly #batch: (work: () => void) => void;
  readonly #urgent: Job[] = [];
  #waiting: Job[] = [];
  /** Jobs of {@link #waiting} that have run. */
  #taken = 0;
  /** Steady time when the current turn of the event loop began its first job. */
  #sliceStart: number | undefined;
  #running = false;
  #turnDue = false;
  #stopped = false;

  /** @param batch runs its argument as one batch. */
  constructor(world: World, batch: (work: () => void) => void) {
    this.#world = world;
    this.#batch = batch;
  }

  /** Jobs that have not run yet. */
  get length(): number {
    return this.#urgent.length + this.#waiting.length - this.#taken;
  }

  /**
   * Adds a job. Unless it is for later, or the current slice is used up, it has run when this returns.
   * @returns resolves when the job has run and its batch has ended; rejects with its exception or that of the batch, or
   * with {@link StoppedError}.
   */
  push(run: () => void, { urgent = false, later = false }: JobOptions = {}): Promise<void> {
    if (this.#stopped) return Promise.reject(new StoppedError());
    return new Promise((resolve, reject) => {
      (urgent ? this.#urgent : this.#waiting).push({ run, resolve, reject });
      if (later) this.#takeTurn();
      else this.#work();
    });
  }

  /** Refuses everything that waits and everything that will come. */
  stop(): void {
    this.#stopped = true;
    const waiting = [...this.#urgent.splice(0), ...this.#waiting.slice(this.#taken)];
    this.#waiting = [];
    this.#taken = 0;
    for (const job of waiting) job.reject(new StoppedError());
  }

  #work(): void {
    if (this.#running) return;
    this.#running = true;
    while (this.length > 0 && !this.#sliceIsUsedUp()) this.#runBatch();
    this.#running = false;
    if (this.length > 0) this.#takeTurn();
  }

  /** Runs an urgent job alone, or as many others as the slice has time for. */
  #runBatch(): void {
    const ran: { readonly job: Job; readonly error?: { readonly value: unknown } }[] = [];
    const runOne = (job: Job) => {
      try {
        job.run();
        ran.push({ job });
      } catch (value) {
        ran.push({ job, error: { value } });
      }
    };
    const urgent = this.#urgent.shift();
    this.#beginSlice();
    try {
      this.#batch(() => {
        if (urgent) runOne(urgent);
        else while (!this.#sliceIsUsedUp() && this.#taken < this.#waiting.length) runOne(this.#take());
      });
    } catch (error) {
      for (const { job } of ran) job.reject(error);
      return;
    }
    for (const { job, error } of ran) {
      if (error) job.reject(error.value);
      else job.resolve();
    }
  }

  #take(): Job {
    const job = this.#waiting[this.#taken++]!;
    if (this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
    }
    return job;
  }

  #sliceIsUsedUp(): boolean {
    return this.#sliceStart !== undefined && this.#world.clock.monotonic() - this.#sliceStart >= SLICE_MS;
  }

  #beginSlice(): void {
    if (this.#sliceStart !== undefined) return;
    this.#sliceStart = this.#world.clock.monotonic();
    this.#takeTurn();
  }

  /** Goes on in the next turn of the event loop, with a fresh slice. */
  #takeTurn(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    this.#world.timers.soon(() => {
      this.#turnDue = false;
      this.#sliceStart = undefined;
      this.#work();
    });
  }
}
