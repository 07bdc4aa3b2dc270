import type { InvVector } from '../wire/index.ts';
import type { ClaimRecord } from './claim-memory.ts';
import { DISTRUST_MS, MAX_DISTRUST_MS, WALK_BACK } from './limits.ts';
import type { SyncPeer } from './ports.ts';
import { WorkBudget } from './work-budget.ts';

/** A getblocks that was not yet answered. */
export interface PendingLocate {
  /** Locator height that was sent. */
  readonly from: number;
  /** The question belongs to a walk over heights that we already have. */
  readonly walk: boolean;
}

/** A look at heights below our own greatest one, page by page upwards. */
export interface Walk {
  /** Height above which it began. */
  readonly from: number;
  /** Height at which it ends. */
  readonly until: number;
  /** Pages that may still be asked for: a peer that never comes to an end is not followed. */
  pagesLeft: number;
  /** Blocks that it found and requested. */
  requested: number;
  /** A page was answered. */
  answered: boolean;
  /** The last page was answered; what it brought is still on its way. */
  listed: boolean;
  /** Steady time when it began. */
  readonly startedAt: number;
  /** Steady time of its latest question. */
  askedAt: number;
}

/** Unanswered getblocks remembered; a peer that never answers is disconnected by its stall deadlines. */
const MAX_PENDING = 16;
/** Items remembered that the peer said it does not have. */
const MAX_LACKING = 1000;

/** Broken promises that are counted: so many deliveries make good for any number of them. */
const MAX_BROKEN_PROMISES = 8;

/** What the sync manager knows about one peer: what it claims, what it proved, what it was asked. */
export class PeerState {
  readonly peer: SyncPeer;
  /** Steady time of the connection. */
  readonly connectedAt: number;
  /** What its blocks cost. */
  readonly budget: WorkBudget;
  /** Greatest height of a block that came from this peer and was accepted; -1 for none. */
  provenHeight = -1;
  /** Blocks of this peer that were accepted. */
  acceptedBlocks = 0;
  /** Steady time of the last one. */
  progressAt = Number.NEGATIVE_INFINITY;
  /** Claims of this peer that came to nothing, less those it made good. */
  failures = 0;
  /** Steady time before which the peer is not chosen for synchronisation again. */
  distrustUntil = Number.NEGATIVE_INFINITY;
  /** Our greatest height when this peer had nothing above it; -1 if it was never asked. */
  checkedHeight = -1;
  /** Locator of the last getblocks from the top of our DAG; -1 for none. */
  lastLocator = -1;
  /** Steady time of the last message that moved a synchronisation on. */
  activityAt: number;
  /** Orphans that came from this peer since the last accepted block. */
  orphansInARow = 0;
  /** Blocks of this peer that wait to be processed, and their memory (bytes). */
  queuedBlocks = 0;
  queuedBytes = 0;
  /** Blocks of a shared list that it was asked for and has not delivered. */
  plannedBlocks = 0;
  /** Reads on; present while the peer's next message is left unread because too much waits. */
  readOn: (() => void) | undefined;
  /** Ends the pause after a transaction that cost much and was refused. */
  endRest: (() => void) | undefined;
  /** How far the next walk goes back, in generations. */
  walkBack = WALK_BACK;
  walk: Walk | undefined;
  /** When blocks below our greatest height are to be compared; undefined once done. */
  reconcileAt: number | undefined;
  readonly #pending: PendingLocate[] = [];
  readonly #lacking = new Map<string, number>();
  #claimSince: number | undefined;
  #brokenPromises = 0;

  /** @param clock steady time in milliseconds. */
  constructor(peer: SyncPeer, clock: () => number) {
    const now = clock();
    this.peer = peer;
    this.connectedAt = now;
    this.activityAt = now;
    this.budget = new WorkBudget(clock, (points) => peer.burdened(points, 'expensive blocks far below the tips'));
  }

