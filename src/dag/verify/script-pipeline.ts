import Denque from 'denque';
import { SigHashCache } from '../../script/index.ts';
import { Emitter } from '../../util/emitter.ts';
import { hashKey } from '../../util/hash.ts';
import type { Logger } from '../../util/log.ts';
import type { Block, OutPoint, Transaction } from '../../wire/index.ts';
import type { StoredLookup } from '../rules/inputs.ts';
import type {
  EarlyVerification,
  InlineScriptVerifier,
  ScriptFailure,
  ScriptJob,
  ScriptVerifier,
} from '../rules/scripts.ts';
import { type BatchTransaction, encodeBatch, succeeds } from './batch.ts';
import type { ScriptWorker, ScriptWorkerFactory } from './script-worker.ts';

/** Inputs that make a batch full: some milliseconds of work, against which the way between the threads is nothing. */
const BATCH_INPUTS = 96;
/** Batches that a thread has been given and not answered: enough for the time that a commit or a collection of garbage takes. */
const BATCHES_PER_WORKER = 16;
/** Batches after which a thread is given full ones only. */
const PARTIAL_BATCHES = 2;
/** Blocks that are remembered before their turn; beyond that the oldest are forgotten and verified in their turn. */
const MAX_PREPARED = 2048;

/** A transaction on its way through the pipeline. */
interface Task extends BatchTransaction {
  readonly prepared: PreparedBlock;
  /** Verdicts of the batch it was in, and where its own begin; undefined before. */
  verdicts: Uint8Array | undefined;
  start: number;
}

interface PreparedBlock {
  readonly block: Block;
  /** In the order of the block, without its coinbase. */
  readonly tasks: Task[];
  /** Tasks without verdicts. */
  open: number;
  /** The block had its turn: what is left to do for it is left. */
  forgotten: boolean;
}

interface Batch {
  readonly tasks: Task[];
  inputs: number;
}

interface Thread {
  readonly worker: ScriptWorker;
  batches: number;
}

/** What the pipeline works with. */
export interface ScriptPipelineDeps {
  readonly workers: ScriptWorkerFactory;
  /** Verifies what was not verified early, with the caches of that. */
  readonly inline: InlineScriptVerifier;
  readonly logger: Logger;
}

/**
 * Runs scripts in threads while their blocks wait for their turn. A block that is announced by {@link prepare} has its
 * inputs looked up, in the stored set and among the blocks that wait too, and sent to the threads in large batches.
 * {@link verify}, which decides, skips an input only if exactly its scripts were found to succeed; everything else (an
 * output that was not known before, a script that failed, a thread that died) is verified as if there was no pipeline. So
 * the verdicts are the same, with the same first failure.
 */
export class ScriptPipeline implements ScriptVerifier, EarlyVerification {
  readonly events = new Emitter<{ progress: undefined }>();
  readonly #deps: ScriptPipelineDeps;
  readonly #prepared = new Map<Block, PreparedBlock>();
  /** Transactions of prepared blocks by id. */
  readonly #created = new Map<string, Transaction>();
  /** Nobody works on these yet. Only the last one may take more. */
  readonly #waiting = new Denque<Batch>();
  #threads: Thread[] = [];
  #started = false;
  #closed = false;

  constructor(deps: ScriptPipelineDeps) {
    this.#deps = deps;
  }

  get early(): EarlyVerification {
    return this;
  }

