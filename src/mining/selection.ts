import { MAX_AMOUNT, MAX_SIGOP_COST } from '../params/index.ts';
import { hashKey } from '../util/hash.ts';
import type { OutPoint, Transaction, TxOutput } from '../wire/index.ts';
import { type Candidate, type CandidateContext, candidates } from './candidates.ts';
import { EntryQueue } from './entry-queue.ts';
import type { TemplatePolicy } from './policy.ts';
import type { ScriptRules, SourceEntry, StoredOutput } from './ports.ts';

/** Priority of one coin of a day's age in 250 bytes: what is above may do without a fee. */
export const MIN_HIGH_PRIORITY = (1e9 * 144) / 250;
/** Weight that a commitment adds to the coinbase: 47 bytes of output in base form, 36 bytes of witness. */
const COMMITMENT_WEIGHT = 4 * 47 + 36;
/** Weight of the smallest transaction that can exist: one input, one output, empty scripts. */
const LEAST_WEIGHT = 4 * 60;

/** Rules and room for one selection. */
export interface SelectionContext extends CandidateContext {
  readonly policy: TemplatePolicy;
  readonly scripts: ScriptRules;
  readonly coinbaseMaturity: number;
  /** Whether segwit counts as active (see `deploymentsActive`). */
  readonly segwit: boolean;
  /** Weight of header, parents and coinbase. */
  readonly weight: number;
  /** Signature operation cost of the coinbase. */
  readonly sigOpCost: number;
}

/** One transaction of a template. */
export interface Selected {
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
 * equals are decided by their place in `entries` (there: at random), and that an output is never spent twice.
 */
export function selectTransactions(entries: Iterable<SourceEntry>, context: SelectionContext): Selection {
  const selector = new Selector(context);
  selector.run(candidates(entries, context));
  return selector.result();
}

class Selector {
  readonly #context: SelectionContext;
  readonly #queue: EntryQueue<Candidate>;
  readonly #selected: Selected[] = [];
  /** Outputs of selected transactions, for those that spend from them. */
  readonly #created = new Map<string, StoredOutput>();
  /** Outputs that selected transactions spend. */
  readonly #spent = new Set<string>();
  #byFee: boolean;
  #weight: number;
  #sigOpCost: number;
  #fees = 0n;
  #commitment = false;

  constructor(context: SelectionContext) {
    this.#context = context;
    this.#byFee = context.policy.blockPrioritySize === 0;
    this.#queue = new EntryQueue(this.#byFee);
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

  run(all: readonly Candidate[]): void {
    this.#queue.pushAll(all.filter(({ waitsFor }) => waitsFor === 0));
    for (let candidate = this.#queue.pop(); candidate; candidate = this.#queue.pop()) {
      if (this.#isOver(candidate)) {
        this.#queue.push(candidate);
        break;
      }
      this.#consider(candidate);
    }
    this.#passOverRest();
  }

  #consider(candidate: Candidate): void {
    const { policy, segwit, scripts } = this.#context;
    const { transaction, feeRate } = candidate.entry;
    if (transaction.hasWitness) {
      if (!segwit) return;
      this.#needCommitment();
    }
    const weight = this.#weight + transaction.weight;
    if (weight >= policy.blockMaxWeight) return;
    const spent = this.#spentOutputs(candidate);
    if (!spent) return;
    const sigOpCost = scripts.sigOpCost(transaction, spent, segwit);
    if (this.#sigOpCost + sigOpCost > MAX_SIGOP_COST) return;
    if (this.#byFee && feeRate < policy.minFeeRate && weight >= policy.blockMinWeight) return;
    if (!this.#byFee && (weight >= policy.blockPrioritySize || candidate.priority <= MIN_HIGH_PRIORITY)) {
      this.#byFee = true;
      this.#queue.rankByFee();
      if (weight > policy.blockPrioritySize || candidate.priority < MIN_HIGH_PRIORITY) {
        this.#queue.push(candidate);
        return;
      }
    }
    if (!this.#inputsPass(transaction, spent) || !scripts.verify(transaction, spent)) return;
    this.#take(candidate, weight, sigOpCost);
  }

  #needCommitment(): void {
    if (this.#commitment) return;
    this.#commitment = true;
    this.#weight += COMMITMENT_WEIGHT;
  }

  /** The outputs that a transaction spends; undefined if one does not exist or is spent by a selected transaction. */
  #spentOutputs({ entry, confirmed }: Candidate): StoredOutput[] | undefined {
    const outputs: StoredOutput[] = [];
    for (const [i, { prevout }] of entry.transaction.inputs.entries()) {
      const key = outpointKey(prevout);
      const output = confirmed[i] ?? this.#created.get(key);
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

  #take(candidate: Candidate, weight: number, sigOpCost: number): void {
    const { transaction, fee } = candidate.entry;
    this.#selected.push({ transaction, fee, sigOpCost });
    this.#weight = weight;
    this.#sigOpCost += sigOpCost;
    this.#fees += fee;
    for (const { prevout } of transaction.inputs) this.#spent.add(outpointKey(prevout));
    if (candidate.dependents.length === 0) return;
    const { height, scripts } = this.#context;
    for (const [index, { value, pkScript }] of transaction.outputs.entries()) {
      if (scripts.isUnspendable(pkScript)) continue;
      const created = { value, pkScript, height, isCoinbase: false };
      this.#created.set(outpointKey({ hash: transaction.txid, index }), created);
    }
    for (const dependent of candidate.dependents) {
      dependent.waitsFor--;
      if (dependent.waitsFor === 0) this.#queue.push(dependent);
    }
  }

  /** Whether neither this candidate nor any behind it can be taken: the weight is used up, or only free ones are left. */
  #isOver(candidate: Candidate): boolean {
    const { blockMaxWeight, blockMinWeight, minFeeRate } = this.#context.policy;
    if (this.#weight + LEAST_WEIGHT >= blockMaxWeight) return true;
    return this.#byFee && candidate.entry.feeRate < minFeeRate && this.#weight >= blockMinWeight;
  }

  /** Looking at the rest one by one would have one effect only: a witness among them asks for a commitment. */
  #passOverRest(): void {
    if (!this.#context.segwit || this.#commitment) return;
    for (const { entry } of this.#queue.values()) {
      if (!entry.transaction.hasWitness) continue;
      this.#needCommitment();
      return;
    }
  }
}

function outpointKey({ hash, index }: OutPoint): string {
  return hashKey(hash) + index;
}

function sumOf(outputs: readonly TxOutput[]): bigint {
  return outputs.reduce((sum, { value }) => sum + value, 0n);
}
