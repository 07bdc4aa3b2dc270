import { asBuffer } from '../util/bytes.ts';
import { type Hash, hashFromKey, hashKey } from '../util/hash.ts';
import { Transaction } from '../wire/index.ts';
import { feeRatePerKb } from './fees.ts';
import { effectiveLockTime } from './finality.ts';
import type { SpentOutput } from './input-view.ts';
import { prioritySize } from './priority.ts';

/** What is found out about a transaction while it is judged. */
export interface EntryFacts {
  readonly transaction: Transaction;
  /** Inputs less outputs, nanoSoter. */
  readonly fee: bigint;
  /** Signature operation cost. */
  readonly sigOpCost: number;
  /** Priority at the height at which it entered. */
  readonly startingPriority: number;
  /** What it spends, one an input. */
  readonly spent: readonly SpentOutput[];
  /** Greatest height of the DAG when it entered. */
  readonly height: number;
  /** When it entered, Unix seconds. */
  readonly time: number;
}

/** Bytes that an entry costs besides those of its transaction, and each input (measured, see bench/mempool.ts). */
const ENTRY_COST = 260;
const INPUT_COST = 110;
/** Bytes that an unconfirmed parent costs: links, and places in the families of ancestors. */
const PARENT_COST = 600;

/** Memory that a transaction takes in the pool, bytes; an estimate. @param spent what it spends, one an input. */
export function usageOf({ size }: Transaction, spent: readonly SpentOutput[]): number {
  const parents = spent.reduce((sum, { parent }) => sum + (parent ? 1 : 0), 0);
  return ENTRY_COST + size + INPUT_COST * spent.length + PARENT_COST * parents;
}

/**
 * A transaction of the pool. The transaction itself is kept as a string of its bytes, which takes a sixth of the memory of the
 * decoded form, and is decoded anew by every access to {@link transaction} (about a microsecond): the figures that
 * ranking needs are fields.
 */
export class PoolEntry {
  /** See `hashKey`. */
  readonly key: string;
  readonly #bytes: string;
  /** Fee as a number; amounts are below 2^53. */
  readonly feeValue: number;
  readonly size: number;
  readonly weight: number;
  readonly virtualSize: number;
  readonly sigOpCost: number;
  readonly height: number;
  readonly time: number;
  readonly startingPriority: number;
  /** Lock time, or 0 if the transaction is final at any height and time. */
  readonly lockTime: number;
  readonly hasWitness: boolean;
  /** Bytes of memory that this entry is counted with. */
  readonly usage: number;
  /** Place in the order of arrival. */
  readonly sequence: number;

  /** Divisor of priorities; 0: the priority is always 0. */
  readonly prioritySize: number;
  /** Sum over the confirmed inputs of value, and of value × height. */
  valueSum = 0;
  valueHeightSum = 0;

  /** Transactions of the pool that it spends from, and those that spend from it. */
  parents: Set<PoolEntry> | undefined;
  children: Set<PoolEntry> | undefined;
  /** Fee and virtual size of this transaction and of its descendants, see `FamilySums`. */
  familyFee: number;
  familySize: number;
  /** Ancestors whose sums contain this entry. */
  countedIn: PoolEntry[] | undefined;
  /** Place in the heap, -1 outside of the pool. */
  heapIndex = -1;
  /** Place in the table of figures, -1 outside of the pool. */
  row = -1;

  constructor({ transaction, fee, sigOpCost, startingPriority, spent, height, time }: EntryFacts, sequence: number) {
    this.key = hashKey(transaction.txid);
    this.#bytes = asBuffer(transaction.toBytes()).toString('latin1');
    this.feeValue = Number(fee);
    this.size = transaction.size;
    this.weight = transaction.weight;
    this.virtualSize = transaction.virtualSize;
    this.sigOpCost = sigOpCost;
    this.height = height;
    this.time = time;
    this.startingPriority = startingPriority;
    this.lockTime = effectiveLockTime(transaction);
    this.hasWitness = transaction.hasWitness;
    this.usage = usageOf(transaction, spent);
    this.sequence = sequence;
    this.prioritySize = Math.max(0, prioritySize(transaction));
    this.familyFee = this.feeValue;
    this.familySize = this.virtualSize;
    this.setSpent(spent);
  }

  get txid(): Hash {
    return hashFromKey(this.key);
  }

  /** Decoded anew; owns its memory. */
  get transaction(): Transaction {
    return Transaction.fromBytes(Buffer.from(this.#bytes, 'latin1'));
  }

  /** nanoSoter. */
  get fee(): bigint {
    return BigInt(this.feeValue);
  }

  /** nanoSoter per 1,000 vbytes, rounded down. */
  get feeRate(): bigint {
    return feeRatePerKb(this.fee, this.virtualSize);
  }

  /** {@link feeRate} as a number. */
  get feeRateValue(): number {
    const scaled = this.feeValue * 1000;
    // A quotient of exact integers can not be rounded up to the next one: it is at least 1 / virtualSize below.
    return scaled <= Number.MAX_SAFE_INTEGER ? Math.floor(scaled / this.virtualSize) : Number(this.feeRate);
  }

  /** What the transaction is worth keeping for: its own fee rate or that of its family, nanoSoter per vbyte. */
  get score(): number {
    return Math.max(this.feeValue / this.virtualSize, this.familyFee / this.familySize);
  }

  /** Priority if mined at this height, see `priorityAt`; may differ from that in the last digits. */
  priorityAt(height: number): number {
    return this.prioritySize === 0 ? 0 : (this.valueSum * height - this.valueHeightSum) / this.prioritySize;
  }

  /** What it spends has been confirmed, or its height has changed. */
  setSpent(spent: readonly SpentOutput[]): void {
    this.valueSum = 0;
    this.valueHeightSum = 0;
    for (const { output, parent } of spent) {
      if (parent) continue;
      const value = Number(output.value);
      this.valueSum += value;
      this.valueHeightSum += value * output.height;
    }
  }
}
