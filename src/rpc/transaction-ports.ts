import type { Hash } from '../util/hash.ts';
import type { OutPoint } from '../wire/index.ts';
import type { RpcBlockPlace } from './ports.ts';

/** What the order makes of a transaction in one block; `unordered`: the order leaves the block out. */
export type RpcTransactionState = 'applied' | 'ignored' | 'skipped' | 'unordered';

/** One block that holds a transaction. */
export interface RpcTransactionPlace extends RpcBlockPlace {
  /** Place in the block, the coinbase is 0. */
  readonly index: number;
  readonly state: RpcTransactionState;
  /** Place of the block in the consensus order, genesis is 0; undefined if left out or too far back to be looked for. */
  readonly position: number | undefined;
  readonly isBlue: boolean;
  /** Blue blocks of the order from this block on; with an undefined position 0. */
  readonly blueConfirmations: number;
}

/** An input that keeps a transaction from having effect. */
export interface RpcLostInput {
  readonly index: number;
  readonly prevout: OutPoint;
  /**
   * `spent`: another transaction won it; `ignored`: it belongs to a transaction that lost; `missing`: it does not exist, or not
   * yet at that place of the order.
   */
  readonly reason: 'spent' | 'ignored' | 'missing';
  /** Who won a spent output, if that is known. */
  readonly winner?: Hash;
}

/** What became of a transaction. */
export interface RpcTransactionStatus {
  readonly inPool: boolean;
  /** In the order of their arrival. */
  readonly blocks: readonly RpcTransactionPlace[];
  /** Why it left the pool without a block, if it did. */
  readonly dropped: 'conflict' | 'evicted' | 'expired' | undefined;
  readonly lostInputs: readonly RpcLostInput[];
}

/** Keeps track of the newest transactions. */
export interface RpcTransactionTracker {
  /** Undefined if nothing is known of it (any more). */
  status(txid: Hash): Promise<RpcTransactionStatus | undefined>;
}
