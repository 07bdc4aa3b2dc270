import type { NetworkParams } from '../params/index.ts';
import type { ProofOfWork } from '../pow/index.ts';
import type { AsideWrites, StoreError } from '../store/index.ts';
import type { Emitter } from '../util/emitter.ts';
import { type Hash, hashKey, hashToHex } from '../util/hash.ts';
import type { Logger } from '../util/log.ts';
import type { Clock } from '../util/ports.ts';
import { type Block, checkBlockBinding, tipsHash } from '../wire/index.ts';
import type { AdjustedTime } from './adjusted-time.ts';
import type { DagState } from './dag-state.ts';
import { DagDelta } from './delta.ts';
import { BlockStatus } from './engine/index.ts';
import { AssertError, RuleError } from './errors.ts';
import { type BlockInfo, type DagEvents, describeBlock, type OrderChange, orderChange } from './events.ts';
import { OrphanPool } from './orphan-pool.ts';
import { checkBlockSanity, checkNotInFuture } from './rules/block-sanity.ts';
import { checkConnect } from './rules/connect.ts';
import { checkContext, heightAbove } from './rules/context.ts';
import type { ScriptVerifier } from './rules/scripts.ts';

/** What became of a block that broke no rule. */
export type ProcessResult =
  | {
      readonly status: 'accepted';
      readonly height: number;
      /** This block, and orphans that it resolved, in the order of acceptance. */
      readonly accepted: readonly BlockInfo[];
    }
  | { readonly status: 'orphan'; readonly missing: readonly Hash[] };

/** What one commit of a batch takes at most, so that a crash loses little: blocks, their memory (bytes), outputs. */
const BATCH_BLOCKS = 256;
const BATCH_BYTES = 48 * 1024 * 1024;
const BATCH_OUTPUTS = 100_000;
/** A parent this far below the greatest height is worth a line in the log. */
const OLD_PARENT = 70;

interface News {
  readonly info: BlockInfo;
  readonly change: OrderChange | undefined;
  readonly delta: DagDelta;
}

/** What the processor works with. */
export interface ProcessorDeps {
  readonly state: DagState;
  readonly params: NetworkParams;
  readonly pow: ProofOfWork;
  readonly verifier: ScriptVerifier;
  readonly time: AdjustedTime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Emitter<DagEvents>;
  /** Present if another thread can write. */
  readonly aside: AsideWrites | undefined;
}

/**
 * The way of a block into the DAG, one block at a time: sanity, binding of parents and header, orphan pool, context,
 * connect
 * checks, connection, commit, events.
 */
export class BlockProcessor {
  readonly orphans = new OrphanPool();
  readonly #deps: ProcessorDeps;
  /** Blocks whose sanity was checked before their turn. */
  readonly #sane = new WeakSet<Block>();
  /** News that wait for the next commit, for the one that is being carried out aside, and for being told. */
  #held: News[] = [];
  #sent: readonly News[] | undefined;
  readonly #ready: News[] = [];
  #heldBytes = 0;
  #batchDepth = 0;
  #openBatches = 0;
  #emitting = false;
  #failed: unknown;
  #uncommitted = false;

  constructor(deps: ProcessorDeps) {
    this.#deps = deps;
  }

