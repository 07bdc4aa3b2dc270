import { hashKey } from '../util/hash.ts';
import type { Block, InvVector } from '../wire/index.ts';
import type { BlockFetcher } from './block-fetcher.ts';
import type { BlockPlan, PlannedBlock } from './block-plan.ts';
import { DownloadPace } from './download-pace.ts';
import {
  GREATEST_WINDOW,
  MAX_GETBLOCKS_ANSWER,
  MAX_HELPERS,
  OVERTAKEN_BLOCKS,
  PLAN_AHEAD,
  PLAN_BLOCKS,
  PLAN_BYTES,
  PLAN_LOW,
  SHARED_FROM,
  SLOW_AFTER_MS,
} from './limits.ts';
import type { PeerState } from './peer-state.ts';
import type { Synchronizer } from './synchronizer.ts';

/** What a block is taken to measure before one has come, bytes. */
const FIRST_GUESS_BYTES = 400_000;
/** Weight of the newest block in the mean size. */
const NEWEST_SHARE = 0.05;
/** Seconds without work, while the sync peer owes much, after which others are brought in. */
const IDLE_TICKS = 2;
/** Peers that do not have a block, after which only the one that listed it is asked, unless that one has shown something. */
const MAX_DENIALS = 2;

/** What a download works with. */
export interface DownloaderDeps {
  readonly plan: BlockPlan;
  readonly fetcher: Pick<BlockFetcher, 'askPlanned' | 'isKnown' | 'openWith'>;
  readonly peers: ReadonlyMap<number, PeerState>;
  readonly sync: Pick<Synchronizer, 'peer' | 'isCandidate' | 'page' | 'overtaken' | 'exposed' | 'listDone'>;
  /** True while processing waits for blocks. */
  isIdle(): boolean;
  /** True if another block can be handed over. */
  hasRoom(): boolean;
  /** Hands a block over, in the order in which they are to be processed. */
  process(planned: PlannedBlock): void;
  /** Steady time in milliseconds. */
  now(): number;
}

/**
 * Shares the blocks that the sync peer lists among all peers that claim to have them. Each is asked for a few at a time, as many
 * as it delivers quickly; who is late is overtaken by who has nothing to do. One that withholds, or does not have what it
 * claims, costs some seconds once. While nobody else claims as much, the sync peer is asked alone and for the whole list.
 */
export class Downloader {
  readonly #deps: DownloaderDeps;
  readonly #paces = new WeakMap<PeerState, DownloadPace>();
  /** Where the list after the present one begins. */
  #next: { readonly lister: PeerState; readonly from: number } | undefined;
  #meanBytes = FIRST_GUESS_BYTES;
  #arrivedAt = Number.NEGATIVE_INFINITY;
  #idleTicks = 0;
  /** Reads on; of peers whose next message is left unread, since processing does not keep up. */
  #paused: (() => void)[] = [];

  constructor(deps: DownloaderDeps) {
    this.#deps = deps;
  }

