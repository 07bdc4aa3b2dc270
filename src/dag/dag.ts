import type { NetworkParams } from '../params/index.ts';
import type { ProofOfWork } from '../pow/index.ts';
import type { SignatureCache } from '../script/index.ts';
import { type KeyValueStore, prepareSchema } from '../store/index.ts';
import { Emitter } from '../util/emitter.ts';
import type { Hash } from '../util/hash.ts';
import { type Logger, silentLogger } from '../util/log.ts';
import type { Clock } from '../util/ports.ts';
import type { Block, BlockHeader, OutPoint } from '../wire/index.ts';
import { AdjustedTime } from './adjusted-time.ts';
import type { CommitParticipant } from './commit-participant.ts';
import { DagState } from './dag-state.ts';
import { BlockStatus } from './engine/index.ts';
import { AssertError, RuleError } from './errors.ts';
import { type BlockInfo, type DagEvents, type TransactionState, transactionStates } from './events.ts';
import { type LocatedBlock, locateBlocks } from './locate.ts';
import { type BlockSummary, newestBlocks } from './newest-blocks.ts';
import { outpointKey } from './outputs/outpoint-key.ts';
import type { Output } from './outputs/output.ts';
import type { OutputRecord } from './outputs/output-record.ts';
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

/** Tips of the DAG at one moment. */
export interface DagSnapshot {
  /** Ascending by hash, the block connected last at the end. */
  readonly tips: readonly Hash[];
  /** Tips hash of the tips. */
  readonly hash: Hash;
  /** Least and greatest height of a tip. */
  readonly minHeight: number;
  readonly maxHeight: number;
  /** Connected blocks, genesis included. */
  readonly blockCount: number;
}

/** The block connected last, whatever its height. */
export interface BestState {
  readonly hash: Hash;
  readonly height: number;
  readonly bits: number;
  /** Bytes of the witness form. */
  readonly size: number;
  readonly weight: number;
  readonly txCount: number;
  /** Transactions of all connected blocks. */
  readonly totalTxs: number;
  /** Unix seconds. */
  readonly medianTime: number;
}

/** A block of the order and its colour. */
export interface ColouredBlock {
  readonly hash: Hash;
  readonly isBlue: boolean;
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
 * rules are in
 * docs/protocol.md.
 *
 * "Known" blocks include those that failed; all other questions are about connected blocks.
 */
export class Dag {
  readonly events = new Emitter<DagEvents>();
  /** Present if the script verifier can work ahead. */
  readonly preparation: BlockPreparation | undefined;
  readonly #options: DagOptions;
  readonly #deps: DagDeps;
  readonly #verifier: ScriptVerifier;
  readonly #time: AdjustedTime;
  #open: { readonly state: DagState; readonly processor: BlockProcessor } | undefined;