  prepare(block: Block, storedOutput: StoredLookup): void {
    this.#start();
    if (this.#threads.length === 0 || this.#prepared.has(block)) return;
    const prepared: PreparedBlock = { block, tasks: [], open: 0, forgotten: false };
    this.#prepared.set(block, prepared);
    for (const tx of block.transactions) {
      if (!tx.isCoinbase) this.#enqueue(prepared, tx, storedOutput);
      this.#created.set(tx.idKey, tx);
    }
    this.#dispatch();
    if (this.#prepared.size <= MAX_PREPARED) return;
    for (const oldest of this.#prepared.keys()) {
      this.forget(oldest);
      break;
    }
  }

  isBusy(block: Block): boolean {
    const prepared = this.#prepared.get(block);
    return prepared !== undefined && prepared.open > 0;
  }

  assist(): boolean {
    const batch = this.#takeBatch();
    if (!batch) return false;
    const verdicts = new Uint8Array(batch.inputs);
    let at = 0;
    for (const { tx, scripts } of batch.tasks) {
      const hashes = new SigHashCache(tx);
      for (const [inputIndex, script] of scripts.entries()) {
        verdicts[at++] = script && succeeds(tx, inputIndex, script, hashes) ? 1 : 0;
      }
    }
    this.#settle(batch, verdicts);
    return true;
  }

  forget(block: Block): void {
    const prepared = this.#prepared.get(block);
    if (!prepared) return;
    prepared.forgotten = true;
    this.#prepared.delete(block);
    for (const { idKey } of block.transactions) this.#created.delete(idKey);
  }

  verify(jobs: readonly ScriptJob[], block: Block): ScriptFailure | undefined {
    const prepared = this.#prepared.get(block);
    if (!prepared) return this.#deps.inline.verify(jobs);
    const left: number[] = [];
    const { tasks } = prepared;
    let place = 0;
    for (const [i, { tx, inputIndex, prevScript }] of jobs.entries()) {
      while (place < tasks.length && tasks[place].tx !== tx) place++;
      if (!wasVerified(tasks[place], inputIndex, prevScript)) left.push(i);
    }
    if (left.length === 0) return undefined;
    const failure = this.#deps.inline.verify(left.map((i) => jobs[i]));
    return failure && { job: left[failure.job], error: failure.error };
  }

  /** Ends the threads. Blocks are verified in their turn from then on. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = this.#threads;
    this.#abandon();
    await Promise.all(threads.map(({ worker }) => worker.close()));
  }

  #start(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    const { workers } = this.#deps;
    this.#threads = Array.from({ length: workers.count }, () => ({ worker: workers.start(), batches: 0 }));
  }

  #enqueue(prepared: PreparedBlock, tx: Transaction, storedOutput: StoredLookup): void {
    const scripts = tx.inputs.map(({ prevout }, input) => this.#scriptOf(prevout, tx.inputKeys[input], storedOutput));
    const task: Task = { prepared, tx, scripts, verdicts: undefined, start: 0 };
    prepared.tasks.push(task);
    prepared.open++;
    let batch = this.#waiting.peekBack();
    if (!batch || batch.inputs >= BATCH_INPUTS) {
      batch = { tasks: [], inputs: 0 };
      this.#waiting.push(batch);
    }
    batch.tasks.push(task);
    batch.inputs += scripts.length;
  }

  /** The script that guards an output, as far as it is known before the block's turn. */
  #scriptOf({ hash, index }: OutPoint, key: string, storedOutput: StoredLookup): Uint8Array | undefined {
    const creator = this.#created.get(hashKey(hash));
    return creator ? creator.outputs[index]?.pkScript : storedOutput(key)?.pkScript;
  }

  /** The next batch that nobody works on, without what is not wanted any more. */
  #takeBatch(): Batch | undefined {
    for (;;) {
      const batch = this.#waiting.shift();
      if (!batch?.tasks.some(({ prepared }) => prepared.forgotten)) return batch;
      const tasks = batch.tasks.filter(({ prepared }) => !prepared.forgotten);
      if (tasks.length === 0) continue;
      return { tasks, inputs: tasks.reduce((sum, { scripts }) => sum + scripts.length, 0) };
    }
  }

  #dispatch(): void {
    for (const thread of this.#threads) {
      while (thread.batches < BATCHES_PER_WORKER) {
        const isPartial = (this.#waiting.peekFront()?.inputs ?? 0) < BATCH_INPUTS;
        if (isPartial && thread.batches >= PARTIAL_BATCHES) break;
        const batch = this.#takeBatch();
        if (!batch) return;
        this.#send(thread, batch);
      }
    }
  }

  #send(thread: Thread, batch: Batch): void {
    thread.batches++;
    thread.worker.verify(encodeBatch(batch.tasks)).then(
      (verdicts) => {
        thread.batches--;
        this.#settle(batch, verdicts);
        this.#dispatch();
      },
      (error: unknown) => this.#failed(thread, batch, error),
    );
  }

  #settle({ tasks }: Batch, verdicts: Uint8Array): void {
    let at = 0;
    for (const task of tasks) {
      task.verdicts = verdicts;
      task.start = at;
      at += task.scripts.length;
      task.prepared.open--;
    }
    this.events.emit('progress', undefined);
  }

  /** A thread is of no use any more: what it had is verified in its turn, and all if it was the last one. */
  #failed(thread: Thread, batch: Batch, error: unknown): void {
    if (this.#threads.includes(thread)) {
      const reason = error instanceof Error ? error.message : error;
      this.#deps.logger.error(`a thread that verifies scripts has failed, going on without it: ${reason}`);
      this.#threads = this.#threads.filter((other) => other !== thread);
      if (this.#threads.length === 0) this.#abandon();
    }
    this.#settle(batch, new Uint8Array(batch.inputs));
  }

  #abandon(): void {
    this.#threads = [];
    this.#waiting.clear();
    for (const prepared of this.#prepared.values()) prepared.forgotten = true;
    this.#prepared.clear();
    this.#created.clear();
  }
}

/** True if exactly these scripts were run and succeeded. */
function wasVerified(task: Task | undefined, inputIndex: number, prevScript: Uint8Array): boolean {
  if (task?.verdicts?.[task.start + inputIndex] !== 1) return false;
  const script = task.scripts[inputIndex];
  return script !== undefined && (script === prevScript || Buffer.compare(script, prevScript) === 0);
}