  /** Getblocks without an answer. */
  get pendingLocates(): number {
    return this.#pending.length;
  }

  /** A getblocks was sent. */
  asked(locate: PendingLocate): void {
    if (this.#pending.length === MAX_PENDING) this.#pending.shift();
    this.#pending.push(locate);
  }

  /**
   * Finds the question that an inv answers. Answers come in order; an inv of exactly one block is an announcement
   * unless it continues the oldest open question.
   * @param blocks the block entries of the inv.
   * @param onlyBlocks true if the inv held nothing else.
   */
  takeAnswer(blocks: readonly InvVector[], onlyBlocks: boolean): PendingLocate | undefined {
    const oldest = this.#pending[0];
    if (!oldest || !onlyBlocks) return undefined;
    if (blocks.length === 1 && blocks[0]!.height !== Math.max(0, oldest.from + 1)) return undefined;
    return this.#pending.shift();
  }

  /** The peer said, or showed, that it does not have this item. */
  lacks(key: string, now: number): void {
    this.#lacking.delete(key);
    this.#lacking.set(key, now);
    if (this.#lacking.size <= MAX_LACKING) return;
    for (const oldest of this.#lacking.keys()) {
      this.#lacking.delete(oldest);
      return;
    }
  }

  /** The peer announced the item, so it has it after all. */
  offers(key: string): void {
    this.#lacking.delete(key);
  }

  /** True if the peer did not have the item less than `period` milliseconds ago. */
  isLacking(key: string, now: number, period: number): boolean {
    const since = this.#lacking.get(key);
    return since !== undefined && now - since < period;
  }

  /** False for a peer that announced blocks and did not deliver them, until it has delivered as many. */
  get keepsPromises(): boolean {
    return this.#brokenPromises === 0;
  }

  /** The peer announced a block and then did not have it, or nothing came. */
  promiseBroken(): void {
    if (this.#brokenPromises < MAX_BROKEN_PROMISES) this.#brokenPromises++;
  }

  /** The peer delivered a block that was asked of it. */
  promiseKept(): void {
    if (this.#brokenPromises > 0) this.#brokenPromises--;
  }

  /** Forgets a claim that the DAG has reached, and notes when one above it was first heard. */
  noteClaim(ourHeight: number, now: number): void {
    if (this.peer.maxHeight <= ourHeight) this.#claimSince = undefined;
    else this.#claimSince ??= now;
  }

  /** How long the peer has been claiming more than we have, in milliseconds; 0 if it does not. */
  claimAge(ourHeight: number, now: number): number {
    this.noteClaim(ourHeight, now);
    return this.#claimSince === undefined ? 0 : now - this.#claimSince;
  }

  /** The peer claimed more than it could show: it loses rank, for longer each time. */
  distrust(now: number): void {
    this.distrustUntil = now + Math.min(DISTRUST_MS * 2 ** Math.min(this.failures, 16), MAX_DISTRUST_MS);
    this.failures++;
  }

  /** Takes over the record that an earlier peer of the same host left behind. */
  resume({ failures, distrustUntil }: ClaimRecord): void {
    this.failures = failures;
    this.distrustUntil = distrustUntil;
  }

  /** The record that the peer leaves behind: claims that came to nothing, one it has not even begun to show included. */
  recordAtEnd(ourHeight: number): ClaimRecord {
    const unproved = this.provenHeight < 0 && this.peer.maxHeight > ourHeight;
    return { failures: Math.max(this.failures, unproved ? 1 : 0), distrustUntil: this.distrustUntil };
  }

  /** A block of this peer was accepted. */
  progressed(height: number, now: number): void {
    this.acceptedBlocks++;
    this.progressAt = now;
    this.activityAt = now;
    this.orphansInARow = 0;
    this.walkBack = WALK_BACK;
    if (height <= this.provenHeight) return;
    this.provenHeight = height;
    this.failures = 0;
    this.distrustUntil = Number.NEGATIVE_INFINITY;
  }
}
