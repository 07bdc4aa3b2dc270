import type { Worker } from 'node:worker_threads';
import {
  type SearchJob,
  type SearchWorker,
  type Solution,
  WORKER_CONTROL_SIZE,
  type WorkerFactory,
  type WorkerReply,
  type WorkerRequest,
  workerControl,
} from '../mining/index.ts';
import { startThread } from './worker-thread.ts';

interface PendingSearch {
  readonly id: number;
  resolve(solution: Solution | undefined): void;
  reject(error: Error): void;
}

/** A search thread of this process. */
class SearchThread implements SearchWorker {
  readonly #control;
  readonly #thread: Worker;
  readonly #ended: Promise<void>;
  #lastId = 0;
  #pending: PendingSearch | undefined;
  #failure: Error | undefined;
  #closing = false;

  constructor() {
    const memory = new SharedArrayBuffer(WORKER_CONTROL_SIZE);
    this.#control = workerControl(memory);
    this.#thread = startThread('../mining/worker-main', 'miner', memory);
    this.#thread.on('message', (reply: WorkerReply) => this.#onReply(reply));
    this.#thread.on('error', (error: Error) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      this.#thread.on('exit', (code) => {
        this.#fail(new Error(`mining thread ended with code ${code}`));
        resolve();
      });
    });
  }

  get hashes(): number {
    return Number(Atomics.load(this.#control.hashes, 0));
  }

  search(job: SearchJob): Promise<Solution | undefined> {
    if (this.#pending) throw new Error('the mining thread is busy');
    if (this.#closing) return Promise.resolve(undefined);
    if (this.#failure) return Promise.reject(this.#failure);
    const id = (this.#lastId % 0x7fffffff) + 1;
    this.#lastId = id;
    Atomics.store(this.#control.wanted, 0, id);
    return new Promise((resolve, reject) => {
      this.#pending = { id, resolve, reject };
      this.#post({ type: 'search', id, job });
    });
  }

  cancel(): void {
    Atomics.store(this.#control.wanted, 0, 0);
  }

  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.cancel();
      if (!this.#failure) this.#post({ type: 'close' });
    }
    return this.#ended;
  }

  #post(request: WorkerRequest): void {
    this.#thread.postMessage(request);
  }

  #onReply({ id, solution }: WorkerReply): void {
    const pending = this.#pending;
    if (!pending || pending.id !== id) throw new Error(`unexpected reply ${id} of the mining thread`);
    this.#pending = undefined;
    pending.resolve(solution);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const pending = this.#pending;
    this.#pending = undefined;
    if (this.#closing) pending?.resolve(undefined);
    else pending?.reject(error);
  }
}

/** Starts real search threads, each with a WebAssembly instance of its own, at the lowest priority where possible. */
export const threadWorkers: WorkerFactory = { start: () => new SearchThread() };
