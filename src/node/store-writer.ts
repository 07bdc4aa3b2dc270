import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import type { StoreWriter, WriteAnswer, WriteFailure, WriterTask, WriterThreadData } from '../store/index.ts';
import { startThread } from './worker-thread.ts';

/** How long a commit may take until the thread is taken for dead, milliseconds. */
const PATIENCE = 300_000;

/** A thread of this process that writes to a database. */
class WriterThread implements StoreWriter {
  readonly #answers = new Int32Array(new SharedArrayBuffer(4));
  readonly #port: MessagePort;
  readonly #thread: Worker;
  readonly #ended: Promise<void>;
  #loads = 0;
  #done: ((failure: WriteFailure | undefined) => void) | undefined;
  #failure: WriteFailure | undefined;
  #closing = false;

  constructor(task: WriterTask) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const data: WriterThreadData<MessagePort> = { task, port: port2, answers: this.#answers };
    this.#thread = startThread('../store/worker-main', 'store', data, [port2]);
    this.#thread.on('error', (error: Error) => this.#fail(`failed: ${error.message}`));
    this.#ended = new Promise((resolve) => {
      this.#thread.on('exit', (code) => {
        this.#fail(`ended with code ${code}`);
        resolve();
      });
    });
    this.#port.on('message', (answer: WriteAnswer) => this.#answer(answer));
    // Only the managers decide how long the process lives.
    this.#thread.unref();
    this.#port.unref();
  }

  write(load: ArrayBuffer, done: (failure: WriteFailure | undefined) => void): void {
    this.#done = done;
    this.#loads++;
    if (this.#failure) queueMicrotask(() => this.#answer({ failure: this.#failure }));
    else this.#port.postMessage(load, [load]);
  }

  finish(): void {
    while (this.#done && !this.#failure) {
      const seen = Atomics.load(this.#answers, 0);
      if (seen < this.#loads && Atomics.wait(this.#answers, 0, seen, PATIENCE) === 'timed-out') {
        this.#fail('does not answer');
      }
      const received: { message: WriteAnswer } | undefined = receiveMessageOnPort(this.#port);
      if (received) this.#answer(received.message);
    }
    if (this.#failure) this.#answer({ failure: this.#failure });
  }

  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#thread.ref();
      this.#port.postMessage(null);
    }
    return this.#ended;
  }

  #answer({ failure }: WriteAnswer): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(failure);
  }

  #fail(what: string): void {
    this.#failure ??= { kind: 'io', message: `the thread that writes the database ${what}` };
    this.#answer({ failure: this.#failure });
  }
}

/** Starts real threads. */
export function startStoreWriter(task: WriterTask): StoreWriter {
  return new WriterThread(task);
}
