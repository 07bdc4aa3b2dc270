import { checkTransactionInputs, checkTransactionSanity, outpointKey } from '../dag/index.ts';
import {
  describeInputFailure,
  ScriptError,
  SigHashCache,
  STANDARD_FLAGS,
  sigOpCost,
  verifyInput,
} from '../script/index.ts';
import { type Hash, hashKey, hashToHex } from '../util/hash.ts';
import type { Clock } from '../util/ports.ts';
import { RejectCode, type Transaction } from '../wire/index.ts';
import { applyBlockRule, nonStandard, PolicyError } from './errors.ts';
import { requiredFee } from './fees.ts';
import type { FreeRelayLimiter } from './free-relay-limiter.ts';
import { type InputView, isComplete, type SpentOutput } from './input-view.ts';
import type { OrphanTransactions } from './orphan-pool.ts';
import {
  MAX_FREE_VIRTUAL_SIZE,
  MAX_SCRIPT_MS,
  MAX_TRANSACTION_SIGOP_COST,
  MIN_FREE_PRIORITY,
  type PoolPolicy,
} from './policy.ts';
import { type EntryFacts, usageOf } from './pool-entry.ts';
import type { PoolDeps } from './ports.ts';
import { formatShort, priorityAt } from './priority.ts';
import { sequenceLock } from './sequence-locks.ts';
import { checkStandardForm, checkStandardInputs } from './standardness.ts';
import type { TransactionGraph } from './transaction-graph.ts';

/** Where a transaction comes from. */
export interface Submission {
  /** It was never in the pool or in a block: without a fee it must have priority. */
  readonly isNew: boolean;
  /** The limits of free transactions and of the time for scripts apply. */
  readonly limited: boolean;
  /** It is refused if it is among the orphans. */
  readonly refuseOrphans: boolean;
}

/** A transaction that may enter the pool, or what it waits for: the unknown transactions it spends from. */
export type Verdict = { readonly facts: EntryFacts } | { readonly missing: readonly Hash[] };

/** What a judge works with. */
export interface JudgeDeps extends Pick<PoolDeps, 'dag' | 'params' | 'signatureCache'> {
  readonly policy: PoolPolicy;
  readonly graph: TransactionGraph;
  readonly orphans: OrphanTransactions;
  readonly view: InputView;
  readonly limiter: FreeRelayLimiter;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Heights and times that one judgement goes by. */
interface Moment {
  readonly maxHeight: number;
  readonly nextHeight: number;
  readonly medianTime: number;
  /** Unix seconds. */
  readonly now: number;
}

/** Decides whether transactions may enter the pool. The order of the checks and their texts are those of soterd 2.1.1. */
export class Judge {
  readonly #deps: JudgeDeps;

  constructor(deps: JudgeDeps) {
    this.#deps = deps;
  }

  /**
   * Judges a transaction.
   * @param now Unix seconds.
   * @throws {PolicyError} the first rule it breaks.
   */
  judge(tx: Transaction, submission: Submission, now: number): Verdict {
    const { dag, params, graph, orphans, policy, view } = this.#deps;
    const { minHeight, maxHeight } = dag.snapshot();
    const moment = { maxHeight, nextHeight: maxHeight + 1, medianTime: dag.bestState().medianTime, now };
    if (tx.hasWitness && minHeight + 1 < params.minerConfirmationWindow) {
      throw nonStandard(`transaction ${nameOf(tx)} has witness data, but segwit isn't active yet`);
    }
    const key = hashKey(tx.txid);
    if (graph.get(key) || (submission.refuseOrphans && orphans.has(key))) {
      throw new PolicyError(RejectCode.duplicate, `already have transaction ${nameOf(tx)}`);
    }
    applyBlockRule(() => checkTransactionSanity(tx));
    if (tx.isCoinbase) throw new PolicyError(RejectCode.invalid, `transaction ${nameOf(tx)} is an individual coinbase`);
    if (!policy.acceptNonStandard) this.#checkForm(tx, moment);
    this.#checkConflicts(tx);
    const spent = view.inputs(tx);
    if (!isComplete(spent)) return { missing: this.#missing(tx, spent) };
    return { facts: this.#judgeComplete(tx, spent, submission, moment) };
  }

  /** The checks of a transaction whose inputs are all there. */
  #judgeComplete(
    transaction: Transaction,
    spent: readonly SpentOutput[],
    submission: Submission,
    { maxHeight, nextHeight, medianTime, now }: Moment,
  ): EntryFacts {
    const { dag, params, policy } = this.#deps;
    const lock = sequenceLock(transaction, spent, maxHeight, dag);
    if (lock.height >= nextHeight || lock.time >= medianTime) {
      throw nonStandard("transaction's sequence locks on inputs not met");
    }
    const fee = applyBlockRule(() =>
      checkTransactionInputs(transaction, nextHeight, params.coinbaseMaturity, lookup(transaction, spent)),
    );
    if (!policy.acceptNonStandard) this.#checkInputForms(transaction, spent);
    const cost = sigOpCost(transaction, (i) => spent[i].output.pkScript);
    if (cost > MAX_TRANSACTION_SIGOP_COST) {
      throw nonStandard(
        `transaction ${nameOf(transaction)} sigop cost is too high: ${cost} > ${MAX_TRANSACTION_SIGOP_COST}`,
      );
    }
    this.#checkFee(transaction, spent, fee, submission, nextHeight, now);
    this.#checkRoom(transaction, spent, fee);
    this.#checkScripts(transaction, spent, submission.limited);
    const startingPriority = priorityAt(transaction, spent, maxHeight);
    return { transaction, fee, sigOpCost: cost, startingPriority, spent, height: maxHeight, time: now };
  }

  #checkForm(tx: Transaction, { nextHeight, medianTime }: Moment): void {
    const { minRelayFee } = this.#deps.policy;
    try {
      checkStandardForm(tx, { height: nextHeight, medianTime, minRelayFee });
    } catch (error) {
      throw inTransaction(error, `transaction ${nameOf(tx)} is not standard`);
    }
  }

