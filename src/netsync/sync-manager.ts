import { hashKey, hashToHex, isZeroHash } from '../util/hash.ts';
import type { Timer } from '../util/ports.ts';
import { type Block, InvType, type InvVector, type Transaction } from '../wire/index.ts';
import { BlockFetcher } from './block-fetcher.ts';
import { BlockPlan, type PlannedBlock } from './block-plan.ts';
import { BlockQueue, StoppedError } from './block-queue.ts';
import { ClaimMemory } from './claim-memory.ts';
import { Downloader } from './downloader.ts';
import { HeldAnnouncements } from './held-announcements.ts';
import {
  CATCHING_UP_BLOCKS,
  COLLECTED_BLOCKS,
  COLLECTED_BYTES,
  COLLECTED_BYTES_IN_ALL,
  COSTLY_REFUSAL_MS,
  FAR_BELOW,
  HEAVY_BLOCK_BYTES,
  MAX_ENTRIES_CONSIDERED,
  MAX_ENTRIES_KNOWN,
  MAX_REFUSAL_REST_MS,
  NEAR_HEIGHTS,
  REFUSAL_REST_FACTOR,
  requestExpiry,
  TICK_MS,
} from './limits.ts';
import { OrphanSlices, type Payer } from './orphan-slices.ts';
import { PeerState } from './peer-state.ts';
import type { ProcessResult, SyncBlockInfo, SyncManagerDeps, SyncManagerOptions, SyncPeer } from './ports.ts';
import { ProgressMeter, type SyncProgress } from './progress.ts';
import { faultOf, isDuplicate, isVerdict, refusalOf } from './rejects.ts';
import type { OpenRequest } from './request-table.ts';
import { Synchronizer } from './synchronizer.ts';
import { TransactionFetcher } from './transaction-fetcher.ts';
import { Walker } from './walker.ts';

/** Orphans' missing parents are looked over after so many ticks. */
const TICKS_PER_PRUNE = 60;
/** Default of `reconcileDelay`. */
const RECONCILE_DELAY_MS = 5000;

const SUPPORTED: ReadonlySet<number> = new Set([InvType.tx, InvType.block, InvType.witnessTx, InvType.witnessBlock]);

function isBlockEntry({ type }: InvVector): boolean {
  return type === InvType.block || type === InvType.witnessBlock;
}

/** Fill of the sync manager's tables. */
export interface SyncLoad {
  readonly peers: number;
  readonly openBlocks: number;
  readonly openTransactions: number;
  readonly missingParents: number;
  readonly queuedBlocks: number;
  /** Blocks of lists that several peers share, and bytes of those that came before their turn. */
  readonly sharedBlocks: number;
  readonly heldBytes: number;
}

/**
 * Decides which blocks and transactions are fetched from whom and feeds them to the DAG and the pool. Calls of one peer
 * must come in the order of its messages; the promise for a block or transaction resolves when it was dealt with, and
 * until then the peer's next message is to be left unread. See docs/protocol.md, "Peers".
 */
export class SyncManager {
  readonly #options: SyncManagerOptions;
  readonly #deps: SyncManagerDeps;
  readonly #peers = new Map<number, PeerState>();
  readonly #plan = new BlockPlan();
  readonly #blocks: BlockFetcher;
  readonly #downloader: Downloader;
  readonly #transactions: TransactionFetcher;
  readonly #sync: Synchronizer;
  readonly #walker: Walker;
  readonly #claims = new ClaimMemory();
  readonly #queue: BlockQueue;
  readonly #orphans: OrphanSlices;
  readonly #meter = new ProgressMeter();
  #timer: Timer | undefined;
  #unsubscribe: (() => void)[] = [];
  #ticks = 0;
  /** Bytes of the blocks of all peers that wait. */
  #queuedBytes = 0;
  /** Blocks of shared lists that wait to be processed, and their bytes. */
  #plannedJobs = 0;
  #plannedBytes = 0;
  #stopped = false;
  /** Key of the block of this node's own miner or user that is being processed. */
  #own: string | undefined;
  readonly #unannounced: HeldAnnouncements;

