/** A thread that verifies batches of scripts, one after the other in the order of the calls. */
export interface ScriptWorker {
  /**
   * Verifies a batch (see `encodeBatch`), whose memory is gone for the caller. Resolves with the verdicts (see `verifyBatch`).
   * Rejects if the thread has failed, also later; it is of no further use then.
   */
  verify(batch: ArrayBuffer): Promise<Uint8Array>;
  /** Ends the thread soon; resolves when it has ended. What it was given and has not done is left out. Idempotent. */
  close(): Promise<void>;
}

/** Starts threads that verify. */
export interface ScriptWorkerFactory {
  /** How many threads are worth starting beside this one. */
  readonly count: number;
  start(): ScriptWorker;
}

/** What a thread sends back for each batch. */
export interface ScriptVerdicts {
  readonly verdicts: Uint8Array;
}

/** Bytes of the memory shared with a thread: one number, not zero when the thread is to end. */
export const SCRIPT_WORKER_MEMORY = 4;
