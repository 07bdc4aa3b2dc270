import type { Timer, World } from '../util/ports.ts';
import { JobLanes, type Lane, type LaneJob } from './job-lanes.ts';

/** Thrown at everything that still waits when the sync manager stops. */
export class StoppedError extends Error {
  override name = 'StoppedError';

  constructor() {
    super('sync manager is stopping');
  }
}

/** For the end of a promise that it settles: what waited when everything stopped needs no further treatment. */
export function ignoreStop(error: unknown): void {
  if (!(error instanceof StoppedError)) throw error;
}

/** Work that runs in one go; the event loop gets a turn at least this often, in milliseconds of work. */
const SLICE_MS = 10;
/** How long jobs for later may wait until their commit begins, milliseconds. */
const OPEN_BATCH_MS = 1000;

/** The lane of jobs that belong to no peer. */
const COMMON_LANE: Lane = { debt: 0, restUntil: Number.NEGATIVE_INFINITY };

interface Job extends LaneJob {
  readonly run: () => void;
  readonly later: boolean;
  readonly charge: ((milliseconds: number) => void) | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** When a job runs. */
export interface JobOptions {
  /** Before everything else that waits. */
  readonly urgent?: boolean;
  /** Not now but in the next turn of the event loop, together with what else has come until then. */
  readonly later?: boolean;
  /** True while the job, and with it all behind it in its lane, should wait for work that is done elsewhere. */
  readonly busy?: (() => boolean) | undefined;
  /** Jobs of one lane keep their order; see {@link JobLanes} for the order of lanes. */
  readonly lane?: Lane;
  /** Told how long the job took, a commit that followed included. */
  readonly charge?: (milliseconds: number) => void;
}

interface Ran {
  readonly job: Job;
  milliseconds: number;
  readonly error?: { readonly value: unknown };
}

/** What a queue works with. */
export interface BlockQueueDeps {
  readonly world: World;
  /** Runs its argument as one batch. */
  batch(work: () => void): void;
  /**
   * Begins a batch; the returned function ends it, `soon`: what is left of it need not be on disk at once. Absent: batches end
   * with the turn of the event loop.
   */
  openBatch?(): (soon: boolean) => void;
  /** Does some milliseconds of the work that jobs wait for. @returns false if there is none. */
  assist?(): boolean;
  /** A batch that was left open could not be ended. */
  failed?(error: unknown): void;
}

/**
 * Runs jobs one at a time, urgent ones first, the others by lanes. Jobs of one slice share a batch, so that blocks which come
 * in numbers share a commit; jobs for later even share one over several slices, for a second at most. Between
 * slices the event loop turns, so pings and RPC are answered while thousands of blocks are being processed.
 */
export class BlockQueue {
  readonly #deps: BlockQueueDeps;
  readonly #urgent: Job[] = [];
  readonly #lanes: JobLanes<Job>;
  /** Steady time when the current turn of the event loop began its first job. */
  #sliceStart: number | undefined;
  #running = false;
  #turnDue = false;
  #stopped = false;
  /** Ends the batch that is open over several turns. */
  #endBatch: ((soon: boolean) => void) | undefined;
  #endTimer: Timer | undefined;
  #restTimer: Timer | undefined;

  constructor(deps: BlockQueueDeps) {
    this.#deps = deps;
    this.#lanes = new JobLanes(() => this.#now());
  }

  /** Jobs that have not run yet. */
  get length(): number {
    return this.#urgent.length + this.#lanes.length;
  }

