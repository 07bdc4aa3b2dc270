import { isFinalAt } from '../mempool/index.ts';
import { MAX_AMOUNT, MAX_SIGOP_COST } from '../params/index.ts';
import { isUnspendable } from '../script/index.ts';
import type { Transaction, TxOutput } from '../wire/index.ts';
import { outpointKey } from '../wire/index.ts';
import { EntryQueue } from './entry-queue.ts';
import type { TemplatePolicy } from './policy.ts';
import type { Ranking, SourceEntry, StoredOutput, TemplateDag, TransactionSource } from './ports.ts';

/** Priority of one coin of a day's age in 250 bytes: what is above may do without a fee. */
export const MIN_HIGH_PRIORITY = (1e9 * 144) / 250;
/** Weight that a commitment adds to the coinbase: 47 bytes of output in base form, 36 bytes of witness. */
const COMMITMENT_WEIGHT = 4 * 47 + 36;
/** Weight of the smallest transaction that can exist: one input, one output, empty scripts. */
const LEAST_WEIGHT = 4 * 60;
/** One in so many of the queue must have been passed over in vain before the others are looked through for such. */
const MISFIT_SHARE = 128;

/** Rules and room for one selection. */
export interface SelectionContext {
  /** Height of the block to be made. */
  readonly height: number;
  /** Adjusted time, seconds. */
  readonly time: number;
  readonly dag: Pick<TemplateDag, 'utxo'>;
  readonly policy: TemplatePolicy;
  readonly coinbaseMaturity: number;
  /** Whether segwit counts as active (see `deploymentsActive`). */
  readonly segwit: boolean;
  /** Weight of header, parents and coinbase. */
  readonly weight: number;
  /** Signature operation cost of the coinbase. */
  readonly sigOpCost: number;
  /** Transactions of entries, as far as they are at hand. */
  readonly decoded?: ReadonlyMap<SourceEntry, Transaction>;
}

/** One transaction of a template. */
export interface Selected {
  readonly entry: SourceEntry;
  readonly transaction: Transaction;
  /** nanoSoter. */
  readonly fee: bigint;
  readonly sigOpCost: number;
}

/** The transactions of a template, without its coinbase. */
export interface Selection {
  /** In block order: parents before those that spend from them. */
  readonly transactions: readonly Selected[];
  /** Sum of the fees, nanoSoter. */
  readonly fees: bigint;
  /** Weight of the whole block. */
  readonly weight: number;
  readonly sigOpCost: number;
  /** Whether the coinbase must commit to witness data: some transaction that was looked at has some. */
  readonly commitment: boolean;
}

/**
 * Chooses transactions for a block. First the room for high priority is filled, oldest and largest coins first, then
 * the rest by fee rate, until weight or signature operations are used up; what does not fit or breaks a rule is passed
 * over together with everything that depends on it. The result equals that of soterd 2.1.1 for the same pool, except that
 * equals are decided by their order of arrival (there: at random), and that an output is never spent twice.
 * @param queue memory to work with.
 */
export function selectTransactions(
  source: TransactionSource,
  context: SelectionContext,
  queue: EntryQueue = new EntryQueue(),
): Selection {
  const { policy, height, time } = context;
  const { ranking } = source;
  const byFee = policy.blockPrioritySize === 0;
  queue.reset(ranking, { byFee, height, time });
  const selector = new Selector(context, ranking, queue, byFee);
  selector.run();
  queue.release();
  return selector.result();
}

class Selector {
  readonly #context: SelectionContext;
  readonly #ranking: Ranking;
  readonly #queue: EntryQueue;
  readonly #selected: Selected[] = [];
  /** Outputs of selected transactions, for those that spend from them. */
  readonly #created = new Map<string, StoredOutput>();
  /** Outputs that selected transactions spend. */
  readonly #spent = new Set<string>();
  /** How many parents of an entry are still to be selected, for those with a selected parent. */
  readonly #missingParents = new Map<SourceEntry, number>();
  readonly #minFeeRate: number;
  #byFee: boolean;
  #weight: number;
  #sigOpCost: number;
  #fees = 0n;
  #commitment = false;
  /** Entries that were passed over for lack of room since the queue was looked through for such. */
  #misfits = 0;

  constructor(context: SelectionContext, ranking: Ranking, queue: EntryQueue, byFee: boolean) {
    this.#context = context;
    this.#ranking = ranking;
    this.#queue = queue;
    this.#byFee = byFee;
    this.#minFeeRate = Number(context.policy.minFeeRate);
    this.#weight = context.weight;
    this.#sigOpCost = context.sigOpCost;
  }

  result(): Selection {
    return {
      transactions: this.#selected,
      fees: this.#fees,
      weight: this.#weight,
      sigOpCost: this.#sigOpCost,
      commitment: this.#commitment,
    };
  }

