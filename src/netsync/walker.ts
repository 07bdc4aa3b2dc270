import { ZERO_HASH } from '../util/hash.ts';
import type { InvVector } from '../wire/index.ts';
import { MAX_GETBLOCKS_ANSWER, ORPHANS_BEFORE_WALK, WALK_BACK } from './limits.ts';
import type { PeerState } from './peer-state.ts';

/** Pages that one walk may have; a peer whose list has no end is not followed. */
const MAX_PAGES = 1000;
/** Longest step back of a walk, in generations. */
const MAX_WALK_BACK = 1 << 30;
/** A walk whose blocks have not come after so long makes room for another one, in milliseconds. */
const WALK_TIMEOUT_MS = 60_000;

/**
 * Looks at heights that we already have. A getblocks names a height and not blocks, so what a peer has beside our
 * blocks at or below our greatest height never shows in an answer to the usual question. Asked from further down, the
 * peer lists all of it; what we have is skipped and the rest is fetched. Used once for every connection (forks of equal
 * height), and when orphan after orphan arrives (a fork further down than parents should be fetched one by one).
 */
export class Walker {
  readonly #now: () => number;

  /** @param now steady time in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Compares the latest heights that both sides have.
   * @returns whether a question was sent.
   */
  reconcile(state: PeerState, ourHeight: number): boolean {
    state.reconcileAt = undefined;
    if (state.walk || state.peer.maxHeight <= 0 || ourHeight === 0) return false;
    const from = Math.max(0, Math.min(ourHeight, state.peer.maxHeight) - WALK_BACK);
    this.#begin(state, from, ourHeight);
    return true;
  }

  /** An orphan came: after a number of them the fork lies deeper, so look further down, twice as far each time. */
  orphanSeen(state: PeerState, ourHeight: number): void {
    state.orphansInARow++;
    if (state.walk || state.orphansInARow < ORPHANS_BEFORE_WALK) return;
    this.#deeper(state, ourHeight);
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
   * Ends a walk whose blocks have all come. If all of them were orphans the fork lies deeper still.
   * @param owed blocks that the peer still owes us.
   */
  settle(state: PeerState, owed: number, ourHeight: number): void {
    const { walk } = state;
    if (!walk?.listed || owed > 0) return;
    this.#end(state);
    if (walk.requested > 0 && walk.from > 0 && state.progressAt < walk.startedAt) this.#deeper(state, ourHeight);
  }

  /** Gives up a walk that does not get on. */
  expire(state: PeerState): void {
    if (state.walk && this.#now() - state.walk.askedAt > WALK_TIMEOUT_MS) this.#end(state);
  }

  #deeper(state: PeerState, ourHeight: number): void {
    const from = Math.max(0, Math.min(ourHeight, state.peer.maxHeight) - state.walkBack);
    state.walkBack = Math.min(state.walkBack * 2, MAX_WALK_BACK);
    this.#begin(state, from, ourHeight);
  }

  #begin(state: PeerState, from: number, until: number): void {
    const now = this.#now();
    state.walk = {
      from,
      until,
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
    if (state.walk) state.walk.askedAt = this.#now();
    state.asked({ from, walk: true });
    state.peer.getBlocks(from, ZERO_HASH);
  }
}