  /**
   * Takes a block from anywhere. Outside of a batch everything is on disk and all events are out when this returns.
   * @param mayGoOn asked before each orphan that it resolves; false: the others stay for {@link releaseOrphans}.
   * @throws {RuleError} if it breaks a rule.
   * @throws {AssertError} if its parents are not those of its header; nothing is remembered of such bytes.
   * @throws {StoreError} if it cannot be stored; the DAG is unusable from then on.
   */
  process(block: Block, mayGoOn: () => boolean): ProcessResult {
    try {
      return this.batch(() => this.#processOne(block, mayGoOn));
    } finally {
      // Whatever becomes of the block: as an orphan it would hold all that was prepared for an hour.
      this.#deps.verifier.early?.forget(block);
    }
  }

  /** Goes on with orphans whose parents are all known. @returns those accepted, in order. */
  releaseOrphans(mayGoOn: () => boolean): readonly BlockInfo[] {
    return this.batch(() => {
      this.#assertUsable();
      return this.#release(mayGoOn);
    });
  }

  /**
   * Does for a block that will be processed soon what can be done before its turn: checks of the block by itself, and
   * its scripts
   * in other threads. Its verdict is the same with and without. One that fails leaves no trace.
   */
  prepare(block: Block): void {
    const { state, params, pow, time, verifier } = this.#deps;
    // A block without spends has nothing that is worth the trouble.
    if (!verifier.early || block.transactions.length < 2 || this.#sane.has(block)) return;
    if (state.index.idOf(block.hash) !== -1 || this.orphans.has(block.hash)) return;
    try {
      checkBlockSanity(block, { powLimit: params.powLimit, pow, adjustedTime: time.now() });
      checkBinding(block);
    } catch (error) {
      if (error instanceof RuleError || error instanceof AssertError) return;
      throw error;
    }
    this.#sane.add(block);
    verifier.early.prepare(block, state.outputs.stored);
  }

  /**
   * Lets all blocks processed from now on share commits, until the returned function is called; see {@link batch}. Another
   * thread writes them, if the store has one. The function waits for it, unless the end need not be on disk at once.
   */
  openBatch(): (soon?: boolean) => void {
    this.#batchDepth++;
    this.#openBatches++;
    let open = true;
    return (soon = false) => {
      if (!open) return;
      open = false;
      this.#openBatches--;
      this.#batchDepth--;
      if (this.#batchDepth > 0) return;
      if (soon && this.#aside) this.#commitAside(this.#aside);
      else this.#commit();
    };
  }

  /** True while a full batch waits for the disk: what is processed now would have to wait too. */
  get isAhead(): boolean {
    return this.#sent !== undefined && this.#batchIsFull(1);
  }

  /** Waits until everything is on disk and told that was sent there. */
  finish(): void {
    this.#aside?.finish();
  }

  /**
   * Lets the blocks processed within `work` share commits; their events are held back until the commit. Commits happen
   * at a bounded number of blocks and bytes and at the end, also if `work` throws.
   */
  batch<T>(work: () => T): T {
    this.#batchDepth++;
    try {
      return work();
    } finally {
      this.#endBatch();
    }
  }

  #endBatch(): void {
    this.#batchDepth--;
    if (this.#batchDepth === 0) this.#commit();
  }

  #processOne(block: Block, mayGoOn: () => boolean): ProcessResult {
    this.#assertUsable();
    const { state, params, pow, time, clock } = this.#deps;
    const { hash } = block;
    if (state.index.idOf(hash) !== -1) {
      throw new RuleError('ErrDuplicateBlock', `already have block ${hashToHex(hash)}`);
    }
    if (this.orphans.has(hash)) {
      throw new RuleError('ErrDuplicateBlock', `already have block (orphan) ${hashToHex(hash)}`);
    }
    if (this.#sane.delete(block)) checkNotInFuture(block, time.now());
    else checkBlockSanity(block, { powLimit: params.powLimit, pow, adjustedTime: time.now() });
    checkBinding(block);
    const missing = unknownParents(state, block);
    if (missing.length > 0) {
      this.orphans.add(block, missing, clock.now());
      return { status: 'orphan', missing };
    }
    const info = this.#accept(block);
    return { status: 'accepted', height: info.height, accepted: [info, ...this.#release(mayGoOn)] };
  }

  #release(mayGoOn: () => boolean): BlockInfo[] {
    const accepted: BlockInfo[] = [];
    while (this.orphans.hasReady && mayGoOn()) {
      const orphan = this.orphans.takeReady();
      const resolved = orphan && this.#acceptOrphan(orphan);
      if (resolved) accepted.push(resolved);
    }
    return accepted;
  }

  /** Errors of orphans concern nobody who is still there. */
  #acceptOrphan(block: Block): BlockInfo | undefined {
    try {
      return this.#accept(block);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      this.#deps.logger.warn(`orphan block ${hashToHex(block.hash)} refused: ${error.message}`);
      return undefined;
    }
  }

  /** All steps for a block whose parents are known. */
  #accept(block: Block): BlockInfo {
    const { state, params, verifier, logger } = this.#deps;
    const parents = this.#parentsOf(block);
    const height = heightAbove(state.index, parents);
    checkContext(state.index, params, block, parents);
    try {
      checkConnect(block, height, params, state.outputs.stored, verifier);
    } catch (error) {
      if (error instanceof RuleError) this.#changing(block, () => state.fail(block, parents));
      throw error;
    }
    const info: BlockInfo = { hash: block.hash, height, block, parents: block.parentHashes };
    this.#changing(block, () => {
      const connected = state.connect(block, parents);
      const delta = new DagDelta(state, info, connected);
      this.#held.push({ info, change: orderChange(state, connected), delta });
    });
    if (logger.enabled('debug')) logger.debug(`accepted block ${describeBlock(info)}`);
    if (this.#batchIsFull(1)) this.#commitPart();
    return info;
  }

  #parentsOf(block: Block): number[] {
    const { state, logger } = this.#deps;
    const { index } = state;
    let old = 0;
    const ids = block.parentHashes.map((parent) => {
      const id = index.idOf(parent);
      const names = (): string => `block ${hashToHex(block.hash)} parent ${hashToHex(parent)}`;
      if (id === -1) throw new RuleError('ErrPreviousBlockUnknown', `${names()} is unknown`);
      if (index.status(id) === BlockStatus.failed) {
        throw new RuleError('ErrInvalidAncestorBlock', `${names()} is known to be invalid`);
      }
      // One line a block: it may name thousands.
      if (index.height(id) <= index.greatestHeight - OLD_PARENT && old++ === 0) logger.warn(`${names()} is very old`);
      return id;
    });
    if (old > 1) logger.warn(`block ${hashToHex(block.hash)} has ${old} very old parents`);
    return ids;
  }

  /** Changes the state. What fails in the middle of that cannot be taken back in memory. */
  #changing(block: Block, change: () => void): void {
    this.#uncommitted = true;
    this.#heldBytes += block.memory;
    try {
      change();
    } catch (error) {
      throw this.#fail(error);
    }
    this.orphans.resolve(block.hash);
  }