  run(): void {
    const queue = this.#queue;
    for (let row = queue.pop(); row !== -1; row = queue.pop()) {
      if (this.#isOver(row)) {
        queue.push(row);
        break;
      }
      this.#consider(row);
    }
    // Looking at the rest one by one would have one effect only: a witness among them asks for a commitment.
    if (this.#context.segwit && !this.#commitment && queue.hasWitness()) this.#needCommitment();
  }

  #consider(row: number): void {
    const { policy, segwit } = this.#context;
    const { weights, sigOpCosts, witnesses, feeRates } = this.#ranking;
    if (witnesses[row] === 1) {
      if (!segwit) return;
      this.#needCommitment();
    }
    const weight = this.#weight + weights[row];
    if (weight >= policy.blockMaxWeight || this.#sigOpCost + sigOpCosts[row] > MAX_SIGOP_COST) {
      this.#passOver();
      return;
    }
    if (this.#byFee && feeRates[row] < this.#minFeeRate && weight >= policy.blockMinWeight) return;
    if (!this.#byFee) {
      const priority = this.#queue.priority(row);
      if (weight >= policy.blockPrioritySize || priority <= MIN_HIGH_PRIORITY) {
        this.#byFee = true;
        this.#queue.rankByFee();
        if (weight > policy.blockPrioritySize || priority < MIN_HIGH_PRIORITY) {
          this.#queue.push(row);
          return;
        }
      }
    }
    const entry = this.#ranking.entry(row);
    const transaction = this.#context.decoded?.get(entry) ?? entry.transaction;
    const spent = this.#spentOutputs(entry, transaction);
    if (spent && this.#inputsPass(transaction, spent)) this.#take(row, entry, transaction);
  }

  #needCommitment(): void {
    if (this.#commitment) return;
    this.#commitment = true;
    this.#weight += COMMITMENT_WEIGHT;
  }

  /**
   * What does not fit now never will. Where room is scarce that is true of most of a large pool, so it is forgotten in
   * one go instead of coming up one by one. A witness counts when its turn comes, even if its transaction has no room.
   */
  #passOver(): void {
    if (++this.#misfits * MISFIT_SHARE < this.#queue.size) return;
    this.#misfits = 0;
    const { policy, segwit } = this.#context;
    this.#queue.dropAbove(
      policy.blockMaxWeight - this.#weight - 1,
      MAX_SIGOP_COST - this.#sigOpCost,
      segwit && !this.#commitment,
    );
  }

  /** The outputs that a transaction spends; undefined if one does not exist or is spent by a selected transaction. */
  #spentOutputs({ parents }: SourceEntry, { inputs, inputKeys }: Transaction): StoredOutput[] | undefined {
    const outputs: StoredOutput[] = [];
    for (const [i, { prevout }] of inputs.entries()) {
      const key = inputKeys[i];
      const created = parents && this.#created.get(key);
      const output = created ?? this.#context.dag.utxo(prevout);
      if (!output || this.#spent.has(key)) return undefined;
      outputs.push(output);
    }
    return outputs;
  }

  /** The checks of amounts and maturity that a block's inputs must pass. */
  #inputsPass(transaction: Transaction, spent: readonly StoredOutput[]): boolean {
    const { height, coinbaseMaturity } = this.#context;
    let input = 0n;
    for (const { value, isCoinbase, height: created } of spent) {
      if (isCoinbase && height - created < coinbaseMaturity) return false;
      if (value < 0n || value > MAX_AMOUNT) return false;
      input += value;
      if (input > MAX_AMOUNT) return false;
    }
    return input >= sumOf(transaction.outputs);
  }

  #take(row: number, entry: SourceEntry, transaction: Transaction): void {
    const { weights, sigOpCosts } = this.#ranking;
    const { fee, children } = entry;
    this.#selected.push({ entry, transaction, fee, sigOpCost: sigOpCosts[row] });
    this.#weight += weights[row];
    this.#sigOpCost += sigOpCosts[row];
    this.#fees += fee;
    for (const key of transaction.inputKeys) this.#spent.add(key);
    if (!children) return;
    const { height } = this.#context;
    for (const [index, { value, pkScript }] of transaction.outputs.entries()) {
      if (isUnspendable(pkScript)) continue;
      this.#created.set(outpointKey(transaction.txid, index), { value, pkScript, height, isCoinbase: false });
    }
    for (const child of children) this.#parentTaken(child);
  }

  #parentTaken(child: SourceEntry): void {
    const missing = (this.#missingParents.get(child) ?? child.parents?.size ?? 0) - 1;
    this.#missingParents.set(child, missing);
    const { height, time } = this.#context;
    if (missing === 0 && isFinalAt(this.#ranking.lockTimes[child.row], height, time)) this.#queue.push(child.row);
  }

  /** Whether neither this row nor any behind it can be taken: the weight is used up, or only free ones are left. */
  #isOver(row: number): boolean {
    const { blockMaxWeight, blockMinWeight } = this.#context.policy;
    if (this.#weight + LEAST_WEIGHT >= blockMaxWeight) return true;
    return this.#byFee && this.#ranking.feeRates[row] < this.#minFeeRate && this.#weight >= blockMinWeight;
  }
}

function sumOf(outputs: readonly TxOutput[]): bigint {
  return outputs.reduce((sum, { value }) => sum + value, 0n);
}
