import type { Timer, World } from '../util/ports.ts';

/** Thrown at everything that still waits when the sync manager stops. */
export class StoppedError extends Error {
  override name = 'StoppedError';

  constructor() {
    super('sync manager is stopping');
  }
}

/** Work that runs in one go; the event loop gets a turn at least this often, in milliseconds of work. */
const SLICE_MS = 10;
/** How long jobs for later may wait for their commit, milliseconds. */
const OPEN_BATCH_MS = 500;

interface Job {
  readonly run: () => void;
  readonly later: boolean;
  readonly busy: (() => boolean) | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** When a job runs. */
export interface JobOptions {
  /** Before everything else that waits. */
  readonly urgent?: boolean;
  /** Not now but in the next turn of the event loop, together with what else has come until then. */
  readonly later?: boolean;
  /** True while the job, and with it all behind it, should wait for work that is done elsewhere. */
  readonly busy?: (() => boolean) | undefined;
}

/** What a queue works with. */
export interface BlockQueueDeps {
  readonly world: World;
  /** Runs its argument as one batch. */
  batch(work: () => void): void;
  /** Begins a batch; the returned function ends it. Absent: batches end with the turn of the event loop. */
  openBatch?(): () => void;
  /** Does some milliseconds of the work that jobs wait for. @returns false if there is none. */
  assist?(): boolean;
  /** A batch that was left open could not be ended. */
  failed?(error: unknown): void;
}

/**
 * Runs jobs one at a time and in order, urgent ones first. Jobs of one slice share a batch, so that blocks which come
 * in numbers share a commit; jobs for later even share one over several slices, for half a second at most. Between
 * slices the event loop turns, so pings and RPC are answered while thousands of blocks are being processed.
 */
export class BlockQueue {
  readonly #deps: BlockQueueDeps;
  readonly #urgent: Job[] = [];
  #waiting: Job[] = [];
  /** Jobs of {@link #waiting} that have run. */
  #taken = 0;
  /** Steady time when the current turn of the event loop began its first job. */
  #sliceStart: number | undefined;
  #running = false;
  #turnDue = false;
  #stopped = false;
  /** Ends the batch that is open over several turns. */
  #endBatch: (() => void) | undefined;
  #endTimer: Timer | undefined;

  constructor(deps: BlockQueueDeps) {
    this.#deps = deps;
  }

  /** Jobs that have not run yet. */
  get length(): number {
    return this.#urgent.length + this.#waiting.length - this.#taken;
  }

  /**
   * Adds a job. Unless it is for later, or the current slice is used up, it has run when this returns.
   * @returns resolves when the job has run and, unless it was for later, its batch has ended; rejects with its exception or
   * that of the batch, or with {@link StoppedError}.
   */
  push(run: () => void, { urgent = false, later = false, busy }: JobOptions = {}): Promise<void> {
    if (this.#stopped) return Promise.reject(new StoppedError());
    return new Promise((resolve, reject) => {
      (urgent ? this.#urgent : this.#waiting).push({ run, later: later && !urgent, busy, resolve, reject });
      if (later) this.#takeTurn();
      else this.#work();
    });
  }

  /** Work that jobs wait for was done elsewhere. */
  wake(): void {
    if (this.length > 0) this.#takeTurn();
  }

  /** Refuses everything that waits and everything that will come. */
  stop(): void {
    this.#stopped = true;
    const waiting = [...this.#urgent.splice(0), ...this.#waiting.slice(this.#taken)];
    this.#waiting = [];
    this.#taken = 0;
    for (const job of waiting) job.reject(new StoppedError());
    this.#closeBatch();
  }

  #work(): void {
    if (this.#running) return;
    this.#running = true;
    while (this.length > 0 && !this.#sliceIsUsedUp() && !this.#isBlocked()) this.#runSome();
    this.#running = false;
    if (this.length === 0) return;
    // What the next job waits for may be done here too; if it is being done elsewhere, that will wake us.
    if (!this.#isBlocked() || this.#sliceIsUsedUp() || this.#assist()) this.#takeTurn();
  }

  /** True if the next job waits for work that is done elsewhere. */
  #isBlocked(): boolean {
    return this.#urgent.length === 0 && this.#waiting[this.#taken]?.busy?.() === true;
  }

  #assist(): boolean {
    return this.#deps.assist?.() ?? false;
  }

  #runSome(): void {
    const { batch, openBatch } = this.#deps;
    this.#beginSlice();
    const urgent = this.#urgent.shift();
    if (!urgent && openBatch && this.#waiting[this.#taken]?.later) {
      this.#leaveBatchOpen(openBatch);
      this.#runForLater();
      return;
    }
    // What is not for later is committed when its promise resolves.
    this.#closeBatch();
    this.#runBatch(batch, urgent);
  }

  /** Runs jobs for later as long as the slice has time for them. */
  #runForLater(): void {
    while (!this.#sliceIsUsedUp() && this.#waiting[this.#taken]?.later && !this.#isBlocked()) {
      const job = this.#take();
      try {
        job.run();
        job.resolve();
      } catch (error) {
        job.reject(error);
      }
    }
  }

  /** Runs an urgent job alone, or as many others as the slice has time for. */
  #runBatch(batch: (work: () => void) => void, urgent: Job | undefined): void {
    const ran: { readonly job: Job; readonly error?: { readonly value: unknown } }[] = [];
    const runOne = (job: Job) => {
      try {
        job.run();
        ran.push({ job });
      } catch (value) {
        ran.push({ job, error: { value } });
      }
    };
    try {
      batch(() => {
        if (urgent) runOne(urgent);
        else
          while (!this.#sliceIsUsedUp() && this.#taken < this.#waiting.length && !this.#isBlocked())
            runOne(this.#take());
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

  #leaveBatchOpen(openBatch: () => () => void): void {
    if (this.#endBatch) return;
    this.#endBatch = openBatch();
    this.#endTimer = this.#deps.world.timers.after(OPEN_BATCH_MS, () => this.#closeBatch());
  }

  #closeBatch(): void {
    const end = this.#endBatch;
    if (!end) return;
    this.#endBatch = undefined;
    this.#endTimer?.cancel();
    try {
      end();
    } catch (error) {
      this.#deps.failed?.(error);
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
    return this.#sliceStart !== undefined && this.#deps.world.clock.monotonic() - this.#sliceStart >= SLICE_MS;
  }

  #beginSlice(): void {
    if (this.#sliceStart !== undefined) return;
    this.#sliceStart = this.#deps.world.clock.monotonic();
    this.#takeTurn();
  }

  /** Goes on in the next turn of the event loop, with a fresh slice. */
  #takeTurn(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    this.#deps.world.timers.soon(() => {
      this.#turnDue = false;
      this.#sliceStart = undefined;
      this.#work();
    });
  }
}