  /**
   * Adds a job. Unless it is for later, or the current slice is used up, it has run when this returns.
   * @returns resolves when the job has run and, unless it was for later, its batch has ended; rejects with its exception or
   * that of the batch, or with {@link StoppedError}.
   */
  push(run: () => void, options: JobOptions = {}): Promise<void> {
    if (this.#stopped) return Promise.reject(new StoppedError());
    const { urgent = false, later = false, busy, lane = COMMON_LANE, charge } = options;
    return new Promise((resolve, reject) => {
      (urgent ? this.#urgent : this.#lanes).push({ run, later: later && !urgent, busy, lane, charge, resolve, reject });
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
    const waiting = [...this.#urgent.splice(0), ...this.#lanes.drain()];
    this.#restTimer?.cancel();
    for (const job of waiting) job.reject(new StoppedError());
    this.#closeBatch(false);
  }

  #work(): void {
    if (this.#running) return;
    this.#running = true;
    while (!this.#sliceIsUsedUp() && this.#hasRunnable()) this.#runSome();
    this.#running = false;
    if (this.length === 0) return;
    // What the next jobs wait for may be done here too; if it is being done elsewhere, that will wake us.
    if (this.#hasRunnable() || this.#sliceIsUsedUp() || this.#assist()) this.#takeTurn();
    else this.#awaitRest();
  }

  /** False if all that waits is busy elsewhere or at rest. */
  #hasRunnable(): boolean {
    return this.#urgent.length > 0 || this.#lanes.next() !== undefined;
  }

  #assist(): boolean {
    return this.#deps.assist?.() ?? false;
  }

  #awaitRest(): void {
    const end = this.#lanes.restEnds();
    if (end === undefined) return;
    this.#restTimer?.cancel();
    this.#restTimer = this.#deps.world.timers.after(end - this.#now(), () => this.wake());
  }

  #runSome(): void {
    const { batch, openBatch } = this.#deps;
    this.#beginSlice();
    const urgent = this.#urgent.shift();
    if (!urgent && openBatch && this.#lanes.next()?.later) {
      this.#leaveBatchOpen(openBatch);
      this.#runForLater();
      return;
    }
    // What is not for later has a commit of its own.
    this.#closeBatch(true);
    this.#runBatch(batch, urgent);
  }

  /** Runs jobs for later as long as the slice has time for them. */
  #runForLater(): void {
    for (let job = this.#lanes.next(); job?.later && !this.#sliceIsUsedUp(); job = this.#lanes.next()) {
      this.#lanes.take(job);
      const ran = this.#run(job);
      this.#finish(ran);
    }
  }

  /** Runs an urgent job alone, or as many others as the slice has time for. */
  #runBatch(batch: (work: () => void) => void, urgent: Job | undefined): void {
    const start = this.#now();
    const all: Ran[] = [];
    try {
      batch(() => {
        if (urgent) {
          all.push(this.#run(urgent));
          return;
        }
        for (let job = this.#lanes.next(); job && !this.#sliceIsUsedUp(); job = this.#lanes.next()) {
          this.#lanes.take(job);
          all.push(this.#run(job));
        }
      });
    } catch (error) {
      for (const { job } of all) job.reject(error);
      return;
    }
    chargeRest(all, this.#now() - start);
    for (const ran of all) this.#finish(ran);
  }

  #run(job: Job): Ran {
    const start = this.#now();
    try {
      job.run();
      return { job, milliseconds: this.#now() - start };
    } catch (value) {
      return { job, milliseconds: this.#now() - start, error: { value } };
    }
  }

  #finish({ job, milliseconds, error }: Ran): void {
    job.charge?.(milliseconds);
    if (error) job.reject(error.value);
    else job.resolve();
  }

  #leaveBatchOpen(openBatch: () => (soon: boolean) => void): void {
    if (this.#endBatch) return;
    this.#endBatch = openBatch();
    this.#endTimer = this.#deps.world.timers.after(OPEN_BATCH_MS, () => this.#closeBatch(true));
  }

  #closeBatch(soon: boolean): void {
    const end = this.#endBatch;
    if (!end) return;
    this.#endBatch = undefined;
    this.#endTimer?.cancel();
    try {
      end(soon);
    } catch (error) {
      this.#deps.failed?.(error);
    }
  }

  #sliceIsUsedUp(): boolean {
    return this.#sliceStart !== undefined && this.#now() - this.#sliceStart >= SLICE_MS;
  }

  #now(): number {
    return this.#deps.world.clock.monotonic();
  }

  #beginSlice(): void {
    if (this.#sliceStart !== undefined) return;
    this.#sliceStart = this.#now();
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

/** What a batch took beyond its jobs is its commit, and the commit is as large as the most expensive job made it. */
function chargeRest(all: readonly Ran[], milliseconds: number): void {
  const [first] = all;
  if (!first) return;
  const dearest = all.reduce((a, b) => (b.milliseconds > a.milliseconds ? b : a), first);
  dearest.milliseconds += milliseconds - all.reduce((sum, ran) => sum + ran.milliseconds, 0);
}
