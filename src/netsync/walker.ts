import { ZERO_HASH } from '../util/hash.ts';
import type { InvVector } from '../wire/index.ts';
import type { BlockFetcher } from './block-fetcher.ts';
import { MAX_GETBLOCKS_ANSWER, ORPHANS_BEFORE_WALK, WALK_BACK } from './limits.ts';
import type { PeerState } from './peer-state.ts';
import type { Synchronizer } from './synchronizer.ts';

/** Pages that one walk may have; a peer whose list has no end is not followed. */
const MAX_PAGES = 1000;
/** Longest step back of a walk, in generations. */
const MAX_WALK_BACK = 1 << 30;
/** A walk whose blocks have not come after so long makes room for another one, in milliseconds. */
const WALK_TIMEOUT_MS = 60_000;

/** What a walker works with. */
export interface WalkerDeps {
  readonly peers: ReadonlyMap<number, PeerState>;
  readonly fetcher: Pick<BlockFetcher, 'owedBy' | 'requestMissing'>;
  readonly sync: Pick<Synchronizer, 'peer' | 'ourHeight' | 'isMoving'>;
  /** Steady time in milliseconds. */
  now(): number;
}

/**
 * Looks at heights that we already have. A getblocks names a height and not blocks, so what a peer has beside our
 * blocks at or below our greatest height never shows in an answer to the usual question. Asked from further down, the
 * peer lists all of it; what we have is skipped and the rest is fetched. Used once for every connection (forks of equal
 * height), and when orphan after orphan arrives (a fork further down than parents should be fetched one by one).
 */
export class Walker {
  readonly #deps: WalkerDeps;

  constructor(deps: WalkerDeps) {
    this.#deps = deps;
  }

  /** To be called about once a second: ends what does not get on, and compares with peers whose time has come. */
  tick(): void {
    const { peers, sync, now } = this.#deps;
    const at = now();
    for (const state of peers.values()) {
      if (state.walk && at - state.walk.askedAt > WALK_TIMEOUT_MS) this.#end(state);
    }
    // While blocks come in our height says little; a sync peer that only occupies its place keeps us from nothing.
    if (sync.isMoving) return;
    for (const state of peers.values()) {
      if (state === sync.peer || state.reconcileAt === undefined) continue;
      if (at >= state.reconcileAt) this.reconcile(state);
    }
  }

  /**
   * Compares the latest heights that both sides have.
   * @returns whether a question was sent.
   */
  reconcile(state: PeerState): boolean {
    const { ourHeight } = this.#deps.sync;
    state.reconcileAt = undefined;
    if (state.walk || state.peer.maxHeight <= 0 || ourHeight === 0) return false;
    const from = Math.max(0, Math.min(ourHeight, state.peer.maxHeight) - WALK_BACK);
    this.#begin(state, from);
    return true;
  }

  /** An orphan came: after a number of them the fork lies deeper, so look further down, twice as far each time. */
  orphanSeen(state: PeerState): void {
    state.orphansInARow++;
    if (state.walk || state.orphansInARow < ORPHANS_BEFORE_WALK) return;
    this.#deeper(state);
  }

  /**
   * A page of a walk was answered.
   * @param blocks the entries of the page.
   * @param requested how many of them were unknown and have been requested.
   */
  answered(state: PeerState, blocks: readonly InvVector[], requested: number): void {
    const { walk } = state;
    if (!walk) return;
    walk.requested += requested;
    walk.answered = true;
    const last = blocks.at(-1)?.height ?? -1;
    if (blocks.length < MAX_GETBLOCKS_ANSWER || last >= walk.until || walk.pagesLeft === 0) {
      walk.listed = true;
      return;
    }
    walk.pagesLeft--;
    // The page may have ended inside a height: list that one again, unless it filled the page alone.
    const first = blocks[0]?.height ?? -1;
    this.#ask(state, first < last ? last - 1 : last);
  }

  /**
   * Ends the walk of a peer, if there is one, when its blocks have all come. If all of them were orphans the fork lies deeper
   * still.
   */
  settle(state: PeerState): void {
    const { walk } = state;
    if (!walk) return;
    const { fetcher } = this.#deps;
    if (walk.listed && fetcher.owedBy(state) === 0) {
      this.#end(state);
      if (walk.requested > 0 && walk.from > 0 && state.progressAt < walk.startedAt) this.#deeper(state);
    }
    fetcher.requestMissing(state);
  }

  #deeper(state: PeerState): void {
    const from = Math.max(0, Math.min(this.#deps.sync.ourHeight, state.peer.maxHeight) - state.walkBack);
    state.walkBack = Math.min(state.walkBack * 2, MAX_WALK_BACK);
    this.#begin(state, from);
  }

  #begin(state: PeerState, from: number): void {
    const now = this.#deps.now();
    state.walk = {
      from,
      until: this.#deps.sync.ourHeight,
      pagesLeft: MAX_PAGES,
      requested: 0,
      answered: false,
      listed: false,
      startedAt: now,
      askedAt: now,
    };
    this.#ask(state, from);
  }

  #end(state: PeerState): void {
    state.walk = undefined;
    state.orphansInARow = 0;
  }

  #ask(state: PeerState, from: number): void {
    if (state.walk) state.walk.askedAt = this.#deps.now();
    state.asked({ from, walk: true });
    state.peer.getBlocks(from, ZERO_HASH);
  }
}