  /**
   * Takes over a list of the sync peer, if sharing it helps. What others fetch is not listed by one that is not asked itself: it
   * would never have to show anything.
   * @returns false if the sync peer is to be asked alone.
   */
  share(lister: PeerState, list: readonly InvVector[]): boolean {
    const { plan, fetcher } = this.#deps;
    if (!this.#isHelper(lister)) return false;
    const unknown = list.filter(({ hash }) => !fetcher.isKnown(hash));
    if (plan.size === 0) {
      if (unknown.length < SHARED_FROM || !this.#hasHelper(lister)) return false;
      this.#arrivedAt = this.#deps.now();
    }
    const { room } = plan;
    const added = plan.add(lister, unknown);
    const isCut = added.length === room && added.length < unknown.length;
    const last = isCut ? added.at(-1)?.height : list.at(-1)?.height;
    const isFull = list.length >= MAX_GETBLOCKS_ANSWER || isCut;
    // The list may have ended inside a height: that one is listed again, unless it filled the list alone.
    if (isFull && last !== undefined) this.#next = { lister, from: list[0]!.height < last ? last - 1 : last };
    else this.#next = undefined;
    this.assign();
    this.#askForNextList();
    return true;
  }

  /** A planned block came. @returns when the peer's next message may be read. */
  arrived(state: PeerState, block: Block): void | Promise<void> {
    const { plan, now } = this.#deps;
    const planned = plan.get(hashKey(block.hash));
    if (!planned) return undefined;
    this.#arrivedAt = now();
    this.#paceOf(state).delivered(this.#arrivedAt);
    this.#meanBytes += (block.memory - this.#meanBytes) * NEWEST_SHARE;
    const late = planned.overtaken;
    if (late && late !== state) this.#noteOvertaken(late);
    plan.hold(planned, block, state);
    this.advance();
    this.#serve(state);
    // Only while nothing but our own work is waited for: else what is missing might come from this very peer.
    if (!plan.isReady || plan.heldBytes < PLAN_BYTES / 2) return undefined;
    return new Promise((resolve) => this.#paused.push(resolve));
  }

  /** Hands over what can be processed. To be called whenever a block was processed. */
  advance(): void {
    const { plan, fetcher, hasRoom, process } = this.#deps;
    plan.skipWhile(({ hash }) => fetcher.isKnown(hash));
    while (hasRoom()) {
      const planned = plan.takeReady();
      if (!planned) break;
      process(planned);
      plan.skipWhile(({ hash }) => fetcher.isKnown(hash));
    }
    if (!plan.isReady || plan.heldBytes < PLAN_BYTES / 4) this.resume();
    this.#askForNextList();
  }

  /** All that was handed over has been processed. */
  finished(): void {
    const { plan, sync } = this.#deps;
    if (plan.size === 0 && !this.#next && sync.peer) sync.listDone(sync.peer);
  }

  /** Asks for what nobody is asked for. To be called when peers failed, left, or have come. */
  assign(): void {
    const { plan, peers, sync } = this.#deps;
    if (plan.size === 0) return;
    const helpers = [...peers.values()].filter((state) => this.#isHelper(state));
    // The sync peer first: it may be the only one that has what it listed.
    const rank = (state: PeerState) => (state === sync.peer ? GREATEST_WINDOW + 1 : this.#paceOf(state).window);
    helpers.sort((a, b) => rank(b) - rank(a) || b.provenHeight - a.provenHeight);
    for (const state of helpers.slice(0, MAX_HELPERS)) this.#serve(state);
  }

  /** A peer let the time for its blocks pass. */
  failed(state: PeerState): void {
    this.#paceOf(state).bench(this.#deps.now());
    if (state === this.#deps.sync.peer) this.#deps.sync.overtaken(state);
  }

  /** To be called about once a second. */
  tick(): void {
    const { plan, now, sync } = this.#deps;
    if (plan.size === 0) {
      this.#askForNextList();
      this.#considerHelp();
      return;
    }
    if (now() - this.#arrivedAt >= SLOW_AFTER_MS && !plan.isReady) {
      this.clear();
      if (sync.peer) sync.overtaken(sync.peer);
      return;
    }
    this.#dropUnobtainable();
    this.advance();
    this.assign();
    this.finished();
  }

  /** Forgets everything. */
  clear(): void {
    this.#deps.plan.clear();
    this.#next = undefined;
    this.resume();
  }

  /** Lets all peers be read. */
  resume(): void {
    for (const readOn of this.#paused.splice(0)) readOn();
  }

  /** If the sync peer owes much and we have nothing to do, others are brought in. */
  #considerHelp(): void {
    const { plan, fetcher, sync, isIdle, now } = this.#deps;
    const lister = sync.peer;
    const owed = lister && isIdle() && this.#isHelper(lister) ? fetcher.openWith(lister) : [];
    if (!lister || owed.length < SHARED_FROM || !this.#hasHelper(lister)) {
      this.#idleTicks = 0;
      return;
    }
    this.#idleTicks++;
    if (this.#idleTicks < IDLE_TICKS) return;
    this.#idleTicks = 0;
    const at = now();
    this.#arrivedAt = at;
    this.#paceOf(lister).asked(0, at);
    for (const planned of plan.add(lister, owed)) plan.give(planned, lister, at);
    this.#next = undefined;
    this.assign();
  }

  #hasHelper(lister: PeerState): boolean {
    for (const state of this.#deps.peers.values()) if (state !== lister && this.#isHelper(state)) return true;
    return false;
  }

  #isHelper(state: PeerState): boolean {
    const { sync, now } = this.#deps;
    const at = now();
    if (at < state.distrustUntil || at < this.#paceOf(state).benchedUntil || !state.keepsPromises) return false;
    return sync.isCandidate(state);
  }

  /** Gives a peer more to do if half of its window is free. */
  #serve(state: PeerState): void {
    const { plan, now } = this.#deps;
    const pace = this.#paceOf(state);
    const owed = state.plannedBlocks;
    if (plan.size === 0 || owed > pace.window / 2 || !this.#isHelper(state)) return;
    const wanted = this.#giveFree(state, pace.window - owed);
    if (wanted.length === 0 && owed === 0) wanted.push(...this.#overtake(state, pace.window));
    if (wanted.length === 0) return;
    pace.asked(owed, now());
    state.peer.getData(wanted);
  }

  #giveFree(state: PeerState, room: number): InvVector[] {
    const { plan, fetcher, now } = this.#deps;
    const wanted: InvVector[] = [];
    const at = now();
    for (const planned of plan.unaskedBlocks(PLAN_AHEAD)) {
      if (wanted.length >= room) break;
      if (!this.#canHave(state, planned)) continue;
      if (!this.#isAffordable(planned)) break;
      // Undefined: somebody who announced it was asked.
      const vector = fetcher.askPlanned(state, planned, false);
      if (!vector) continue;
      plan.give(planned, state, at);
      wanted.push(vector);
    }
    return wanted;
  }

  /** True if there will be room for the block while it waits for its turn. */
  #isAffordable(planned: PlannedBlock): boolean {
    const { plan } = this.#deps;
    return plan.heldBytes + (plan.asked + 1) * this.#meanBytes <= PLAN_BYTES || plan.isNext(planned);
  }

  /** What others are late with, the most urgent first, if our work waits for it. */
  #overtake(state: PeerState, room: number): InvVector[] {
    const { plan, fetcher, now, isIdle } = this.#deps;
    const wanted: InvVector[] = [];
    if (!isIdle()) return wanted;
    const at = now();
    for (const planned of plan.upcoming(PLAN_AHEAD)) {
      if (wanted.length >= room) break;
      const { owner, overtaken } = planned;
      if (!owner || overtaken || owner === state || !this.#canHave(state, planned)) continue;
      if (!this.#paceOf(owner).isLate(owner.plannedBlocks, at)) continue;
      const vector = fetcher.askPlanned(state, planned, true);
      if (!vector) break;
      plan.give(planned, state, at);
      wanted.push(vector);
    }
    return wanted;
  }

  #canHave(state: PeerState, { height, lister, deniedBy }: PlannedBlock): boolean {
    if (height > state.peer.maxHeight || deniedBy.includes(state)) return false;
    return deniedBy.length < MAX_DENIALS || state === lister || lister.provenHeight >= 0;
  }

  /**
   * Takes out what nobody has who could be asked: if it exists, it will be found missing. A sync peer that does not have what it
   * listed itself is found out, and the rest of its list with it.
   */
  #dropUnobtainable(): void {
    const { plan, peers, sync } = this.#deps;
    const helpers = [...peers.values()].filter((state) => this.#isHelper(state));
    let exposed: PeerState | undefined;
    for (const planned of plan.upcoming(PLAN_BLOCKS)) {
      if (planned.held || planned.owner || helpers.some((state) => this.#canHave(state, planned))) continue;
      plan.remove(planned);
      if (planned.lister === sync.peer && planned.deniedBy.includes(planned.lister)) exposed = planned.lister;
    }
    if (!exposed) return;
    for (const planned of plan.upcoming(PLAN_BLOCKS)) {
      if (planned.lister === exposed && !planned.held) plan.remove(planned);
    }
    sync.exposed(exposed);
  }

  #askForNextList(): void {
    const { plan, sync } = this.#deps;
    const next = this.#next;
    if (!next || plan.unasked >= PLAN_LOW) return;
    if (next.lister !== sync.peer) {
      this.#next = undefined;
      return;
    }
    if (next.lister.pendingLocates > 0) return;
    this.#next = undefined;
    sync.page(next.lister, next.from);
  }

  #noteOvertaken(late: PeerState): void {
    const pace = this.#paceOf(late);
    pace.overtaken++;
    if (pace.overtaken < OVERTAKEN_BLOCKS) return;
    pace.overtaken = 0;
    if (late === this.#deps.sync.peer) this.#deps.sync.overtaken(late);
  }

  #paceOf(state: PeerState): DownloadPace {
    let pace = this.#paces.get(state);
    if (!pace) {
      pace = new DownloadPace();
      this.#paces.set(state, pace);
    }
    return pace;
  }
}
