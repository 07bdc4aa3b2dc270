import type { NetworkParams } from '../params/index.ts';
import type { ProofOfWork } from '../pow/index.ts';
import type { SignatureCache } from '../script/index.ts';
import { type KeyValueStore, prepareSchema } from '../store/index.ts';
import { Emitter } from '../util/emitter.ts';
import type { Hash } from '../util/hash.ts';
import { type Logger, silentLogger } from '../util/log.ts';
import type { Clock } from '../util/ports.ts';
import type { Block } from '../wire/index.ts';
import { AdjustedTime } from './adjusted-time.ts';
import type { CommitParticipant } from './commit-participant.ts';
import { DagState } from './dag-state.ts';
import { DagView } from './dag-view.ts';
import { AssertError, RuleError } from './errors.ts';
import type { BlockInfo, DagEvents } from './events.ts';
import { BlockProcessor, type ProcessResult } from './process.ts';
import { checkBlockSanity } from './rules/block-sanity.ts';
import { InlineScriptVerifier, type ScriptVerifier } from './rules/scripts.ts';
import { checkTemplate, type TemplateContext, templateContext } from './template.ts';

/** Settings of the DAG. */
export interface DagOptions {
  readonly params: NetworkParams;
  /** Memory for outputs, bytes; default 24 MiB, which is about 50,000 of them. */
  readonly outputCacheBytes?: number;
  /** Secret random 32-bit number, so that nobody can aim block hashes at one bucket of the index. */
  readonly hashSeed?: number;
}

/** What the DAG works with. */
export interface DagDeps {
  /** Stays open when the DAG is closed: who opened it closes it. */
  readonly store: KeyValueStore;
  readonly clock: Clock;
  readonly pow: ProofOfWork;
  /** Signatures that were verified for the memory pool. */
  readonly sigCache?: SignatureCache;
  /** Runs the scripts of blocks; default: here and now, one after the other. */
  readonly scriptVerifier?: ScriptVerifier;
  /** Who keeps something of its own about blocks, in the commits that store them. */
  readonly participants?: readonly CommitParticipant[];
  readonly logger?: Logger;
}

/** Work on blocks that wait for their turn, in other threads where possible. It changes no verdict. */
export interface BlockPreparation {
  /** A block will be processed soon. */
  prepare(block: Block): void;
  /** True while others work on the block: when they are done, processing it will cost less. */
  isBusy(block: Block): boolean;
  /** Whatever was prepared for a block is not wanted any more; processing it says so by itself. */
  forget(block: Block): void;
  /** Does some milliseconds of the work that nobody does yet. @returns false if there is none. */
  assist(): boolean;
  /** Calls the listener whenever work has been done. @returns function that ends that. */
  onProgress(listener: () => void): () => void;
}

const always = (): boolean => true;

/** A node is synchronised if some tip is at most this old, seconds. */
const CURRENT_SECONDS = 24 * 60 * 60;

/**
 * The consensus core: every known block, the DAG they form, its order, and the outputs that follow from it. A
 * deterministic, synchronous state machine: `processBlock` is a function of the state, the block and the clock. All
 * rules are in docs/protocol.md.
 */
export class Dag extends DagView {
  readonly events = new Emitter<DagEvents>();
  /** Present if the script verifier can work ahead. */
  readonly preparation: BlockPreparation | undefined;
  readonly #options: DagOptions;
  readonly #deps: DagDeps;
  readonly #verifier: ScriptVerifier;
  readonly #time: AdjustedTime;
  #open: { readonly state: DagState; readonly processor: BlockProcessor } | undefined;

  constructor(options: DagOptions, deps: DagDeps) {
    super();
    this.#options = options;
    this.#deps = deps;
    this.#verifier = deps.scriptVerifier ?? new InlineScriptVerifier(deps.sigCache);
    this.#time = new AdjustedTime(deps.clock);
    const { early } = this.#verifier;
    this.preparation = early && {
      prepare: (block) => this.#processor.prepare(block),
      isBusy: (block) => early.isBusy(block) || this.#processor.isAhead,
      forget: (block) => early.forget(block),
      assist: () => early.assist(),
      onProgress: (listener) => {
        const ends = [early.events.on('progress', listener), this.events.on('written', listener)];
        return () => {
          for (const end of ends) end();
        };
      },
    };
  }