  constructor(options: DagOptions, deps: DagDeps) {
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
    return this.#state.pendingBlocks;
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
    return this.#state.index.idOf(hash) !== -1 || this.isOrphan(hash);
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

  /** What became of a known block; undefined if unknown or waiting. */
  blockStatus(hash: Hash): 'connected' | 'failed' | undefined {
    const id = this.#state.index.idOf(hash);
    if (id === -1) return undefined;
    return this.#state.index.status(id) === BlockStatus.failed ? 'failed' : 'connected';
  }

  /** Height of a connected block. */
  blockHeight(hash: Hash): number | undefined {
    const id = this.#connectedId(hash);
    return id === -1 ? undefined : this.#state.index.height(id);
  }

  /** A known block, also a failed one; as first received, in canonical form. */
  getBlock(hash: Hash): Block | undefined {
    const id = this.#state.index.idOf(hash);
    return id === -1 ? undefined : this.#state.bodies.get(id);
  }

  /** Canonical bytes (witness form) of a known block. Treat them as read-only. */
  getBlockBytes(hash: Hash): Uint8Array | undefined {
    const id = this.#state.index.idOf(hash);
    return id === -1 ? undefined : this.#state.bodies.bytes(id);
  }

  /** Blocks are numbered in the order of their arrival, genesis is 0: numbers given so far, also to blocks that failed. */
  get knownBlocks(): number {
    return this.#state.index.count;
  }

  /** Number of a connected block. */
  blockNumber(hash: Hash): number | undefined {
    const id = this.#connectedId(hash);
    return id === -1 ? undefined : id;
  }

  /** The connected block with a number; the block itself is read when it is asked for. */
  blockByNumber(number: number): { readonly hash: Hash; readonly height: number; readonly block: Block } | undefined {
    const { index, bodies } = this.#state;
    if (number >= index.count || !index.isConnected(number)) return undefined;
    return {
      hash: index.hashOf(number),
      height: index.height(number),
      get block() {
        return bodies.get(number);
      },
    };
  }

  /** Header of a known block. */
  getHeader(hash: Hash): BlockHeader | undefined {
    const id = this.#state.index.idOf(hash);
    return id === -1 ? undefined : this.#state.bodies.header(id);
  }

  /** Tips, their hash and heights, and the number of blocks. */
  snapshot(): DagSnapshot {
    const state = this.#state;
    const heights = state.tips().map((id) => state.index.height(id));
    return {
      tips: state.tipHashes(),
      hash: state.tipsHash(),
      minHeight: heights.reduce((a, b) => Math.min(a, b)),
      maxHeight: heights.reduce((a, b) => Math.max(a, b)),
      blockCount: state.index.connectedCount,
    };
  }

  /** The block connected last. */
  bestState(): BestState {
    const { index, best } = this.#state;
    const { id, ...facts } = best;
    return { hash: index.hashOf(id), height: index.height(id), bits: index.bits(id), ...facts };
  }

  /** Connected blocks of a height, ascending by display form. */
  blocksAtHeight(height: number): Hash[] {
    const { index } = this.#state;
    return index.blocksAtHeight(height).map((id) => index.hashOf(id));
  }

  /** Median time of a connected block: of itself and the ten before it by first parent. */
  medianTime(hash: Hash): number | undefined {
    const id = this.#connectedId(hash);
    return id === -1 ? undefined : this.#state.medianTime(id);
  }

  /** Connected children of a block, ascending by display form. */
  children(hash: Hash): Hash[] {
    const { index, engine } = this.#state;
    const id = this.#connectedId(hash);
    return id === -1 ? [] : engine.children(id).map((child) => index.hashOf(child));
  }

  /** Answers `getblocks` and `getheaders`, see {@link locateBlocks}. */
  locate(locatorHeights: readonly number[], stopHash: Hash, max: number): LocatedBlock[] {
    return locateBlocks(this.#state.index, locatorHeights, stopHash, max);
  }

  /** See {@link newestBlocks}. */
  newestBlocks(count: number): BlockSummary[] {
    return newestBlocks(this.#state, count);
  }

  /** All blocks in consensus order, genesis first. Do not process blocks while iterating. */
  *order(): Iterable<Hash> {
    const { engine, index } = this.#state;
    for (let position = 0; position < engine.orderLength; position++) yield index.hashOf(engine.orderAt(position));
  }

  /** The block at a position of the order; undefined behind its end. */
  orderAt(position: number): Hash | undefined {
    const { engine, index } = this.#state;
    return position >= 0 && position < engine.orderLength ? index.hashOf(engine.orderAt(position)) : undefined;
  }

  /** Blocks in the order; fewer than there are blocks only if some block names a redundant parent. */
  get orderLength(): number {
    return this.#state.engine.orderLength;
  }

  /** Hash over the order, see `chainOrderHash`. */
  orderHash(): Hash {
    return this.#state.replay.hash;
  }

  /** The order with the colours that RPC shows: blue is what is blue for the block connected last and its past. */
  coloring(): ColouredBlock[] {
    const { engine, best } = this.#state;
    const blue = new Set(engine.colouringOf(best.id));
    return this.#coloured((id) => blue.has(id));
  }

  /** The order with the colours of the whole DAG: blue for the virtual block over all tips. */
  virtualColoring(): ColouredBlock[] {
    const { engine } = this.#state;
    return this.#coloured((id) => engine.isVirtualBlue(id));
  }

  /** True if a connected block is blue for the virtual block over all tips. */
  isVirtualBlue(hash: Hash): boolean {
    const id = this.#connectedId(hash);
    return id !== -1 && this.#state.engine.isVirtualBlue(id);
  }

  /** Blocks that are blue for the virtual block over all tips; includes those that the order leaves out. */
  virtualBlueSet(): Hash[] {
    const { engine, index } = this.#state;
    const blue: Hash[] = [];
    for (let id = 0; id < index.count; id++) if (engine.isVirtualBlue(id)) blue.push(index.hashOf(id));
    return blue;
  }

  /** Number of virtual blue blocks. */
  get virtualBlueScore(): number {
    return this.#state.engine.virtualBlueCount;
  }

  /** True if a tip is younger than a day. */
  isCurrent(): boolean {
    const limit = this.adjustedTime() - CURRENT_SECONDS;
    return this.#state.tips().some((id) => this.#state.index.time(id) >= limit);
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

  /** An output of the stored set, which also holds outputs that were spent (see `OutputState`). */
  utxo({ hash, index }: OutPoint): Output | undefined {
    return this.#state.outputs.stored(outpointKey(hash, index));
  }

  /** Everything known of an output: also what the present order makes of it. */
  outputRecord({ hash, index }: OutPoint): OutputRecord {
    return this.#state.outputs.record(outpointKey(hash, index));
  }

  /** Hash over the stored set and its size; two nodes with equal hashes hold equal outputs. */
  outputSetHash(): Hash {
    return this.#state.outputs.hash.value();
  }

  get outputCount(): number {
    return this.#state.outputs.storedCount;
  }

  /** Memory of the block index and the engine, without caches, in bytes. */
  get indexBytes(): number {
    return this.#state.engine.bytes;
  }

  /** What the order makes of each transaction of a block; undefined if the block is not in the order. */
  transactionStates(hash: Hash): TransactionState[] | undefined {
    const { engine, replay } = this.#state;
    const id = this.#connectedId(hash);
    const position = id === -1 ? -1 : engine.positionOf(id);
    return position === -1 ? undefined : transactionStates(replay.effectsAt(position));
  }

  /** What a block on all tips must look like. */
  nextTemplateContext(): TemplateContext {
    return templateContext(this.#state, this.#options.params);
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
    checkTemplate(this.#state, this.#options.params, this.#time, scripts ? this.#verifier : undefined, block);
  }

  /**
   * Checks the rules of a block that need no other block, proof of work included.
   * @throws {RuleError} the first one it breaks.
   */
  checkBlockSanity(block: Block): void {
    const { powLimit } = this.#options.params;
    checkBlockSanity(block, { powLimit, pow: this.#deps.pow, adjustedTime: this.adjustedTime() });
  }

  #coloured(isBlue: (id: number) => boolean): ColouredBlock[] {
    const { engine, index } = this.#state;
    return Array.from({ length: engine.orderLength }, (_, position) => {
      const id = engine.orderAt(position);
      return { hash: index.hashOf(id), isBlue: isBlue(id) };
    });
  }

  #connectedId(hash: Hash): number {
    const { index } = this.#state;
    const id = index.idOf(hash);
    return id !== -1 && index.isConnected(id) ? id : -1;
  }

  get #state(): DagState {
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
