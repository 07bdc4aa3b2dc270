import type { Block } from '../wire/index.ts';
import type { BlockFetcher } from './block-fetcher.ts';
import type { BlockJudge } from './block-judge.ts';
import type { BlockPlan, PlannedBlock } from './block-plan.ts';
import { type BlockQueue, ignoreStop, type JobOptions } from './block-queue.ts';
import type { Downloader } from './downloader.ts';
import {
  CATCHING_UP_BLOCKS,
  COLLECTED_BLOCKS,
  COLLECTED_BYTES,
  COLLECTED_BYTES_IN_ALL,
  FAR_BELOW,
  HEAVY_BLOCK_BYTES,
  NEAR_HEIGHTS,
} from './limits.ts';
import type { Payer } from './orphan-slices.ts';
import type { PeerState } from './peer-state.ts';
import type { BlockPreparation, SyncDag } from './ports.ts';
import type { Synchronizer } from './synchronizer.ts';

/** What an intake works with. */
export interface BlockIntakeDeps {
  readonly dag: Pick<SyncDag, 'blockHeight' | 'preparation'>;
  readonly peers: ReadonlyMap<number, PeerState>;
  readonly fetcher: Pick<BlockFetcher, 'delivered' | 'wasAsked' | 'isWaiting' | 'isKnown' | 'owedBy'>;
  readonly plan: Pick<BlockPlan, 'add' | 'deny'>;
  readonly sync: Pick<Synchronizer, 'peer' | 'ourHeight'>;
  readonly downloader: Pick<Downloader, 'advance' | 'assign' | 'finished'>;
  readonly judge: BlockJudge;
  readonly queue: Pick<BlockQueue, 'push'>;
  /** Told of failures that no peer is to blame for. */
  readonly failed: (error: unknown) => void;
  /** Steady time in milliseconds. */
  now(): number;
}

/**
 * Blocks that have come and wait for their turn. Each is a job in the lane of the peer that has to pay for it. How many may
 * wait is bounded by leaving the next message of their senders unread.
 */
export class BlockIntake {
  readonly #deps: BlockIntakeDeps;
  /** Memory of the blocks of all peers that wait, bytes. */
  #queuedBytes = 0;
  /** Blocks of shared lists that wait to be processed, and their memory (bytes). */
  #plannedJobs = 0;
  #plannedBytes = 0;

  constructor(deps: BlockIntakeDeps) {
    this.#deps = deps;
  }

  /** True if another block of a shared list can be taken. */
  get hasRoom(): boolean {
    return this.#plannedJobs < COLLECTED_BLOCKS && this.#plannedBytes < COLLECTED_BYTES;
  }

  /**
   * Takes a block that was asked of its peer, and not as part of a shared list.
   * @returns when the peer's next message may be read.
   */
  take(state: PeerState, block: Block): void | Promise<void> {
    const { dag, fetcher, failed } = this.#deps;
    if (this.#isSuperfluous(state, block)) {
      fetcher.delivered(state, block.hash);
      return undefined;
    }
    state.queuedBlocks++;
    state.queuedBytes += block.memory;
    this.#queuedBytes += block.memory;
    const catchingUp = fetcher.owedBy(state) >= CATCHING_UP_BLOCKS || this.#isFarBehind(state);
    const preparation = catchingUp || block.size >= HEAVY_BLOCK_BYTES ? dag.preparation : undefined;
    const done = this.#enqueue(state, block, preparation, { later: catchingUp }, (old) => {
      state.queuedBlocks--;
      state.queuedBytes -= block.memory;
      this.#queuedBytes -= block.memory;
      this.#process(state, block, old);
      this.#readOn(state);
    });
    if (!catchingUp) return done.catch(ignoreStop);
    done.catch(failed);
    if (this.#mayReadOn(state, 1)) return undefined;
    return new Promise((resolve) => {
      state.readOn = resolve;
    });
  }

  /** Takes a block of a shared list that has come and is next, at the expense of the peer that listed it. */
  takePlanned(planned: PlannedBlock): void {
    const { lister, held } = planned;
    if (!held) return;
    const { dag, downloader, failed } = this.#deps;
    const { block, from } = held;
    this.#plannedJobs++;
    this.#plannedBytes += block.memory;
    this.#enqueue(lister, block, dag.preparation, { later: true }, (old) => {
      this.#plannedJobs--;
      this.#plannedBytes -= block.memory;
      this.#processPlanned(planned, block, from, old);
      downloader.advance();
      if (this.#plannedJobs === 0) downloader.finished();
    }).catch(failed);
  }

  /** @param work is told whether the block is far below the tips when its turn comes. */
  #enqueue(
    payer: PeerState,
    block: Block,
    preparation: BlockPreparation | undefined,
    options: JobOptions,
    work: (old: boolean) => void,
  ): Promise<void> {
    preparation?.prepare(block);
    const busy = preparation && (() => preparation.isBusy(block));
    let old = false;
    const run = () => {
      old = this.#isFarBelow(block);
      work(old);
      // Its peer may have left before its turn, and then nobody else says so.
      preparation?.forget(block);
    };
    const charge = (milliseconds: number) => payer.budget.charge(milliseconds, old);
    return this.#deps.queue.push(run, { ...options, lane: payer.budget, busy, charge });
  }

  /** True if somebody else was asked for the block, too, and has brought it. */
  #isSuperfluous(state: PeerState, { hash }: Block): boolean {
    const { fetcher } = this.#deps;
    return fetcher.wasAsked(state, hash) && !fetcher.isWaiting(state, hash) && fetcher.isKnown(hash);
  }

  /** True while this is the last of a list of blocks, and the sync peer will have more. */
  #isFarBehind(state: PeerState): boolean {
    const { sync } = this.#deps;
    return state === sync.peer && state.peer.maxHeight > sync.ourHeight + NEAR_HEIGHTS;
  }

  /** True if a block has a parent far below the tips: what it makes us rewrite is not paid for by its proof of work. */
  #isFarBelow({ parentHashes }: Block): boolean {
    const { dag, sync } = this.#deps;
    const limit = sync.ourHeight - FAR_BELOW;
    return limit > 0 && parentHashes.some((parent) => (dag.blockHeight(parent) ?? limit) < limit);
  }

  #process(state: PeerState, block: Block, old: boolean): void {
    const { peers, fetcher, judge, now } = this.#deps;
    // Whatever a peer owed was asked of others when it left.
    if (peers.get(state.peer.id) !== state) return;
    const delivery = fetcher.delivered(state, block.hash);
    state.activityAt = now();
    judge.judge(state, block, delivery?.request, payerFor(state, old));
  }

  #processPlanned({ lister, hash, height }: PlannedBlock, block: Block, from: PeerState, old: boolean): void {
    const { peers, fetcher, plan, downloader, judge, now } = this.#deps;
    const isHere = peers.get(from.peer.id) === from;
    const taken = isHere ? judge.judge(from, block, undefined, payerFor(from, old)) : judge.judgeUnowned(block);
    if (taken) {
      lister.activityAt = now();
      lister.progressAt = now();
    } else if (!fetcher.isKnown(hash)) {
      // These bytes are not the block: somebody else is asked for it.
      const [again] = plan.add(lister, [{ hash, height }]);
      if (again) plan.deny(again, from);
      downloader.assign();
    }
  }

  #readOn(state: PeerState): void {
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
}

/** The peer of a block pays for what it brings with it. */
function payerFor({ budget }: PeerState, old: boolean): Payer {
  return { lane: budget, charge: (milliseconds) => budget.charge(milliseconds, old) };
}