  #checkInputForms(tx: Transaction, spent: readonly SpentOutput[]): void {
    try {
      checkStandardInputs(tx, spent);
    } catch (error) {
      throw inTransaction(error, `transaction ${nameOf(tx)} has a non-standard input`);
    }
  }

  #checkConflicts(tx: Transaction): void {
    for (const { prevout } of tx.inputs) {
      const spender = this.#deps.graph.spenderOf(prevout);
      if (!spender) continue;
      throw new PolicyError(
        RejectCode.duplicate,
        `output ${hashToHex(prevout.hash)}:${prevout.index} already spent by transaction ${hashToHex(spender.txid)} in the memory pool`,
      );
    }
  }

  /** What a transaction waits for, unless it lacks inputs because a block has spent them for itself. */
  #missing(tx: Transaction, spent: readonly (SpentOutput | undefined)[]): Hash[] {
    const { view } = this.#deps;
    const missing = tx.inputs.filter((_, i) => !spent[i]).map(({ prevout }) => prevout);
    if (missing.some((prevout) => view.isSpent(prevout)) && view.isApplied(tx)) {
      throw new PolicyError(RejectCode.duplicate, 'transaction already exists');
    }
    return missing.map(({ hash }) => hash);
  }

  #checkFee(
    tx: Transaction,
    spent: readonly SpentOutput[],
    fee: bigint,
    { isNew, limited }: Submission,
    nextHeight: number,
    now: number,
  ): void {
    const { policy, limiter } = this.#deps;
    const required = requiredFee(tx.virtualSize, policy.minRelayFee);
    if (fee >= required) return;
    if (tx.virtualSize >= MAX_FREE_VIRTUAL_SIZE) {
      throw tooCheap(tx, `has ${fee} fees which is under the required amount of ${required}`);
    }
    if (isNew && policy.relayPriority) {
      const priority = priorityAt(tx, spent, nextHeight);
      if (priority <= MIN_FREE_PRIORITY) {
        throw tooCheap(tx, `has insufficient priority (${formatShort(priority)} <= ${formatShort(MIN_FREE_PRIORITY)})`);
      }
    }
    if (limited && !limiter.take(tx.virtualSize, now)) {
      throw tooCheap(tx, 'has been rejected by the rate limiter due to low fees');
    }
  }

  /** Spares the scripts of what would be the first to be thrown out of a full pool. */
  #checkRoom(tx: Transaction, spent: readonly SpentOutput[], fee: bigint): void {
    const { graph, policy } = this.#deps;
    if (graph.usage + usageOf(tx, spent) <= policy.maxUsage) return;
    if (Number(fee) / tx.virtualSize <= graph.worstScore) throw poolIsFull(tx);
  }

  #checkScripts(tx: Transaction, spent: readonly SpentOutput[], limited: boolean): void {
    const hashes = new SigHashCache(tx);
    const { signatureCache: cache, clock } = this.#deps;
    const limit = limited ? clock.monotonic() + MAX_SCRIPT_MS : Number.POSITIVE_INFINITY;
    for (const [inputIndex, { output }] of spent.entries()) {
      if (limited && clock.monotonic() > limit) throw nonStandard(`transaction ${nameOf(tx)} takes too long to verify`);
      const { pkScript: prevScript, value: amount } = output;
      try {
        verifyInput({ tx, inputIndex, prevScript, amount, flags: STANDARD_FLAGS, cache, hashes });
      } catch (error) {
        if (!(error instanceof ScriptError)) throw error;
        const text = describeInputFailure(error, tx, inputIndex, prevScript);
        throw new PolicyError(RejectCode.invalid, text, { cause: error });
      }
    }
  }
}

function nameOf(tx: Transaction): string {
  return hashToHex(tx.txid);
}

function tooCheap(tx: Transaction, why: string): PolicyError {
  return new PolicyError(RejectCode.insufficientFee, `transaction ${nameOf(tx)} ${why}`);
}

/** The pool has no room, and everything in it pays more. */
export function poolIsFull(tx: Transaction): PolicyError {
  return tooCheap(tx, 'pays too little for the full memory pool');
}

/** Puts the name of the transaction in front of a text that lacks it. */
function inTransaction(error: unknown, prefix: string): unknown {
  return error instanceof PolicyError ? new PolicyError(error.rejectCode, `${prefix}: ${error.message}`) : error;
}

/** The spent outputs by `outpointKey`, as the block rules want them. */
function lookup(
  { inputs }: Transaction,
  spent: readonly SpentOutput[],
): (key: string) => SpentOutput['output'] | undefined {
  const outputs = new Map(inputs.map(({ prevout }, i) => [outpointKey(prevout.hash, prevout.index), spent[i].output]));
  return (key) => outputs.get(key);
}
