import type { Hash } from '../util/hash.ts';
import { isComplete, type SpentOutput } from './input-view.ts';
import type { PoolEntry } from './pool-entry.ts';
import { priorityAt } from './priority.ts';

/** What RPC shows of a transaction of the pool. */
export interface EntryDescription {
  readonly txid: Hash;
  /** Bytes in witness form. */
  readonly size: number;
  readonly virtualSize: number;
  /** nanoSoter. */
  readonly fee: bigint;
  /** When it entered, Unix seconds. */
  readonly time: number;
  /** Greatest height of the DAG when it entered, and the priority it had there. */
  readonly height: number;
  readonly startingPriority: number;
  /** Priority in the next block. */
  readonly currentPriority: number;
  /** Transactions of the pool that it spends from, one for each such input. */
  readonly depends: readonly Hash[];
}

/**
 * Describes an entry.
 * @param spent what it spends, one an input.
 * @param nextHeight height of the next block.
 */
export function describeEntry(
  entry: PoolEntry,
  spent: readonly (SpentOutput | undefined)[],
  nextHeight: number,
): EntryDescription {
  const { txid, size, virtualSize, fee, time, height, startingPriority, transaction } = entry;
  return {
    txid,
    size,
    virtualSize,
    fee,
    time,
    height,
    startingPriority,
    currentPriority: isComplete(spent) ? priorityAt(transaction, spent, nextHeight) : 0,
    depends: spent.flatMap((output) => (output?.parent ? [output.parent.txid] : [])),
  };
}
