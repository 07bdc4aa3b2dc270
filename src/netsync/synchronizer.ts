import { ZERO_HASH } from '../util/hash.ts';
import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import type { BlockFetcher } from './block-fetcher.ts';
import type { BlockPlan } from './block-plan.ts';
import {
  CLAIM_GRACE_MS,
  GAP_HEIGHTS,
  SLOW_AFTER_MS,
  STALL_AFTER_MS,
  STALL_SAMPLE_MS,
  UNANSWERED_AFTER_MS,
} from './limits.ts';
import type { PeerState } from './peer-state.ts';
import type { SyncDag, SyncManagerOptions } from './ports.ts';
import { chooseSyncPeer, claimCounts, isCandidate } from './sync-choice.ts';

/** A sync peer that owes nothing and says nothing for so long is asked again, or found out, in milliseconds. */
const QUIET_MS = 2000;
/** A claim that nobody followed up for so long starts a synchronisation, in milliseconds. */
const UNFOLLOWED_MS = 2000;

/** Fewest blocks between two samples from a sync peer that owes some, if others could deliver. */
const SLOW_BLOCKS = 3;

/** What the synchronizer works with. */
export interface SynchronizerDeps {
  readonly dag: Pick<SyncDag, 'snapshot' | 'isCurrent'>;
  readonly peers: ReadonlyMap<number, PeerState>;
  readonly fetcher: Pick<BlockFetcher, 'owedBy' | 'lastDelivery'>;
  /** Blocks that several peers are fetching: whoever is slow with those is dealt with elsewhere. */
  readonly plan: Pick<BlockPlan, 'size'>;
  readonly world: World;
  readonly logger: Logger;
}

/**
 * Sync mode: one peer at a time is asked for what lies above our greatest height, again and again until it has no more.
 * Heights that peers claim decide only who is asked. A peer that cannot show what it claims, stops delivering, or
 * delivers too slowly while others wait loses its place and its rank.
 */
export class Synchronizer {
  readonly #options: SyncManagerOptions;
  readonly #deps: SynchronizerDeps;
  #peer: PeerState | undefined;
  #startedAt = 0;
  #sampledAt = 0;
  /** Blocks of the sync peer that had been accepted at the last sample. */
  #sampledBlocks = 0;

