import type { Random } from '../util/ports.ts';
import { workFromBits } from '../wire/index.ts';
import { Search, type SearchJob, type Solution } from './search.ts';
import type { SearchWorker, WorkerFactory } from './search-worker.ts';
import type { BlockTemplate } from './template.ts';
import { searchJob } from './work.ts';

/** Expected hashes up to which a template is tried right here: about a millisecond at most. */
const INLINE_WORK = 1024n;
/** Hashes that are tried right here: with that much work they fail in 1 of 50 cases. */
const INLINE_HASHES = 4096;

/** What a solver needs. */
export interface SolverDeps {
  readonly workers: WorkerFactory;
  readonly random: Pick<Random, 'bytes'>;
}

/**
 * Solves templates one after the other: trivially easy ones (test networks) at once, as a thread would cost more than
 * the work; all others in a worker thread, started when first needed.
 */
export class Solver {
  readonly #deps: SolverDeps;
  #worker: SearchWorker | undefined;
  #searching = false;
  #closed: Promise<void> | undefined;
  /** Hashes done right here and by threads that have ended. */
  #hashes = 0;

  constructor(deps: SolverDeps) {
    this.#deps = deps;
  }

  /** Headers hashed since the start. */
  get hashes(): number {
    return this.#hashes + (this.#worker?.hashes ?? 0);
  }

  /**
   * Searches until solved or interrupted.
   * @returns undefined if interrupted.
   * @throws {Error} (rejects) if the thread failed; the next call starts another.
   */
  async solve(template: BlockTemplate): Promise<Solution | undefined> {
    if (this.#closed) return undefined;
    if (workFromBits(template.block.header.bits) <= INLINE_WORK) {
      const { hashes, solution } = new Search(this.#job(template)).run(INLINE_HASHES);
      this.#hashes += hashes;
      if (solution) return solution;
    }
    this.#worker ??= this.#deps.workers.start();
    const worker = this.#worker;
    this.#searching = true;
    try {
      return await worker.search(this.#job(template));
    } catch (error) {
      this.#hashes += worker.hashes;
      this.#worker = undefined;
      await worker.close();
      throw error;
    } finally {
      this.#searching = false;
    }
  }

  /** Makes a running {@link solve} return soon. */
  interrupt(): void {
    if (this.#searching) this.#worker?.cancel();
  }

  /** Ends the thread. A running {@link solve} returns undefined, or its solution if it was just found. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#worker?.close() ?? Promise.resolve();
    return this.#closed;
  }

  #job(template: BlockTemplate): SearchJob {
    // A random start makes workers on one template, and slices on the same one, try different blocks.
    return searchJob(template, Buffer.from(this.#deps.random.bytes(8)).readBigUInt64LE());
  }
}
