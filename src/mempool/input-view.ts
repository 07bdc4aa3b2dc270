import { type Output, ReplayState } from '../dag/index.ts';
import { isUnspendable } from '../script/index.ts';
import { hashKey } from '../util/hash.ts';
import type { OutPoint, Transaction } from '../wire/index.ts';
import type { PoolEntry } from './pool-entry.ts';
import type { PoolDag } from './ports.ts';
import type { TransactionGraph } from './transaction-graph.ts';

/** An output that a transaction of the pool may spend. */
export interface SpentOutput {
  /** `height` means nothing for an unconfirmed output. */
  readonly output: Output;
  /** The transaction of the pool that makes it; undefined if it is confirmed. */
  readonly parent: PoolEntry | undefined;
}

/**
 * What there is to spend: the outputs that the present order leaves unspent, and those of the pool. (soterd 2.1.1 also
 * takes outputs for spendable that the order has spent already, see docs/compatibility.md.)
 */
export class InputView {
  readonly #dag: Pick<PoolDag, 'outputRecord'>;
  readonly #graph: Pick<TransactionGraph, 'get'>;

  constructor(dag: Pick<PoolDag, 'outputRecord'>, graph: Pick<TransactionGraph, 'get'>) {
    this.#dag = dag;
    this.#graph = graph;
  }

  /**
   * What a transaction spends, one an input; undefined where there is nothing to spend. Spends by other transactions of
   * the pool are not looked at.
   */
  inputs({ inputs }: Transaction): (SpentOutput | undefined)[] {
    // A parent is decoded once, however many of its outputs are spent.
    const decoded = new Map<PoolEntry, Transaction>();
    return inputs.map(({ prevout }) => {
      const parent = this.#graph.get(hashKey(prevout.hash));
      if (!parent) return this.#confirmed(prevout);
      const transaction = decoded.get(parent) ?? parent.transaction;
      decoded.set(parent, transaction);
      const made = transaction.outputs.at(prevout.index);
      if (!made || isUnspendable(made.pkScript)) return undefined;
      return { output: { ...made, height: 0, isCoinbase: false }, parent };
    });
  }

  /** True if an output that some transaction was allowed to spend can still be spent. */
  isThere(outpoint: OutPoint): boolean {
    // What is in the pool keeps its outputs.
    return this.#graph.get(hashKey(outpoint.hash)) !== undefined || this.#confirmed(outpoint) !== undefined;
  }

  /** True if the present order has spent a confirmed output. */
  isSpent(outpoint: OutPoint): boolean {
    return this.#dag.outputRecord(outpoint).state === ReplayState.spent;
  }

  /**
   * True if the present order has applied a transaction: some output of it is known, and not for having lost. The
   * answer is false for those that make no spendable output.
   */
  isApplied({ txid, outputs }: Transaction): boolean {
    return outputs.some((_, index) => {
      const { state } = this.#dag.outputRecord({ hash: txid, index });
      return state === ReplayState.unspent || state === ReplayState.spent;
    });
  }

  #confirmed(outpoint: OutPoint): SpentOutput | undefined {
    const { state, entry } = this.#dag.outputRecord(outpoint);
    return state === ReplayState.unspent && entry ? { output: entry, parent: undefined } : undefined;
  }
}

/** True if there is something to spend for every input. */
export function isComplete(spent: readonly (SpentOutput | undefined)[]): spent is readonly SpentOutput[] {
  return spent.every((output) => output !== undefined);
}