  constructor(options: SyncManagerOptions, deps: SynchronizerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** The peer that is being synced from; undefined outside sync mode. */
  get peer(): PeerState | undefined {
    return this.#peer;
  }

  /** True while the sync peer brings blocks, or has not had the time to bring any. */
  get isMoving(): boolean {
    return this.#peer !== undefined && this.#now() - Math.max(this.#peer.progressAt, this.#startedAt) < CLAIM_GRACE_MS;
  }

  /** Greatest height of our DAG. */
  get ourHeight(): number {
    return this.#deps.dag.snapshot().maxHeight;
  }

  /** Enters sync mode if it is not on and some peer may have more than we have. */
  start(): void {
    if (this.#peer) return;
    const { peers, world, logger } = this.#deps;
    const candidates = [...peers.values()].filter((state) => this.isCandidate(state));
    const { generation } = this.#options;
    const choice = { generation, ourHeight: this.ourHeight, now: this.#now(), random: world.random };
    const chosen = chooseSyncPeer(candidates, choice);
    if (!chosen) return;
    this.#peer = chosen;
    this.#startedAt = this.#now();
    this.#sampledAt = this.#startedAt;
    this.#sampledBlocks = chosen.acceptedBlocks;
    chosen.activityAt = this.#startedAt;
    logger.info(`Syncing to block height ${chosen.peer.maxHeight} from peer ${chosen.peer.address}`);
    this.ask(chosen);
  }

  /** True if blocks can be synchronised from this peer. */
  isCandidate({ peer }: PeerState): boolean {
    const { regtest, confirmationWindow } = this.#options;
    const segwitActive = this.#deps.dag.snapshot().minHeight + 1 >= confirmationWindow;
    return isCandidate(peer, { regtest, segwitActive });
  }

  /** An orphan of this peer came: if several generations are missing above our height, one list names them all. */
  closeGap(state: PeerState): void {
    const { ourHeight } = this;
    if (state.pendingLocates > 0 || state.walk || state.lastLocator === ourHeight) return;
    if (state.peer.maxHeight >= ourHeight + GAP_HEIGHTS && this.#deps.plan.size === 0) this.ask(state);
  }

  /** Asks the sync peer for the list that follows the present one. */
  page(state: PeerState, from: number): void {
    state.lastLocator = from;
    state.activityAt = this.#now();
    state.asked({ from, walk: false });
    state.peer.getBlocks(from, ZERO_HASH);
  }

  /** Asks a peer for everything above our greatest height. */
  ask(state: PeerState): void {
    this.page(state, this.ourHeight);
  }

  /** Others bring what the sync peer lists, faster than it does: one of them takes its place. */
  overtaken(state: PeerState): void {
    if (state === this.#peer && this.#othersAreHigher(state, this.#now()))
      this.#replace(state, 'is overtaken by others');
  }

  /** A peer does not have what it listed, nor has anybody else. */
  exposed(state: PeerState): void {
    if (state === this.#peer) this.#replace(state, 'lists what it does not have');
  }

  /** All that the sync peer listed has been processed. */
  listDone(state: PeerState): void {
    if (state !== this.#peer || state.pendingLocates > 0) return;
    if (this.ourHeight >= state.peer.maxHeight) this.#leave();
    else if (state.lastLocator < this.ourHeight) this.ask(state);
  }

  /** Leaves sync mode if our DAG has reached what the sync peer has. */
  leaveIfReached(): void {
    if (this.#peer && this.ourHeight >= this.#peer.peer.maxHeight) this.#leave();
  }

  /** Leaves sync mode if the node is current. */
  leaveIfCurrent(): void {
    if (this.#peer && this.isCurrent()) this.#leave();
  }

  /** The peer answered a getblocks from `from` with nothing: whatever it claims above that is not there. */
  answeredNothing(state: PeerState, from: number): void {
    state.checkedHeight = from;
    if (state.peer.maxHeight > Math.max(from, this.ourHeight)) this.#distrust(state, 'has nothing above our height');
    if (state !== this.#peer) return;
    this.#leave();
    this.start();
  }

  /** The peer left. */
  lost(state: PeerState): void {
    if (state !== this.#peer) return;
    this.#peer = undefined;
    this.start();
  }

  /** An inv of the sync peer brought nothing to fetch: goes on from our present height. */
  nothingNew(state: PeerState): void {
    if (state !== this.#peer || this.#deps.fetcher.owedBy(state) > 0 || state.pendingLocates > 0) return;
    if (state.lastLocator < this.ourHeight) this.ask(state);
  }

  /**
   * True if nothing indicates that the network is ahead of us: some tip is less than a day old, and no peer claims more
   * than we have in a way that must be taken seriously.
   */
  isCurrent(): boolean {
    if (!this.#deps.dag.isCurrent()) return false;
    const { ourHeight } = this;
    const now = this.#now();
    for (const state of this.#deps.peers.values()) if (claimCounts(state, ourHeight, now)) return false;
    return true;
  }

  /** To be called about once a second: keeps a synchronisation moving, replaces sync peers that do not deliver. */
  tick(): void {
    const now = this.#now();
    if (!this.#peer) {
      if (this.#unfollowedClaim(now)) this.start();
      return;
    }
    this.#checkQuiet(this.#peer, now);
    if (now - this.#sampledAt < STALL_SAMPLE_MS) return;
    this.#sampledAt = now;
    if (this.#peer) this.#checkStall(this.#peer, now);
  }

  #leave(): void {
    if (!this.#peer) return;
    this.#peer.checkedHeight = this.ourHeight;
    this.#peer = undefined;
  }

  /** A claim above our height that announcements and parents alone have not made good. */
  #unfollowedClaim(now: number): boolean {
    const { ourHeight } = this;
    for (const state of this.#deps.peers.values()) {
      if (state.claimAge(ourHeight, now) >= UNFOLLOWED_MS && now >= state.distrustUntil) return true;
    }
    return false;
  }

  /** Nothing is open with the sync peer and it has fallen silent: ask on, or see that its claim was empty. */
  #checkQuiet(state: PeerState, now: number): void {
    const { fetcher, plan } = this.#deps;
    if (plan.size > 0) return;
    const owed = fetcher.owedBy(state);
    if (owed > 0) {
      const idle = now - Math.max(state.activityAt, fetcher.lastDelivery(state));
      if (idle >= SLOW_AFTER_MS && this.#othersAreHigher(state, now)) this.#replace(state, 'does not deliver');
      return;
    }
    if (state.walk || now - state.activityAt < QUIET_MS) return;
    if (state.pendingLocates > 0) {
      const silent = now - state.activityAt >= UNANSWERED_AFTER_MS;
      if (silent && this.#othersAreHigher(state, now)) this.#replace(state, 'does not answer');
      return;
    }
    state.activityAt = now;
    if (this.ourHeight >= state.peer.maxHeight) this.#leave();
    else if (state.lastLocator < this.ourHeight) this.ask(state);
    else this.#replace(state, 'does not show what it claims');
  }

  #checkStall(state: PeerState, now: number): void {
    const fresh = state.acceptedBlocks - this.#sampledBlocks;
    this.#sampledBlocks = state.acceptedBlocks;
    const { fetcher, plan } = this.#deps;
    const owes = plan.size === 0 && fetcher.owedBy(state) > 0;
    if (fresh < SLOW_BLOCKS && owes && this.#othersAreHigher(state, now)) {
      this.#replace(state, 'delivers too slowly');
      return;
    }
    if (now - Math.max(state.progressAt, this.#startedAt) < STALL_AFTER_MS) return;
    const claimsMore = state.peer.maxHeight > this.ourHeight;
    this.#replace(state, 'no progress');
    if (claimsMore) state.peer.disconnect('synchronisation stalled');
  }

  #othersAreHigher(state: PeerState, now: number): boolean {
    const { ourHeight } = this;
    for (const other of this.#deps.peers.values()) {
      if (other !== state && other.peer.maxHeight > ourHeight && now >= other.distrustUntil) return true;
    }
    return false;
  }

  #replace(state: PeerState, reason: string): void {
    this.#distrust(state, reason);
    this.#peer = undefined;
    this.start();
  }

  #distrust(state: PeerState, reason: string): void {
    state.distrust(this.#now());
    this.#deps.logger.debug(`Peer ${state.peer.address} loses rank: ${reason}`);
  }

  #now(): number {
    return this.#deps.world.clock.monotonic();
  }
}
