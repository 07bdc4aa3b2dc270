import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import {
  SCRIPT_WORKER_MEMORY,
  type ScriptVerdicts,
  type ScriptWorker,
  type ScriptWorkerFactory,
} from '../dag/index.ts';
import { startThread } from './worker-thread.ts';

interface Pending {
  resolve(verdicts: Uint8Array): void;
  reject(error: Error): void;
}

/** A thread of this process that verifies scripts. Answers come in the order of the questions. */
class ScriptThread implements ScriptWorker {
  readonly #closing = new Int32Array(new SharedArrayBuffer(SCRIPT_WORKER_MEMORY));
  readonly #thread: Worker;
  readonly #ended: Promise<void>;
  readonly #pending: Pending[] = [];
  #failure: Error | undefined;

  constructor() {
    this.#thread = startThread('../dag/verify/worker-main', 'scripts', this.#closing.buffer as SharedArrayBuffer);
    this.#thread.on('message', ({ verdicts }: ScriptVerdicts) => this.#pending.shift()?.resolve(verdicts));
    this.#thread.on('error', (error: Error) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      this.#thread.on('exit', (code) => {
        this.#fail(new Error(`script thread ended with code ${code}`));
        resolve();
      });
    });
    // Only the managers decide how long the process lives.
    this.#thread.unref();
  }

  verify(batch: ArrayBuffer): Promise<Uint8Array> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#thread.postMessage(batch, [batch]);
    });
  }

  close(): Promise<void> {
    if (!this.#failure && Atomics.exchange(this.#closing, 0, 1) === 0) {
      this.#thread.ref();
      this.#thread.postMessage(null);
    }
    return this.#ended;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.splice(0)) reject(this.#failure);
  }
}

/** Starts real threads, one for each core but the one that everything else runs on, at least one. */
export const threadScriptWorkers: ScriptWorkerFactory = {
  count: Math.max(1, availableParallelism() - 1),
  start: () => new ScriptThread(),
};
