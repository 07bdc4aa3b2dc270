import type { NetworkParams } from '../../params/index.ts';
import type { ProofOfWork } from '../../pow/index.ts';
import { type KeyValueStore, prepareSchema, StoreError } from '../../store/index.ts';
import { equalBytes } from '../../util/bytes.ts';
import { hashToHex, sha256d } from '../../util/hash.ts';
import type { Clock } from '../../util/ports.ts';
import { Block, HEADER_SIZE, WireError } from '../../wire/index.ts';
import { Dag } from '../dag.ts';
import { BlockStatus } from '../engine/index.ts';
import { AssertError, RuleError } from '../errors.ts';
import { InlineScriptVerifier, type ScriptFailure, type ScriptJob, type ScriptVerifier } from '../rules/scripts.ts';
import { BorrowedBodies } from './borrowed-bodies.ts';
import { statusName, versus } from './describe.ts';
import { compareFacts, comparePlace } from './memory-comparison.ts';
import { Difference, StoredRows } from './stored-rows.ts';
import { TableComparison } from './table-comparison.ts';

/** What is being compared. */
export type VerifyStage = 'blocks' | 'order' | 'effects' | 'outputs' | 'memory';

/** How far a verification has come. */
export interface VerifyProgress {
  readonly stage: VerifyStage;
  /** Blocks, positions of the order, or outputs. */
  readonly done: number;
  readonly total: number;
}

/** What a verification found. */
export interface VerifyReport {
  /** Blocks derived, failed ones and genesis included. */
  readonly blocks: number;
  /** Length of the derived order. */
  readonly positions: number;
  /** Derived outputs, spent and ignored ones included. */
  readonly outputs: number;
  /** The first difference in one line; undefined if there is none. */
  readonly difference: string | undefined;
}

/** Settings of a verification. */
export interface VerifyOptions {
  readonly params: NetworkParams;
  /** Run the scripts of all blocks, too, and not only of those that failed. Default false. */
  readonly scripts?: boolean;
  /** A step of the verification takes about this long, milliseconds. */
  readonly slice: number;
}

/** What a verification works with. */
export interface VerifyDeps {
  /** The database to be verified. It may grow between two steps. */
  readonly store: KeyValueStore;
  /** An empty store for the derived state; about as large as the other without its blocks. */
  readonly scratch: KeyValueStore;
  readonly pow: ProofOfWork;
  readonly clock: Clock;
  /** The DAG over `store`, asked for when the tables have been found right. */
  readonly subject?: () => Dag;
}

/** Things compared between two looks at the clock. */
const GROUP = 16;

/** Whether a block came too early was decided when it came: no time is too late now. */
const END_OF_TIME: Clock = { now: () => 2 ** 32 * 1000, monotonic: () => 0 };

/** Scripts run only where that is asked for. */
class OptionalScripts implements ScriptVerifier {
  readonly #inner = new InlineScriptVerifier();
  enabled = false;

  verify(jobs: readonly ScriptJob[]): ScriptFailure | undefined {
    return this.enabled ? this.#inner.verify(jobs) : undefined;
  }
}

/**
 * Derives the whole state a second time, from nothing but the stored blocks in their order of arrival, and compares it
 * with what is stored: bodies with their rows, verdicts, colouring, order, what each position of the order did, outputs, digests,
 * and at last a DAG in memory. Every row is compared at a moment at which both sides know the same blocks.
 *
 * A block's hash does not cover everything, so this cannot be verified: witness data, and version and free data of the
 * parent list.
 */
export class DagVerification {
  readonly #options: VerifyOptions;
  readonly #deps: VerifyDeps;
  readonly #scripts = new OptionalScripts();
  readonly #twin: Dag;
  readonly #rows: StoredRows;
  readonly #compare: TableComparison;
  #deadline = 0;
  /** Ids below have been derived. */
  #derived = 0;
  /** Positions below have been compared, by stage. */
  readonly #compared = { order: 0, effects: 0, memory: 0 };
  #comparedOutputs = 0;
  /** Least key of an output that has not been compared. */
  #nextOutput: Uint8Array | undefined;

