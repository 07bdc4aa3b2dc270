import { hashKey } from '../util/hash.ts';
import type { Transaction } from '../wire/index.ts';
import type { Ranked } from './entry-queue.ts';
import type { SourceEntry, StoredOutput, TemplateDag } from './ports.ts';

/** Lock times below this are heights, others Unix seconds (BIP 65). */
const LOCK_TIME_THRESHOLD = 500_000_000;
const FINAL_SEQUENCE = 0xffffffff;

/** A transaction that a template may take, prepared for ranking. */
export interface Candidate extends Ranked {
  readonly entry: SourceEntry;
  /** One an input: the stored output it spends, or undefined if another transaction of the pool creates that. */
  readonly confirmed: readonly (StoredOutput | undefined)[];
  /** Transactions of the pool that must be taken first and have not been. */
  waitsFor: number;
  /** Who waits for this one. */
  readonly dependents: Candidate[];
}

/** What decides whether and how a transaction takes part. */
export interface CandidateContext {
  /** Height of the block to be made. */
  readonly height: number;
  /** Adjusted time, seconds. */
  readonly time: number;
  readonly dag: Pick<TemplateDag, 'utxo'>;
}

/** Whether the lock time of a transaction allows it in a block of this height and time (strictly later). */
export function isFinal(transaction: Transaction, height: number, time: number): boolean {
  const { lockTime } = transaction;
  if (lockTime === 0 || lockTime < (lockTime < LOCK_TIME_THRESHOLD ? height : time)) return true;
  return transaction.inputs.every(({ sequence }) => sequence === FINAL_SEQUENCE);
}

/**
 * Priority of a transaction: the sum of value × age over its confirmed inputs, divided by its size without what every
 * input costs at least (41 bytes and up to 110 bytes of signature script). Inputs of unconfirmed parents add nothing.
 */
export function priorityOf(
  transaction: Transaction,
  confirmed: readonly (StoredOutput | undefined)[],
  height: number,
): number {
  let valueAge = 0;
  for (const output of confirmed) if (output) valueAge += Number(output.value) * (height - output.height);
  let size = transaction.size;
  for (const { signatureScript } of transaction.inputs) size -= 41 + Math.min(110, signatureScript.length);
  return size > 0 ? valueAge / size : 0;
}

/**
 * Prepares the pool's transactions: leaves out coinbases, those that are not final and those that spend what neither the
 * stored outputs nor the pool hold, and links those that depend on each other.
 */
export function candidates(entries: Iterable<SourceEntry>, { height, time, dag }: CandidateContext): Candidate[] {
  const all: Candidate[] = [];
  /** Only made when some transaction has a parent in the pool: most pools are mostly independent payments. */
  const waiting: { readonly candidate: Candidate; readonly parents: Set<string> }[] = [];

  for (const entry of entries) {
    const { transaction } = entry;
    if (transaction.isCoinbase || !isFinal(transaction, height, time)) continue;
    const confirmed: (StoredOutput | undefined)[] = [];
    let parents: Set<string> | undefined;
    for (const { prevout } of transaction.inputs) {
      const output = dag.utxo(prevout);
      confirmed.push(output);
      if (!output) {
        parents ??= new Set();
        parents.add(hashKey(prevout.hash));
      }
    }
    const candidate: Candidate = {
      entry,
      confirmed,
      feeRate: Number(entry.feeRate),
      priority: priorityOf(transaction, confirmed, height),
      index: all.length,
      waitsFor: parents?.size ?? 0,
      dependents: [],
    };
    all.push(candidate);
    if (parents) waiting.push({ candidate, parents });
  }

  if (waiting.length > 0) {
    const byId = new Map(all.map((candidate) => [hashKey(candidate.entry.transaction.txid), candidate]));
    // A parent that is absent or left out is never taken, so its dependents wait for ever: no need to tell these apart.
    for (const { candidate, parents } of waiting) {
      for (const key of parents) byId.get(key)?.dependents.push(candidate);
    }
  }
  return all;
}
