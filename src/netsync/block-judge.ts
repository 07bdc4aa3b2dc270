import { hashToHex } from '../util/hash.ts';
import type { Logger } from '../util/log.ts';
import type { Block } from '../wire/index.ts';
import type { BlockFetcher } from './block-fetcher.ts';
import type { OrphanSlices, Payer } from './orphan-slices.ts';
import type { PeerState } from './peer-state.ts';
import type { Announcer, ProcessResult } from './ports.ts';
import { faultOf, isDuplicate, isVerdict, refusalOf } from './rejects.ts';
import type { OpenRequest } from './request-table.ts';
import type { Synchronizer } from './synchronizer.ts';
import type { TransactionFetcher } from './transaction-fetcher.ts';
import type { Walker } from './walker.ts';

/** What a judge works with. */
export interface BlockJudgeDeps {
  readonly fetcher: Pick<BlockFetcher, 'settled' | 'parked' | 'spoiled' | 'requestMissing'>;
  readonly transactions: Pick<TransactionFetcher, 'forgetRejected'>;
  readonly sync: Pick<Synchronizer, 'ourHeight' | 'isCurrent' | 'leaveIfCurrent' | 'closeGap' | 'ask'>;
  readonly walker: Pick<Walker, 'orphanSeen' | 'settle'>;
  readonly orphans: Pick<OrphanSlices, 'process'>;
  readonly announcer: Pick<Announcer, 'peerHeight'>;
  readonly logger: Logger;
  /** Steady time in milliseconds. */
  now(): number;
}

/** Hands the blocks of peers to the DAG, and draws the conclusions for their senders from its verdicts. */
export class BlockJudge {
  readonly #deps: BlockJudgeDeps;

  constructor(deps: BlockJudgeDeps) {
    this.#deps = deps;
  }

  /**
   * A block came from a peer.
   * @param request the request that it answers, if that was still open.
   * @param payer who pays for the orphans that it resolves.
   * @returns false if the block was refused.
   * @throws what the DAG throws and is no verdict on the block.
   */
  judge(state: PeerState, block: Block, request: OpenRequest | undefined, payer: Payer): boolean {
    const { fetcher, walker, sync, orphans } = this.#deps;
    let result: ProcessResult;
    try {
      result = orphans.process(block, payer);
    } catch (error) {
      if (!isVerdict(error)) throw error;
      this.#refused(state, block, error, request);
      walker.settle(state);
      return false;
    }
    fetcher.settled(block.hash);
    if (result.status === 'orphan') {
      fetcher.parked(block.hash, result.missing);
      walker.orphanSeen(state);
      fetcher.requestMissing(state);
      sync.closeGap(state);
    } else {
      this.#accepted(state, block, result.height);
    }
    walker.settle(state);
    return true;
  }

  /** A block whose sender has left: nobody is to blame for it. @returns false if it was refused. */
  judgeUnowned(block: Block): boolean {
    const { fetcher, orphans } = this.#deps;
    try {
      const result = orphans.process(block);
      fetcher.settled(block.hash);
      if (result.status === 'orphan') fetcher.parked(block.hash, result.missing);
      return true;
    } catch (error) {
      if (!isVerdict(error)) throw error;
      return false;
    }
  }

  #accepted(state: PeerState, block: Block, height: number): void {
    const { fetcher, transactions, sync, announcer, now } = this.#deps;
    const { peer } = state;
    transactions.forgetRejected();
    peer.raiseMaxHeight(height);
    state.progressed(height, now());
    if (sync.isCurrent()) announcer.peerHeight(block.hash, height, peer.id);
    sync.leaveIfCurrent();
    fetcher.requestMissing(state);
    if (height === peer.maxHeight && height === sync.ourHeight) sync.ask(state);
  }

  #refused(state: PeerState, block: Block, error: unknown, request: OpenRequest | undefined): void {
    const { fetcher, logger } = this.#deps;
    const { peer } = state;
    const { hash } = block;
    const duplicate = isDuplicate(error);
    if (duplicate) fetcher.settled(hash);
    // Another peer that was asked for it, too, was faster.
    if (duplicate && !request) return;
    const { code, reason } = refusalOf(error);
    logger.info(`Rejected block ${hashToHex(hash)} from ${peer.address}: ${reason}`);
    if (!duplicate) {
      const { provenByHash, points } = faultOf(error, block);
      fetcher.spoiled(state, hash, request, provenByHash);
      if (points > 0) peer.misbehaved(points, `invalid block ${hashToHex(hash)}`);
    }
    peer.reject('block', code, reason, hash);
  }
}
