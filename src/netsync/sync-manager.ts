import { hashKey, hashToHex } from '../util/hash.ts';
import type { Timer } from '../util/ports.ts';
import type { Block, InvVector, Transaction } from '../wire/index.ts';
import { BlockFetcher } from './block-fetcher.ts';
import { BlockIntake } from './block-intake.ts';
import { BlockJudge } from './block-judge.ts';
import { BlockPlan } from './block-plan.ts';
import { BlockQueue, ignoreStop, StoppedError } from './block-queue.ts';
import { ClaimMemory } from './claim-memory.ts';
import { Downloader } from './downloader.ts';
import { HeldAnnouncements } from './held-announcements.ts';
import { InventoryReader } from './inventory-reader.ts';
import { COSTLY_REFUSAL_MS, MAX_REFUSAL_REST_MS, REFUSAL_REST_FACTOR, requestExpiry, TICK_MS } from './limits.ts';
import { OrphanSlices } from './orphan-slices.ts';
import { PeerState } from './peer-state.ts';
import type { ProcessResult, SyncBlockInfo, SyncManagerDeps, SyncManagerOptions, SyncPeer } from './ports.ts';
import { ProgressMeter, type SyncProgress } from './progress.ts';
import { Synchronizer } from './synchronizer.ts';
import { TransactionFetcher } from './transaction-fetcher.ts';
import { Walker } from './walker.ts';

