import type { SearchJob, Solution } from './search.ts';

/** One thread that searches. It works on one job at a time. */
export interface SearchWorker {
  /**
   * Searches until a solution is found or {@link cancel} is called, then resolves with the solution or undefined. A
   * solution found before the cancellation took effect is not lost. Not called again before that.
   * Rejects if the thread fails; then the worker is of no further use.
   */
  search(job: SearchJob): Promise<Solution | undefined>;
  /** Ends the current search within some 50 ms; harmless if there is none. */
  cancel(): void;
  /** Headers hashed since the worker was started, up to date to a few milliseconds. */
  readonly hashes: number;
  /** Cancels and ends the thread; resolves when it has ended. Idempotent. */
  close(): Promise<void>;
}

/** Starts search threads. */
export interface WorkerFactory {
  start(): SearchWorker;
}

/** What the main thread sends to a search thread. */
export type WorkerRequest =
  | { readonly type: 'search' /** 1 … 2^31 - 1. */; readonly id: number; readonly job: SearchJob }
  | { readonly type: 'close' };

/** What a search thread sends back, once for every search: no solution means cancelled. */
export interface WorkerReply {
  readonly id: number;
  readonly solution?: Solution;
}

/**
 * Memory shared with a search thread, so that cancelling and counting need no message: the thread works on while the
 * wanted id is the one of its job.
 */
export interface WorkerControl {
  /** One number: the id of the job that is wanted, 0 for none. */
  readonly wanted: Int32Array;
  /** One number: headers hashed. */
  readonly hashes: BigInt64Array;
}

/** Bytes of the shared memory. */
export const WORKER_CONTROL_SIZE = 16;

/** The two views of the shared memory. */
export function workerControl(memory: SharedArrayBuffer): WorkerControl {
  return { wanted: new Int32Array(memory, 0, 1), hashes: new BigInt64Array(memory, 8, 1) };
}