  /**
   * Reads the state from the store: one pass over the block index, nothing is replayed. An empty store gets the
   * genesis block.
   * @throws {StoreError} if the data is damaged, of another network or of a newer program.
   */
  open(): void {
    if (this.#open) throw new Error('the DAG is already open');
    const { params } = this.#options;
    const { store, clock, pow, participants, logger = silentLogger } = this.#deps;
    prepareSchema(store, params.genesisHash);
    const state = DagState.open(store, params, { ...this.#options, ...(participants && { participants }) });
    const { events } = this;
    const deps = {
      state,
      params,
      pow,
      verifier: this.#verifier,
      time: this.#time,
      clock,
      logger,
      events,
      aside: store.aside,
    };
    this.#open = { state, processor: new BlockProcessor(deps) };
  }

  /** Waits for the store, and forgets everything in memory; orphans are lost. Idempotent. */
  close(): Promise<void> {
    this.#open?.processor.finish();
    this.#open = undefined;
    return Promise.resolve();
  }

  /**
   * Takes a block. It is on disk and all events are out when this returns (within a {@link batch}: when that ends).
   * @param mayGoOn asked before each waiting block that this one resolves: if false, they wait on, until {@link releaseOrphans}
   *   or the next block. So a block that resolves hundreds does not take as long as hundreds.
   * @throws {RuleError} if it breaks a rule; {@link AssertError} if its parents are not those of its header.
   * @throws {StoreError} if it cannot be stored. The DAG refuses all blocks from then on; the disk holds a good state.
   */
  processBlock(block: Block, mayGoOn: () => boolean = always): ProcessResult {
    return this.#processor.process(block, mayGoOn);
  }

  /** True if blocks wait that could be processed. */
  get hasReadyOrphans(): boolean {
    return this.#processor.orphans.hasReady;
  }

  /**
   * Processes blocks that wait and could be processed.
   * @param mayGoOn asked before each.
   * @returns those accepted, in order.
   */
  releaseOrphans(mayGoOn: () => boolean = always): readonly BlockInfo[] {
    return this.#processor.releaseOrphans(mayGoOn);
  }

  /**
   * Lets the blocks that `work` processes share commits, for catching up. Events leave after each commit, of which
   * there is one for at most 256 blocks or 8 MiB, and one at the end.
   */
  batch<T>(work: () => T): T {
    return this.#processor.batch(work);
  }

  /**
   * Lets all blocks processed from now on share commits as in a {@link batch}, until the returned function is called:
   * for work that is spread over several turns of the event loop. What is asked meanwhile is answered by the state in memory.
   * If the store can, another thread writes the commits while more blocks are processed: two at most are not on disk then.
   * @returns `soon`: the last commit may be written in that way too, and need not be on disk when this returns.
   */
  openBatch(): (soon?: boolean) => void {
    return this.#processor.openBatch();
  }

  /** Blocks that are on disk only after the next commit: none outside of batches. */
  get pendingBlocks(): number {
    return this.state.pendingBlocks;
  }

  /** Processes blocks as one {@link batch}; a block that is refused leaves its error in its place. */
  processBlocks(blocks: readonly Block[]): (ProcessResult | RuleError | AssertError)[] {
    return this.batch(() =>
      blocks.map((block) => {
        try {
          return this.processBlock(block);
        } catch (error) {
          if (error instanceof RuleError || error instanceof AssertError) return error;
          throw error;
        }
      }),
    );
  }

  /** True if the block is known, connected or failed, or waits for its parents. */
  haveBlock(hash: Hash): boolean {
    return this.state.index.idOf(hash) !== -1 || this.isOrphan(hash);
  }

  isOrphan(hash: Hash): boolean {
    return this.#processor.orphans.has(hash);
  }

  /** Blocks that wait for their parents. */
  get orphanCount(): number {
    return this.#processor.orphans.size;
  }

  /** Unknown parents that waiting blocks need and that do not wait themselves. */
  missingParents(): Hash[] {
    return this.#processor.orphans.missingParents();
  }

  /** True if a tip is younger than a day. */
  isCurrent(): boolean {
    const limit = this.adjustedTime() - CURRENT_SECONDS;
    return this.state.tips().some((id) => this.state.index.time(id) >= limit);
  }

  /** Network time, Unix seconds. */
  adjustedTime(): number {
    return this.#time.now();
  }

  /** Tells what time a peer has. `source`: one per host. */
  addTimeSample(source: string, seconds: number): void {
    this.#time.addSample(source, seconds);
  }

  /** Correction of the local clock, seconds. */
  get timeOffset(): number {
    return this.#time.offset;
  }

  /** What a block on all tips must look like. */
  nextTemplateContext(): TemplateContext {
    return templateContext(this.state, this.#options.params);
  }

  /** Compact target of a block on all tips with this timestamp. */
  requiredBits(time: number): number {
    return this.nextTemplateContext().bits(time);
  }

  /**
   * Checks a block on all tips without its proof of work.
   * @param scripts false if the caller has run all scripts already, under flags that refuse what the rules of blocks refuse.
   * @throws {RuleError} the first rule it breaks.
   */
  checkTemplate(block: Block, { scripts = true }: { readonly scripts?: boolean } = {}): void {
    checkTemplate(this.state, this.#options.params, this.#time, scripts ? this.#verifier : undefined, block);
  }

  /**
   * Checks the rules of a block that need no other block, proof of work included.
   * @throws {RuleError} the first one it breaks.
   */
  checkBlockSanity(block: Block): void {
    const { powLimit } = this.#options.params;
    checkBlockSanity(block, { powLimit, pow: this.#deps.pow, adjustedTime: this.adjustedTime() });
  }

  protected override get state(): DagState {
    return this.#opened.state;
  }

  get #processor(): BlockProcessor {
    return this.#opened.processor;
  }

  get #opened(): { readonly state: DagState; readonly processor: BlockProcessor } {
    if (!this.#open) throw new Error('the DAG is not open');
    return this.#open;
  }
}