  constructor(options: VerifyOptions, deps: VerifyDeps) {
    this.#options = options;
    this.#deps = deps;
    const { store, scratch, pow } = deps;
    this.#twin = new Dag(
      { params: options.params },
      { store: new BorrowedBodies(scratch, store), clock: END_OF_TIME, pow, scriptVerifier: this.#scripts },
    );
    this.#rows = new StoredRows(store);
    this.#compare = new TableComparison(store, scratch, this.#twin);
  }

  /**
   * Verifies step by step: between two steps anything else may happen. May be left at any step.
   * @throws {StoreError} if the scratch store fails, or the database is not of this network or of a newer program.
   */
  *run(): Generator<VerifyProgress, VerifyReport> {
    let difference: string | undefined;
    try {
      yield* this.#compareAll();
    } catch (error) {
      if (!(error instanceof Difference || (error instanceof StoreError && error.kind === 'corrupt'))) throw error;
      difference = error.message;
    }
    const isOpen = this.#derived > 0;
    return {
      blocks: this.#derived,
      positions: isOpen ? this.#twin.orderLength : 0,
      outputs: isOpen ? this.#deps.scratch.table('outputs').count() : 0,
      difference,
    };
  }

  *#compareAll(): Generator<VerifyProgress, void> {
    const compared = this.#compared;
    prepareSchema(this.#deps.store, this.#options.params.genesisHash);
    this.#twin.open();
    this.#twin.events.on('reorder', ({ cut }) => this.#rewind(cut));
    const length = (): number => this.#twin.orderLength;
    yield* this.#stage('blocks', () => true, { done: () => this.#derived, total: () => this.#rows.count('index') });
    this.#compare.counts('blocks', 'index');
    yield* this.#stage('order', () => this.#compareOrder(), { done: () => compared.order, total: length });
    yield* this.#stage('effects', () => this.#compareEffects(), { done: () => compared.effects, total: length });
    yield* this.#stage('outputs', () => this.#compareOutputs(), {
      done: () => this.#comparedOutputs,
      total: () => this.#deps.scratch.table('outputs').count(),
    });
    const subject = this.#deps.subject?.();
    if (!subject) return;
    const progress = { done: () => compared.memory, total: () => this.#derived };
    yield* this.#stage('memory', () => this.#compareMemory(subject), progress);
  }

  /** Steps until `work` says that it is done, which is called while both sides know the same blocks. */
  *#stage(
    stage: VerifyStage,
    work: () => boolean,
    { done, total }: { readonly done: () => number; readonly total: () => number },
  ): Generator<VerifyProgress, void> {
    for (;;) {
      this.#deadline = this.#deps.clock.monotonic() + this.#options.slice;
      if (this.#follow() && work()) return;
      yield { stage, done: done(), total: total() };
    }
  }

  /** Derives blocks that are not derived yet. @returns true if there are no more. */
  #follow(): boolean {
    const from = this.#derived;
    const until = this.#rows.count('index');
    if (from === until) return true;
    try {
      this.#twin.batch(() => {
        do this.#derive(this.#derived++);
        while (this.#derived < until && !this.#isLate());
      });
    } catch (error) {
      // Whatever is wrong with a block, a row before it that is wrong tells more.
      if (error instanceof Difference) this.#compareRows(from, this.#derived - 1);
      throw error;
    }
    this.#compareRows(from, this.#derived);
    return this.#derived === until;
  }

  #derive(id: number): void {
    const { params, scripts = false } = this.#options;
    const row = this.#rows.row(id);
    const bytes = this.#rows.body(id);
    const name = `block ${id} (${hashToHex(row.hash)})`;
    const hash = sha256d(bytes.subarray(0, HEADER_SIZE));
    if (!equalBytes(hash, row.hash)) throw new Difference(`${name}: its body has the hash ${hashToHex(hash)}`);
    if (id === 0) {
      if (!equalBytes(bytes, params.genesis.toBytes())) throw new Difference(`${name}: is not the genesis block`);
      return;
    }
    const block = this.#decode(bytes, name);
    this.#scripts.enabled = scripts || row.status === BlockStatus.failed;
    const derived = this.#verdict(block);
    const stored = statusName(row.status);
    if (!derived.startsWith(stored)) throw new Difference(`${name}: ${versus(stored, derived)}`);
  }

  /** What the rules say of a block. */
  #verdict(block: Block): string {
    try {
      const result = this.#twin.processBlock(block);
      if (result.status === 'accepted') return statusName(BlockStatus.valid);
      return `nothing, because its parent ${hashToHex(result.missing[0])} is not known before it`;
    } catch (error) {
      if (!(error instanceof RuleError || error instanceof AssertError)) throw error;
      const isKept = this.#twin.blockStatus(block.hash) === 'failed';
      const code = error instanceof RuleError ? `${error.code}: ` : '';
      return `${isKept ? statusName(BlockStatus.failed) : 'refused'} (${code}${error.message})`;
    }
  }

  #decode(bytes: Uint8Array, name: string): Block {
    let block: Block;
    try {
      block = Block.fromBytes(bytes, this.#options.params.generation);
    } catch (error) {
      if (error instanceof WireError) throw new Difference(`${name}: its body does not decode (${error.message})`);
      throw error;
    }
    if (!equalBytes(block.toBytes(), bytes)) throw new Difference(`${name}: its body is not in canonical form`);
    return block;
  }

  #compareRows(from: number, end: number): void {
    for (let id = from; id < end; id++) this.#compare.index(id);
  }

  #compareOrder(): boolean {
    const length = this.#twin.orderLength;
    for (let at = this.#compared.order; at < length; at = this.#compared.order) {
      this.#compared.order = Math.min(length, this.#compare.orderPage(at));
      if (this.#isLate()) return false;
    }
    this.#compare.counts('order');
    return true;
  }

  #compareEffects(): boolean {
    const length = this.#twin.orderLength;
    for (let count = 1; this.#compared.effects < length; count++) {
      this.#compare.effects(this.#compared.effects++);
      if (count % GROUP === 0 && this.#isLate()) return false;
    }
    this.#compare.counts('effects');
    return true;
  }

  #compareOutputs(): boolean {
    for (const { key, value } of this.#rows.outputs(this.#nextOutput)) {
      this.#compare.output(key, value);
      // The least key behind this one.
      this.#nextOutput = Buffer.concat([key, Buffer.alloc(1)]);
      if (++this.#comparedOutputs % GROUP === 0 && this.#isLate()) return false;
    }
    this.#compare.counts('outputs');
    this.#compare.state();
    return true;
  }

  /** Waits while the DAG in memory knows blocks that are not on disk, which come with a commit that is shared. */
  #compareMemory(subject: Dag): boolean {
    if (subject.pendingBlocks > 0) return false;
    compareFacts(subject, this.#twin);
    for (let count = 1; this.#compared.memory < this.#derived; count++) {
      const id = this.#compared.memory++;
      comparePlace(subject, this.#twin, { position: id, id, hash: this.#rows.row(id).hash });
      if (count % GROUP === 0 && this.#isLate()) return false;
    }
    return true;
  }

  /** Rows from a position of the order on were rewritten: they are to be compared again. */
  #rewind(cut: number): void {
    const compared = this.#compared;
    compared.order = Math.min(compared.order, cut);
    compared.effects = Math.min(compared.effects, cut);
    compared.memory = Math.min(compared.memory, cut);
  }

  #isLate(): boolean {
    return this.#deps.clock.monotonic() >= this.#deadline;
  }
}