  constructor(options: SyncManagerOptions, deps: SyncManagerDeps) {
    const { dag, pool, announcer, world, logger } = deps;
    this.#options = options;
    this.#deps = deps;
    const now = () => world.clock.monotonic();
    const expiry = requestExpiry(options.generation);
    this.#blocks = new BlockFetcher(dag, this.#peers, this.#plan, now, expiry);
    this.#unannounced = new HeldAnnouncements(announcer);
    this.#transactions = new TransactionFetcher({ pool, dag, announcer, logger, now }, expiry);
    const shared = { peers: this.#peers, fetcher: this.#blocks, plan: this.#plan };
    this.#sync = new Synchronizer(options, { ...shared, dag, world, logger });
    this.#walker = new Walker(now);
    const { preparation } = dag;
    this.#queue = new BlockQueue({
      world,
      batch: (work) => dag.batch(work),
      ...(dag.openBatch && { openBatch: () => dag.openBatch!() }),
      ...(preparation && { assist: () => preparation.assist() }),
      failed: (error) => this.#failed(error),
    });
    this.#orphans = new OrphanSlices({ dag, queue: this.#queue, now, failed: (error) => this.#failed(error) });
    this.#downloader = new Downloader({
      ...shared,
      sync: this.#sync,
      now,
      isIdle: () => this.#queue.length === 0,
      hasRoom: () => this.#plannedJobs < COLLECTED_BLOCKS && this.#plannedBytes < COLLECTED_BYTES,
      process: (planned) => this.#queuePlanned(planned),
    });
  }

  /** Begins to work. */
  start(): void {
    if (this.#timer || this.#stopped) return;
    const { dag, world } = this.#deps;
    this.#unsubscribe = [
      dag.events.on('connected', (info) => this.#transactions.blockConnected(info)),
      dag.events.on('accepted', (info) => this.#blockAccepted(info)),
    ];
    const { preparation } = dag;
    if (preparation) this.#unsubscribe.push(preparation.onProgress(() => this.#queue.wake()));
    this.#timer = world.timers.every(TICK_MS, () => this.#tick());
  }

  /** Ends all work: blocks that wait are refused with `StoppedError`. Idempotent. */
  stop(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#queue.stop();
    this.#stopped = true;
    this.#timer?.cancel();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    for (const state of this.#peers.values()) state.readOn?.();
    this.#downloader.clear();
    this.#peers.clear();
    return Promise.resolve();
  }

  /** A peer's version was accepted. */
  peerConnected(peer: SyncPeer): void {
    if (this.#stopped || this.#peers.has(peer.id)) return;
    const now = this.#now();
    const state = new PeerState(peer, () => this.#now());
    state.reconcileAt = now + (this.#options.reconcileDelay ?? RECONCILE_DELAY_MS);
    state.noteClaim(this.#sync.ourHeight, now);
    // Whom we dialled was our own choice; who dials us may be anybody, again and again.
    if (peer.inbound) state.failures = this.#claims.failuresOf(peer.host, now);
    this.#peers.set(peer.id, state);
    this.#sync.start();
    this.#downloader.assign();
  }

  /** A peer that was connected has left: what it owed is asked of others. */
  peerDisconnected(peer: SyncPeer): void {
    const state = this.#peers.get(peer.id);
    if (!state || state.peer !== peer) return;
    this.#peers.delete(peer.id);
    if (peer.inbound) this.#claims.left(peer.host, state.failuresAtEnd(this.#sync.ourHeight), this.#now());
    this.#blocks.release(state);
    this.#transactions.release(state);
    this.#sync.lost(state);
    this.#downloader.assign();
  }

  /** A peer offers inventory, or answers a getblocks. @returns resolves when it was dealt with. */
  inventory(peer: SyncPeer, inventory: readonly InvVector[]): void | Promise<void> {
    return this.#inOrder(peer, (state) => this.#inventory(state, inventory));
  }

  #inventory(state: PeerState, inventory: readonly InvVector[]): void {
    const { peer } = state;
    const entries = inventory.slice(0, MAX_ENTRIES_CONSIDERED).filter(({ type }) => SUPPORTED.has(type));
    const blocks = entries.filter(isBlockEntry);
    state.activityAt = this.#now();
    const [first] = entries;
    if (first && entries.length === 1 && isZeroHash(first.hash)) {
      // Shared lists are continued before their last block has come.
      if (this.#plan.size === 0 || state !== this.#sync.peer) this.#sync.ask(state);
      return;
    }
    const answer = state.takeAnswer(blocks, entries.length === blocks.length && entries.length === inventory.length);
    this.#noteHeights(state, blocks);
    this.#sync.leaveIfReached();
    for (const entry of entries.slice(-MAX_ENTRIES_KNOWN)) peer.addKnownInventory(entry);
    if (!answer && this.#isFar(entries)) return;
    const listed = answer && !answer.walk && blocks.length > 0 && state === this.#sync.peer;
    if (listed && this.#downloader.share(state, blocks)) return;
    const requested = this.#request(state, entries);
    if (answer?.walk) this.#walker.answered(state, blocks, requested);
    else if (answer && blocks.length === 0) this.#sync.answeredNothing(state, answer.from);
    else if (requested === 0 && entries.length > 0) this.#sync.nothingNew(state);
    this.#blocks.requestMissing(state);
    this.#settleWalk(state);
  }

  /**
   * A peer sent a block. One that was not asked of it ends the connection, except on the regression test network.
   * @returns resolves when the block was dealt with; while we are catching up with the peer, when it may send the next.
   */
  block(peer: SyncPeer, block: Block): void | Promise<void> {
    const state = this.#peers.get(peer.id);
    if (!state || this.#stopped) return undefined;
    if (!this.#options.regtest && !this.#blocks.wasAsked(state, block.hash)) {
      this.#deps.logger.warn(`Got unrequested block ${hashToHex(block.hash)} from ${peer.address}`);
      peer.disconnect('unrequested block');
      return undefined;
    }
    if (this.#plan.has(hashKey(block.hash))) {
      this.#blocks.delivered(state, block.hash);
      state.activityAt = this.#now();
      return this.#downloader.arrived(state, block);
    }
    if (this.#isSuperfluous(state, block)) {
      this.#blocks.delivered(state, block.hash);
      return undefined;
    }
    state.queuedBlocks++;
    state.queuedBytes += block.size;
    this.#queuedBytes += block.size;
    const catchingUp = this.#blocks.owedBy(state) >= CATCHING_UP_BLOCKS || this.#isFarBehind(state);
    const preparation = catchingUp || block.size >= HEAVY_BLOCK_BYTES ? this.#deps.dag.preparation : undefined;
    preparation?.prepare(block);
    const job = this.#job(state, block);
    const busy = preparation && (() => preparation.isBusy(block));
    if (!catchingUp) return this.#queue.push(job.run, { ...job, busy }).catch(ignoreStop);
    this.#queue.push(job.run, { ...job, later: true, busy }).catch((error: unknown) => this.#failed(error));
    if (this.#mayReadOn(state, 1)) return undefined;
    return new Promise((resolve) => {
      state.readOn = resolve;
    });
  }

  /** True if somebody else was asked for the block, too, and has brought it. */
  #isSuperfluous(state: PeerState, { hash }: Block): boolean {
    return this.#blocks.wasAsked(state, hash) && !this.#blocks.isWaiting(state, hash) && this.#blocks.isKnown(hash);
  }

  /** True while this is the last of a list of blocks, and the sync peer will have more. */
  #isFarBehind(state: PeerState): boolean {
    return state === this.#sync.peer && state.peer.maxHeight > this.#sync.ourHeight + NEAR_HEIGHTS;
  }

  /**
   * A peer sent a transaction. It has been dealt with when this returns.
   * @returns resolves when the peer may send more: after a transaction that cost much and was refused it has to wait.
   */
  transaction(peer: SyncPeer, tx: Transaction): void | Promise<void> {
    const state = this.#peers.get(peer.id);
    const wasted = state ? this.#transactions.received(state, tx) : 0;
    if (wasted < COSTLY_REFUSAL_MS) return undefined;
    const rest = Math.min(wasted * REFUSAL_REST_FACTOR, MAX_REFUSAL_REST_MS);
    return new Promise((resolve) => void this.#deps.world.timers.after(rest, resolve));
  }

  /** A peer sent headers. They are never asked for, so the connection ends. */
  headers(peer: SyncPeer): void {
    if (this.#peers.has(peer.id)) peer.disconnect('unrequested headers');
  }

  /** A peer does not have what it was asked for. @returns resolves when it was dealt with. */
  notFound(peer: SyncPeer, inventory: readonly InvVector[]): void | Promise<void> {
    return this.#inOrder(peer, (state) => this.#notFound(state, inventory));
  }

  #notFound(state: PeerState, inventory: readonly InvVector[]): void {
    const hashes = (wanted: boolean) =>
      inventory.filter((item) => isBlockEntry(item) === wanted).map(({ hash }) => hash);
    this.#blocks.notFound(state, hashes(true));
    this.#transactions.notFound(state, hashes(false));
    this.#downloader.assign();
    this.#settleWalk(state);
  }

  /**
   * Processes a block that was mined here or given by RPC, before the blocks of peers that wait, and announces it at
   * once. Parents that are missing are asked for.
   * @throws whatever the DAG throws for the block; `StoppedError` after the stop.
   */
  async submitBlock(block: Block): Promise<ProcessResult> {
    let result: ProcessResult | undefined;
    const process = () => {
      this.#own = hashKey(block.hash);
      result = this.#orphans.process(block);
    };
    try {
      await this.#queue.push(process, { urgent: true });
    } finally {
      this.#own = undefined;
    }
    if (!result) throw new Error('block was not processed');
    if (result.status === 'orphan') {
      this.#blocks.parked(block.hash, result.missing);
      for (const state of this.#peers.values()) this.#blocks.requestMissing(state);
    }
    return result;
  }

  /** True if the node is as far as the network, to the best of its knowledge. */
  isCurrent(): boolean {
    return this.#sync.isCurrent();
  }

  /** Id of the peer that is being synced from, 0 outside sync mode. */
  get syncPeerId(): number {
    return this.#sync.peer?.peer.id ?? 0;
  }

  /** How the synchronisation gets on; undefined outside sync mode. */
  get progress(): SyncProgress | undefined {
    const { peer, ourHeight } = this.#sync;
    return peer && this.#meter.progress(ourHeight, peer.peer.maxHeight);
  }

  /** Sizes of the bounded tables, for measurements and tests. */
  get load(): SyncLoad {
    return {
      peers: this.#peers.size,
      openBlocks: this.#blocks.openRequests,
      openTransactions: this.#transactions.openRequests,
      missingParents: this.#blocks.missingParents,
      queuedBlocks: this.#queue.length,
      sharedBlocks: this.#plan.size,
      heldBytes: this.#plan.heldBytes,
    };
  }

  /** Requests what is wanted of an inv in one message. @returns how many entries that were. */
  #request(state: PeerState, entries: readonly InvVector[]): number {
    const wanted: InvVector[] = [];
    for (const entry of entries) {
      const fetcher = isBlockEntry(entry) ? this.#blocks : this.#transactions;
      const vector = fetcher.requestAnnounced(state, entry);
      if (vector) wanted.push(vector);
    }
    if (wanted.length > 0) state.peer.getData(wanted);
    return wanted.length;
  }

  /** Takes over what the block entries of an inv say about the sender. */
  #noteHeights(state: PeerState, blocks: readonly InvVector[]): void {
    const last = blocks.findLast(({ type }) => type === InvType.block);
    if (last) state.peer.announced(last.hash);
    for (const { height } of blocks) state.peer.raiseMaxHeight(height);
    state.noteClaim(this.#sync.ourHeight, this.#now());
  }

  /**
   * True for the announcement of one block that lies so far above us that a synchronisation will list it: fetching it
   * now would only make it an orphan.
   */
  #isFar(entries: readonly InvVector[]): boolean {
    const [entry] = entries;
    if (!entry || entries.length > 1 || !isBlockEntry(entry)) return false;
    if (entry.height <= this.#sync.ourHeight + NEAR_HEIGHTS) return false;
    this.#sync.start();
    return this.#sync.peer !== undefined;
  }

  /** Keeps the order of a peer's messages: nothing overtakes its blocks that wait. */
  #inOrder(peer: SyncPeer, handle: (state: PeerState) => void): void | Promise<void> {
    const state = this.#peers.get(peer.id);
    if (!state) return undefined;
    if (state.queuedBlocks === 0) return handle(state);
    const run = () => {
      if (this.#peers.get(peer.id) === state) handle(state);
    };
    return this.#queue.push(run, { later: true, lane: state.budget }).catch(ignoreStop);
  }

  /** The work that a block of a peer makes, at the expense of the peer. */
  #job(state: PeerState, block: Block) {
    let old = false;
    return {
      lane: state.budget,
      run: () => {
        old = this.#isFarBelow(block);
        this.#dequeue(state, block);
      },
      charge: (milliseconds: number) => state.budget.charge(milliseconds, old),
    };
  }

  /** Who pays for what a block brings with it. */
  #payerFor({ budget }: PeerState, block: Block): Payer {
    const old = this.#isFarBelow(block);
    return { lane: budget, charge: (milliseconds) => budget.charge(milliseconds, old) };
  }

  /** True if a block has a parent far below the tips: what it makes us rewrite is not paid for by its proof of work. */
  #isFarBelow({ parentHashes }: Block): boolean {
    const { dag } = this.#deps;
    const limit = this.#sync.ourHeight - FAR_BELOW;
    return limit > 0 && parentHashes.some((parent) => (dag.blockHeight(parent) ?? limit) < limit);
  }

  #dequeue(state: PeerState, block: Block): void {
    state.queuedBlocks--;
    state.queuedBytes -= block.size;
    this.#queuedBytes -= block.size;
    this.#process(state, block);
    const { readOn } = state;
    if (!readOn || !this.#mayReadOn(state, 0.5)) return;
    state.readOn = undefined;
    readOn();
  }

  /** True if less than a share of what may be collected waits. A peer of which nothing waits is always read. */
  #mayReadOn({ queuedBlocks, queuedBytes }: PeerState, share: number): boolean {
    if (queuedBlocks === 0) return true;
    return (
      queuedBlocks < share * COLLECTED_BLOCKS &&
      queuedBytes < share * COLLECTED_BYTES &&
      this.#queuedBytes < share * COLLECTED_BYTES_IN_ALL
    );
  }

  /** Lets a block of a shared list be processed, at the expense of the peer that listed it. */
  #queuePlanned(planned: PlannedBlock): void {
    const { lister, held } = planned;
    if (!held) return;
    const { block } = held;
    const { preparation } = this.#deps.dag;
    preparation?.prepare(block);
    this.#plannedJobs++;
    this.#plannedBytes += block.size;
    const busy = preparation && (() => preparation.isBusy(block));
    let old = false;
    const run = () => {
      this.#plannedJobs--;
      this.#plannedBytes -= block.size;
      old = this.#isFarBelow(block);
      this.#processPlanned(planned, block, held.from);
      this.#downloader.advance();
      if (this.#plannedJobs === 0) this.#downloader.finished();
    };
    const charge = (milliseconds: number) => lister.budget.charge(milliseconds, old);
    const options = { later: true, busy, lane: lister.budget, charge };
    this.#queue.push(run, options).catch((error: unknown) => this.#failed(error));
  }

  #processPlanned({ lister, hash, height }: PlannedBlock, block: Block, from: PeerState): void {
    const isHere = this.#peers.get(from.peer.id) === from;
    const taken = isHere ? this.#judge(from, block, undefined) : this.#takeUnowned(block);
    if (taken) {
      lister.activityAt = this.#now();
      lister.progressAt = this.#now();
    } else if (!this.#blocks.isKnown(hash)) {
      // These bytes are not the block: somebody else is asked for it.
      this.#plan.add(lister, [{ hash, height }]);
      this.#downloader.assign();
    }
  }

  /** A block whose sender has left: nobody is to blame for it. @returns false if it was refused. */
  #takeUnowned(block: Block): boolean {
    try {
      const result = this.#orphans.process(block);
      this.#blocks.settled(block.hash);
      if (result.status === 'orphan') this.#blocks.parked(block.hash, result.missing);
      return true;
    } catch (error) {
      if (!isVerdict(error)) throw error;
      return false;
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof StoppedError)) this.#deps.failed?.(error);
  }

  #process(state: PeerState, block: Block): void {
    // Whatever a peer owed was asked of others when it left.
    if (this.#peers.get(state.peer.id) !== state) return;
    const delivery = this.#blocks.delivered(state, block.hash);
    state.activityAt = this.#now();
    this.#judge(state, block, delivery?.request);
  }

  /** @returns false if the block was refused. */
  #judge(state: PeerState, block: Block, request: OpenRequest | undefined): boolean {
    let result: ProcessResult;
    try {
      result = this.#orphans.process(block, this.#payerFor(state, block));
    } catch (error) {
      if (!isVerdict(error)) throw error;
      this.#refused(state, block, error, request);
      this.#settleWalk(state);
      return false;
    }
    this.#blocks.settled(block.hash);
    if (result.status === 'orphan') {
      this.#blocks.parked(block.hash, result.missing);
      this.#walker.orphanSeen(state, this.#sync.ourHeight);
      this.#blocks.requestMissing(state);
      this.#sync.closeGap(state);
    } else {
      this.#accepted(state, block, result.height);
    }
    this.#settleWalk(state);
    return true;
  }

  #accepted(state: PeerState, block: Block, height: number): void {
    const { peer } = state;
    this.#transactions.forgetRejected();
    peer.raiseMaxHeight(height);
    state.progressed(height, this.#now());
    if (this.#sync.isCurrent()) this.#deps.announcer.peerHeight(block.hash, height, peer.id);
    this.#sync.leaveIfCurrent();
    this.#blocks.requestMissing(state);
    if (height === peer.maxHeight && height === this.#sync.ourHeight) this.#sync.ask(state);
  }

  #refused(state: PeerState, block: Block, error: unknown, request: OpenRequest | undefined): void {
    const { peer } = state;
    const { hash } = block;
    const duplicate = isDuplicate(error);
    if (duplicate) this.#blocks.settled(hash);
    // Another peer that was asked for it, too, was faster.
    if (duplicate && !request) return;
    const { code, reason } = refusalOf(error);
    this.#deps.logger.info(`Rejected block ${hashToHex(hash)} from ${peer.address}: ${reason}`);
    if (!duplicate) {
      const { provenByHash, points } = faultOf(error, block);
      this.#blocks.spoiled(state, hash, request, provenByHash);
      if (points > 0) peer.misbehaved(points, `invalid block ${hashToHex(hash)}`);
    }
    peer.reject('block', code, reason, hash);
  }

  /** The DAG took a block in, wherever it came from. */
  #blockAccepted(info: SyncBlockInfo): void {
    this.#blocks.settled(info.hash);
    this.#meter.accepted(info.block.transactions.length);
    this.#unannounced.add(info);
    // Far behind, the newest blocks once a second tell the peers enough: they have the others, or will ask.
    if (this.#own === hashKey(info.hash) || this.#sync.peer === undefined || this.#deps.dag.isCurrent())
      this.#unannounced.release();
  }

  #settleWalk(state: PeerState): void {
    if (!state.walk) return;
    this.#walker.settle(state, this.#blocks.owedBy(state), this.#sync.ourHeight);
    this.#blocks.requestMissing(state);
  }

  #tick(): void {
    this.#sync.tick();
    this.#measure();
    for (const late of this.#blocks.retryExpired()) this.#downloader.failed(late);
    this.#downloader.tick();
    this.#unannounced.release();
    for (const state of this.#peers.values()) this.#walker.expire(state);
    if (!this.#sync.peer) this.#reconcile();
    this.#ticks++;
    if (this.#ticks % TICKS_PER_PRUNE === 0) this.#blocks.prune();
  }

  #measure(): void {
    const { peer, ourHeight } = this.#sync;
    if (!peer) {
      this.#meter.reset();
      return;
    }
    const line = this.#meter.tick(this.#now(), ourHeight, peer.peer.maxHeight);
    if (line) this.#deps.logger.info(line);
  }

  #reconcile(): void {
    const now = this.#now();
    for (const state of this.#peers.values()) {
      if (state.reconcileAt !== undefined && now >= state.reconcileAt)
        this.#walker.reconcile(state, this.#sync.ourHeight);
    }
  }

  #now(): number {
    return this.#deps.world.clock.monotonic();
  }
}

/** A block that waited when everything stopped needs no further treatment. */
function ignoreStop(error: unknown): void {
  if (!(error instanceof StoppedError)) throw error;
}
