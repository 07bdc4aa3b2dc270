import { verifyBatch } from './batch.ts';
import type { ScriptWorker, ScriptWorkerFactory } from './script-worker.ts';

interface Question {
  readonly batch: ArrayBuffer;
  resolve(verdicts: Uint8Array): void;
  reject(error: Error): void;
}

/** A worker of tests: it answers when it is told to. */
export class HeldWorker implements ScriptWorker {
  /** Batches that wait for their answer. */
  readonly questions: Question[] = [];
  closed = false;

  verify(batch: ArrayBuffer): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.questions.push({ batch, resolve, reject });
    });
  }

  /** Answers the oldest question. */
  answer(): void {
    const question = this.questions.shift();
    question?.resolve(verifyBatch(question.batch));
  }

  /** Dies. */
  fail(): void {
    for (const { reject } of this.questions.splice(0)) reject(new Error('worker has died'));
  }

  close(): Promise<void> {
    this.closed = true;
    this.fail();
    return Promise.resolve();
  }
}

/** Starts workers that answer when they are told to. */
export class HeldWorkers implements ScriptWorkerFactory {
  readonly count: number;
  readonly started: HeldWorker[] = [];

  constructor(count: number) {
    this.count = count;
  }

  start(): HeldWorker {
    const worker = new HeldWorker();
    this.started.push(worker);
    return worker;
  }

  /** Batches that wait for an answer of any worker. */
  get questions(): number {
    return this.started.reduce((sum, { questions }) => sum + questions.length, 0);
  }
}

/** Lets promises that have been settled take effect. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
