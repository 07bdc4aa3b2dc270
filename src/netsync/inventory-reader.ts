import { isZeroHash } from '../util/hash.ts';
import { InvType, type InvVector } from '../wire/index.ts';
import type { BlockFetcher } from './block-fetcher.ts';
import type { BlockPlan } from './block-plan.ts';
import type { Downloader } from './downloader.ts';
import { MAX_ENTRIES_CONSIDERED, MAX_ENTRIES_KNOWN, NEAR_HEIGHTS } from './limits.ts';
import type { PeerState } from './peer-state.ts';
import type { Synchronizer } from './synchronizer.ts';
import type { TransactionFetcher } from './transaction-fetcher.ts';
import type { Walker } from './walker.ts';

const SUPPORTED: ReadonlySet<number> = new Set([InvType.tx, InvType.block, InvType.witnessTx, InvType.witnessBlock]);

function isBlockEntry({ type }: InvVector): boolean {
  return type === InvType.block || type === InvType.witnessBlock;
}

/** What a reader of inventory works with. */
export interface InventoryReaderDeps {
  readonly fetcher: Pick<BlockFetcher, 'requestAnnounced' | 'requestMissing' | 'notFound'>;
  readonly transactions: Pick<TransactionFetcher, 'requestAnnounced' | 'notFound'>;
  readonly plan: Pick<BlockPlan, 'size'>;
  readonly downloader: Pick<Downloader, 'share' | 'assign'>;
  readonly sync: Pick<
    Synchronizer,
    'peer' | 'ourHeight' | 'start' | 'ask' | 'leaveIfReached' | 'answeredNothing' | 'nothingNew'
  >;
  readonly walker: Pick<Walker, 'answered' | 'settle'>;
  /** Steady time in milliseconds. */
  now(): number;
}

/** What peers say they have, and have not: announcements, answers to getblocks, invitations to ask on, and notfound. */
export class InventoryReader {
  readonly #deps: InventoryReaderDeps;

  constructor(deps: InventoryReaderDeps) {
    this.#deps = deps;
  }

  /** A peer offers inventory, or answers a getblocks. */
  offered(state: PeerState, inventory: readonly InvVector[]): void {
    const { fetcher, plan, downloader, sync, walker, now } = this.#deps;
    const entries = inventory.slice(0, MAX_ENTRIES_CONSIDERED).filter(({ type }) => SUPPORTED.has(type));
    const blocks = entries.filter(isBlockEntry);
    state.activityAt = now();
    const [first] = entries;
    if (first && entries.length === 1 && isZeroHash(first.hash)) {
      // Shared lists are continued before their last block has come.
      if (plan.size === 0 || state !== sync.peer) sync.ask(state);
      return;
    }
    const answer = state.takeAnswer(blocks, entries.length === blocks.length && entries.length === inventory.length);
    this.#noteHeights(state, blocks);
    sync.leaveIfReached();
    for (const entry of entries.slice(-MAX_ENTRIES_KNOWN)) state.peer.addKnownInventory(entry);
    if (!answer && this.#isFar(entries)) return;
    const listed = answer && !answer.walk && blocks.length > 0 && state === sync.peer;
    if (listed && downloader.share(state, blocks)) return;
    const requested = this.#request(state, entries);
    if (answer?.walk) walker.answered(state, blocks, requested);
    else if (answer && blocks.length === 0) sync.answeredNothing(state, answer.from);
    else if (requested === 0 && entries.length > 0) sync.nothingNew(state);
    fetcher.requestMissing(state);
    walker.settle(state);
  }

  /** A peer does not have what it was asked for. */
  notFound(state: PeerState, inventory: readonly InvVector[]): void {
    const { fetcher, transactions, downloader, walker } = this.#deps;
    const hashes = (wanted: boolean) =>
      inventory.filter((item) => isBlockEntry(item) === wanted).map(({ hash }) => hash);
    transactions.notFound(state, hashes(false));
    if (fetcher.notFound(state, hashes(true))) downloader.assign();
    walker.settle(state);
  }

  /** Requests what is wanted of an inv in one message. @returns how many entries that were. */
  #request(state: PeerState, entries: readonly InvVector[]): number {
    const wanted: InvVector[] = [];
    for (const entry of entries) {
      const fetcher = isBlockEntry(entry) ? this.#deps.fetcher : this.#deps.transactions;
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
    state.noteClaim(this.#deps.sync.ourHeight, this.#deps.now());
  }

  /**
   * True for the announcement of one block that lies so far above us that a synchronisation will list it: fetching it
   * now would only make it an orphan.
   */
  #isFar(entries: readonly InvVector[]): boolean {
    const { sync } = this.#deps;
    const [entry] = entries;
    if (!entry || entries.length > 1 || !isBlockEntry(entry)) return false;
    if (entry.height <= sync.ourHeight + NEAR_HEIGHTS) return false;
    sync.start();
    return sync.peer !== undefined;
  }
}
