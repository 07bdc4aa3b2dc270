import { type Hash, hashToHex } from '../util/hash.ts';
import type { Block } from '../wire/index.ts';
import type { ConnectedBlock, DagState } from './dag-state.ts';
import type { DagDelta } from './delta.ts';
import { type BlockEffects, TxEffect } from './outputs/effects.ts';

/** A block that became part of the DAG. */
export interface BlockInfo {
  readonly hash: Hash;
  readonly height: number;
  readonly block: Block;
  /** In message order, duplicates kept. */
  readonly parents: readonly Hash[];
}

/**
 * What the order makes of a transaction: `applied`, it counts; `ignored`, it lost a double spend or builds on a loser;
 * `skipped`, what it spends did not exist at that place of the order.
 */
export type TransactionState = 'applied' | 'ignored' | 'skipped';

/** A transaction that means something else than before; undefined: its block is not in the order. */
export interface TransactionChange {
  readonly txid: Hash;
  /** The block it stands in; a transaction may stand in several. */
  readonly block: Hash;
  readonly before: TransactionState | undefined;
  readonly after: TransactionState | undefined;
}

/**
 * The end of the order was rewritten: blocks that were there before changed place, or blocks that a redundant parent had
 * kept out came back (then `removed` may be empty).
 */
export interface OrderChange {
  /** The block that caused it. */
  readonly cause: Hash;
  /** First position that changed. */
  readonly cut: number;
  /** Blocks from `cut` on, before and now; `added` includes the cause, unless a redundant parent keeps it out. */
  readonly removed: readonly Hash[];
  readonly added: readonly Hash[];
  /** Changed transactions of the blocks in `removed`. */
  readonly transactions: readonly TransactionChange[];
}

/**
 * Events of the DAG; each leaves after what it tells was committed. Per block: `reorder` if any, `connected`,
 * `accepted`.
 */
export type DagEvents = {
  connected: BlockInfo;
  accepted: BlockInfo;
  reorder: OrderChange;
  /** After `accepted`. */
  changed: DagDelta;
  /** Another thread has written a commit: what waited for that can go on. */
  written: undefined;
  /** A change could not be made or committed: the DAG refuses all blocks from now on. Told once. */
  failed: unknown;
};

const STATE_NAMES: Readonly<Record<TxEffect, TransactionState>> = {
  [TxEffect.skipped]: 'skipped',
  [TxEffect.applied]: 'applied',
  [TxEffect.ignored]: 'ignored',
};

/** What the order makes of each transaction of a block. */
export function transactionStates(effects: BlockEffects): TransactionState[] {
  return effects.transactions.map((effect) => STATE_NAMES[effect]);
}

/** The event for a rewritten end of the order; undefined if the order only grew by the block that was connected. */
export function orderChange(state: DagState, connected: ConnectedBlock): OrderChange | undefined {
  const { id, cut, removed, added, moved } = connected;
  if (removed.length === 0 && added.every((block) => block === id)) return undefined;
  const hashes = (ids: readonly number[]): Hash[] => ids.map((block) => state.index.hashOf(block));
  const transactions: TransactionChange[] = [];
  for (const { id: block, before, after } of moved) {
    if (!before || sameEffects(before, after)) continue;
    const hash = state.index.hashOf(block);
    const earlier = transactionStates(before);
    const now = after && transactionStates(after);
    for (const [i, { txid }] of state.bodies.get(block).transactions.entries()) {
      if (earlier[i] !== now?.[i]) transactions.push({ txid, block: hash, before: earlier[i], after: now?.[i] });
    }
  }
  return { cause: state.index.hashOf(id), cut, removed: hashes(removed), added: hashes(added), transactions };
}

function sameEffects(a: BlockEffects, b: BlockEffects | undefined): boolean {
  return b !== undefined && a.transactions.every((effect, i) => effect === b.transactions[i]);
}

/** A block in a log line. */
export function describeBlock({ hash, height, block }: BlockInfo): string {
  return `${hashToHex(hash)} (height ${height}, ${block.transactions.length} transactions, ${block.size} bytes)`;
}