/** Orphans' missing parents are looked over after so many ticks. */
const TICKS_PER_PRUNE = 60;
/** Default of `reconcileDelay`. */
const RECONCILE_DELAY_MS = 5000;

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
  readonly #fetcher: BlockFetcher;
  readonly #downloader: Downloader;
  readonly #transactions: TransactionFetcher;
  readonly #sync: Synchronizer;
  readonly #walker: Walker;
  readonly #claims = new ClaimMemory();
  readonly #queue: BlockQueue;
  readonly #orphans: OrphanSlices;
  readonly #reader: InventoryReader;
  readonly #intake: BlockIntake;
  readonly #meter = new ProgressMeter();
  #timer: Timer | undefined;
  #unsubscribe: (() => void)[] = [];
  #ticks = 0;
  #stopped = false;
  /** Key of the block of this node's own miner or user that is being processed. */
  #own: string | undefined;
  readonly #unannounced: HeldAnnouncements;

  constructor(options: SyncManagerOptions, deps: SyncManagerDeps) {
    const { dag, pool, announcer, world, logger } = deps;
    this.#options = options;
    this.#deps = deps;
    const now = () => world.clock.monotonic();
    const failed = (error: unknown) => this.#failed(error);
    const peers = this.#peers;
    const plan = this.#plan;
    const expiry = requestExpiry(options.generation);
    const fetcher = new BlockFetcher(dag, peers, plan, now, expiry);
    const transactions = new TransactionFetcher({ pool, peers, dag, announcer, logger, now }, expiry);
    const sync = new Synchronizer(options, { peers, fetcher, plan, dag, world, logger });
    const walker = new Walker({ peers, fetcher, sync, now });
    const { preparation } = dag;
    const queue = new BlockQueue({
      world,
      batch: (work) => dag.batch(work),
      ...(dag.openBatch && { openBatch: () => dag.openBatch!() }),
      ...(preparation && { assist: () => preparation.assist() }),
      failed,
    });
    const orphans = new OrphanSlices({ dag, queue, now, failed });
    const judge = new BlockJudge({ fetcher, transactions, sync, walker, orphans, announcer, logger, now });
    const downloader = new Downloader({
      peers,
      fetcher,
      plan,
      sync,
      now,
      isIdle: () => queue.length === 0,
      hasRoom: () => this.#intake.hasRoom,
      process: (planned) => this.#intake.takePlanned(planned),
    });
    this.#intake = new BlockIntake({ dag, peers, fetcher, plan, sync, downloader, judge, queue, failed, now });
    this.#reader = new InventoryReader({ fetcher, transactions, plan, downloader, sync, walker, now });
    this.#unannounced = new HeldAnnouncements(announcer);
    this.#fetcher = fetcher;
    this.#transactions = transactions;
    this.#sync = sync;
    this.#walker = walker;
    this.#queue = queue;
    this.#orphans = orphans;
    this.#downloader = downloader;
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
    for (const state of this.#peers.values()) {
      state.readOn?.();
      state.endRest?.();
    }
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
    if (peer.inbound) state.resume(this.#claims.recordOf(peer.host, now));
    this.#peers.set(peer.id, state);
    this.#sync.start();
    this.#downloader.assign();
  }

  /** A peer that was connected has left: what it owed is asked of others. */
  peerDisconnected(peer: SyncPeer): void {
    const state = this.#peers.get(peer.id);
    if (!state || state.peer !== peer) return;
    this.#peers.delete(peer.id);
    state.endRest?.();
    if (peer.inbound) this.#rememberClaims(state);
    this.#fetcher.release(state);
    this.#transactions.release(state);
    this.#sync.lost(state);
    this.#downloader.assign();
  }

  /** A peer offers inventory, or answers a getblocks. @returns resolves when it was dealt with. */
  inventory(peer: SyncPeer, inventory: readonly InvVector[]): void | Promise<void> {
    return this.#inOrder(peer, (state) => this.#reader.offered(state, inventory));
  }

  /**
   * A peer sent a block. One that was not asked of it ends the connection, except on the regression test network.
   * @returns resolves when the block was dealt with; while we are catching up with the peer, when it may send the next.
   */
  block(peer: SyncPeer, block: Block): void | Promise<void> {
    const state = this.#peers.get(peer.id);
    if (!state || this.#stopped) return undefined;
    if (!this.#options.regtest && !this.#fetcher.wasAsked(state, block.hash)) {
      this.#deps.logger.warn(`Got unrequested block ${hashToHex(block.hash)} from ${peer.address}`);
      peer.disconnect('unrequested block');
      return undefined;
    }
    if (this.#plan.has(hashKey(block.hash))) {
      this.#fetcher.delivered(state, block.hash);
      state.activityAt = this.#now();
      return this.#downloader.arrived(state, block);
    }
    return this.#intake.take(state, block);
  }

  /**
   * A peer sent a transaction. It has been dealt with when this returns.
   * @returns resolves when the peer may send more: after a transaction that cost much and was refused it has to wait.
   */
  transaction(peer: SyncPeer, tx: Transaction): void | Promise<void> {
    const state = this.#peers.get(peer.id);
    if (!state) return undefined;
    const wasted = this.#transactions.received(state, tx);
    if (wasted < COSTLY_REFUSAL_MS) return undefined;
    const rest = Math.min(wasted * REFUSAL_REST_FACTOR, MAX_REFUSAL_REST_MS);
    return new Promise((resolve) => {
      const timer = this.#deps.world.timers.after(rest, resolve);
      state.endRest = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** A peer sent headers. They are never asked for, so the connection ends. */
  headers(peer: SyncPeer): void {
    if (this.#peers.has(peer.id)) peer.disconnect('unrequested headers');
  }

  /** A peer does not have what it was asked for. @returns resolves when it was dealt with. */
  notFound(peer: SyncPeer, inventory: readonly InvVector[]): void | Promise<void> {
    return this.#inOrder(peer, (state) => this.#reader.notFound(state, inventory));
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
      this.#fetcher.parked(block.hash, result.missing);
      for (const state of this.#peers.values()) this.#fetcher.requestMissing(state);
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
      openBlocks: this.#fetcher.openRequests,
      openTransactions: this.#transactions.openRequests,
      missingParents: this.#fetcher.missingParents,
      queuedBlocks: this.#queue.length,
      sharedBlocks: this.#plan.size,
      heldBytes: this.#plan.heldBytes,
    };
  }

  #rememberClaims(state: PeerState): void {
    const record = state.recordAtEnd(this.#sync.ourHeight);
    this.#claims.left(state.peer.host, record, state.provenHeight >= 0, this.#now());
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

  #failed(error: unknown): void {
    if (!(error instanceof StoppedError)) this.#deps.failed?.(error);
  }

  /** The DAG took a block in, wherever it came from. */
  #blockAccepted(info: SyncBlockInfo): void {
    this.#fetcher.settled(info.hash);
    this.#meter.accepted(info.block.transactions.length);
    this.#unannounced.add(info);
    // Far behind, the newest blocks once a second tell the peers enough: they have the others, or will ask.
    if (this.#own === hashKey(info.hash) || this.#sync.peer === undefined || this.#deps.dag.isCurrent())
      this.#unannounced.release();
  }

  #tick(): void {
    this.#sync.tick();
    this.#measure();
    for (const late of this.#fetcher.retryExpired()) this.#downloader.failed(late);
    this.#transactions.retryExpired();
    this.#downloader.tick();
    this.#unannounced.release();
    this.#walker.tick();
    this.#ticks++;
    if (this.#ticks % TICKS_PER_PRUNE === 0) this.#fetcher.prune();
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

  #now(): number {
    return this.#deps.world.clock.monotonic();
  }
}