  #batchIsFull(times: number): boolean {
    const { unsentBlocks, outputs } = this.#deps.state;
    return (
      unsentBlocks >= times * BATCH_BLOCKS ||
      this.#heldBytes >= times * BATCH_BYTES ||
      outputs.pending >= times * BATCH_OUTPUTS
    );
  }

  get #aside(): AsideWrites | undefined {
    return this.#deps.aside;
  }

  /** Commits in the middle of a batch. */
  #commitPart(): void {
    if (this.#openBatches === 0 || !this.#aside) this.#commit();
    // The next one begins when this one is done; whoever does not look at `isAhead` waits in the end.
    else if (!this.#sent || this.#batchIsFull(2)) this.#commitAside(this.#aside);
  }

  /** Commits and waits for it. */
  #commit(): void {
    if (this.#failed !== undefined) return;
    this.#aside?.finish();
    // What went before it was not written after all: nor is this.
    if (this.#failed !== undefined) throw this.#failed;
    if (!this.#uncommitted) return;
    try {
      this.#deps.state.commit();
    } catch (error) {
      throw this.#fail(error);
    }
    this.#ready.push(...this.#takeHeld());
    this.#emit();
  }

  #commitAside(aside: AsideWrites): void {
    aside.finish();
    if (!this.#uncommitted || this.#failed !== undefined) return;
    try {
      this.#deps.state.commitAside(aside, (failure) => this.#landed(failure));
    } catch (error) {
      throw this.#fail(error);
    }
    this.#sent = this.#takeHeld();
  }

  /** What was written aside is on disk, or could not be. */
  #landed(failure: StoreError | undefined): void {
    const news = this.#sent ?? [];
    this.#sent = undefined;
    if (failure) {
      this.#fail(failure);
      return;
    }
    this.#ready.push(...news);
    this.#emit();
    this.#deps.events.emit('written', undefined);
    if (this.#aside && this.#openBatches > 0 && this.#batchIsFull(1)) this.#commitAside(this.#aside);
  }

  #takeHeld(): readonly News[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#uncommitted = false;
    return held;
  }

  /** Tells what happened. Blocks that a listener brings in are told of after those before them. */
  #emit(): void {
    if (this.#emitting) return;
    this.#emitting = true;
    const { events } = this.#deps;
    try {
      for (let next = this.#ready.shift(); next; next = this.#ready.shift()) {
        if (next.change) events.emit('reorder', next.change);
        events.emit('connected', next.info);
        events.emit('accepted', next.info);
        events.emit('changed', next.delta);
      }
    } finally {
      this.#emitting = false;
    }
  }

  /** What is in memory does not count any more: whoever runs the node must hear of it, whoever brought the block. */
  #fail(error: unknown): unknown {
    this.#failed = error;
    this.#deps.events.emit('failed', error);
    return error;
  }

  #assertUsable(): void {
    if (this.#failed !== undefined) {
      throw new Error('the DAG cannot be used any more after an earlier failure', { cause: this.#failed });
    }
  }
}

/**
 * The parents must be those that the header was made for. Checked before anything is stored or remembered, since the
 * block hash does not cover them: the same hash with its true parents must stay welcome.
 */
function checkBinding(block: Block): void {
  const problem = checkBlockBinding(block);
  if (!problem) return;
  if (problem.kind === 'noParents') throw new AssertError(`assertion failed: ${problem.message}`);
  throw new AssertError(
    `assertion failed: inconsistent view when checking block connection: best hash is ${hashToHex(tipsHash(block.parentHashes))} instead of expected ${hashToHex(block.header.prevBlock)}`,
  );
}

/** Distinct parents that are neither connected nor known to have failed. */
function unknownParents({ index }: DagState, block: Block): Hash[] {
  const missing = new Map<string, Hash>();
  for (const parent of block.parentHashes) if (index.idOf(parent) === -1) missing.set(hashKey(parent), parent);
  return [...missing.values()];
}
