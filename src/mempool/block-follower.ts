import type { OrderChange } from '../dag/index.ts';
import { type Hash, hashKey } from '../util/hash.ts';
import type { Transaction } from '../wire/index.ts';
import { type InputView, isComplete } from './input-view.ts';
import type { PoolEntry } from './pool-entry.ts';
import type { PoolDag } from './ports.ts';
import type { TransactionGraph } from './transaction-graph.ts';

/** Why an entry left the pool. */
export type RemovalReason = 'confirmed' | 'conflict' | 'evicted' | 'expired';

/** What the follower asks of the pool. */
export interface FollowedPool {
  readonly dag: Pick<PoolDag, 'getBlock'>;
  readonly graph: TransactionGraph;
  readonly view: InputView;
  /** Takes out one entry. */
  remove(entry: PoolEntry, reason: RemovalReason): void;
  removeWithDescendants(entry: PoolEntry, reason: RemovalReason): void;
  /** Takes in a transaction that was in a block; false if it does not pass. */
  readmit(tx: Transaction): boolean;
  /** A transaction is in a block, in effect or not: it waits for nothing any more. */
  forgetOrphan(txid: Hash): void;
  /** The outputs of a transaction are there: what waited for them may enter. */
  releaseOrphans(tx: Transaction): readonly Transaction[];
}

/**
 * Keeps the pool in step with the order of the DAG. What a block holds need not come true: the order may pass over a
 * transaction or let another one win, and may change its mind later. After every change this holds again: no transaction
 * of the pool has been applied by the order, and each spends only what is there to be spent. What lost its effect and
 * could have it again goes back into the pool.
 *
 * Everything is judged by the present state of the DAG, which may be ahead of the change that is told: blocks that come
 * in numbers are committed together.
 */
export class BlockFollower {
  readonly #pool: FollowedPool;

  constructor(pool: FollowedPool) {
    this.#pool = pool;
  }

  /**
   * A block was connected.
   * @returns what entered the pool.
   */
  connected({ transactions }: { readonly transactions: readonly Transaction[] }): Transaction[] {
    return transactions.slice(1).flatMap((tx) => this.#settle(tx));
  }

  /**
   * The end of the order was rewritten.
   * @returns what entered the pool.
   */
  reordered(change: OrderChange): Transaction[] {
    const applied: Transaction[] = [];
    const lost: Transaction[] = [];
    for (const tx of this.#affected(change)) (this.#pool.view.isApplied(tx) ? applied : lost).push(tx);
    return [...applied, ...lost].flatMap((tx) => this.#settle(tx));
  }

  /**
   * Transactions whose meaning may have changed. Those that were applied come first, in the order in which they were: what
   * they spent from each other is then judged after what made it.
   */
  #affected({ cause, removed, added, transactions }: OrderChange): Transaction[] {
    const place = new Map(removed.map((hash, i) => [hashKey(hash), i]));
    const changed = new Map<string, { readonly before: Set<string>; readonly other: Set<string> }>();
    for (const { txid, block, before } of transactions) {
      const sets = changed.get(hashKey(block)) ?? { before: new Set(), other: new Set() };
      changed.set(hashKey(block), sets);
      (before === 'applied' ? sets.before : sets.other).add(hashKey(txid));
    }
    const first: Transaction[] = [];
    const rest: Transaction[] = [];
    for (const hash of removed) {
      const sets = changed.get(hashKey(hash));
      if (!sets) continue;
      for (const tx of this.#transactionsOf(hash)) {
        const key = hashKey(tx.txid);
        if (sets.before.has(key)) first.push(tx);
        else if (sets.other.has(key)) rest.push(tx);
      }
    }
    // Blocks that come back into the order; the cause itself is told as connected.
    const known = new Set([...place.keys(), hashKey(cause)]);
    for (const hash of added) if (!known.has(hashKey(hash))) rest.push(...this.#transactionsOf(hash));
    return [...first, ...rest];
  }

  #transactionsOf(block: Hash): readonly Transaction[] {
    return this.#pool.dag.getBlock(block)?.transactions ?? [];
  }

  /** Brings the pool in step with what the order makes of one transaction of a block. */
  #settle(tx: Transaction): Transaction[] {
    const { graph, view } = this.#pool;
    const key = hashKey(tx.txid);
    if (tx.isCoinbase) {
      this.#dropIncomplete(graph.spendersOf(tx.txid, tx.outputs.length));
      return [];
    }
    this.#pool.forgetOrphan(tx.txid);
    const isApplied = view.isApplied(tx);
    const own = graph.get(key);
    if (isApplied && own) this.#pool.remove(own, 'confirmed');
    const spent = view.inputs(tx);
    for (const [i, { prevout }] of tx.inputs.entries()) {
      const spender = spent[i] ? undefined : graph.spenderOf(prevout);
      if (spender) this.#pool.removeWithDescendants(spender, spender.key === key ? 'confirmed' : 'conflict');
    }
    const returned = !isApplied && !graph.get(key) && isComplete(spent) && this.#pool.readmit(tx);
    const dependents = graph.spendersOf(tx.txid, tx.outputs.length);
    this.#dropIncomplete(dependents);
    for (const dependent of dependents) if (dependent.heapIndex !== -1) this.#refresh(dependent);
    const released = isApplied || returned ? this.#pool.releaseOrphans(tx) : [];
    return returned ? [tx, ...released] : [...released];
  }

  /** Takes out entries that spend what is not there any more. */
  #dropIncomplete(entries: Iterable<PoolEntry>): void {
    for (const entry of entries) {
      if (entry.heapIndex === -1 || isComplete(this.#pool.view.inputs(entry.transaction))) continue;
      this.#pool.removeWithDescendants(entry, 'conflict');
    }
  }

  /** What an entry spends is confirmed now, or was until now, or at another height. */
  #refresh(entry: PoolEntry): void {
    const spent = this.#pool.view.inputs(entry.transaction);
    if (isComplete(spent)) entry.setSpent(spent);
  }
}
