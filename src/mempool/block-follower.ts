import type { OrderChange, TransactionState } from '../dag/index.ts';
import { type Hash, hashKey } from '../util/hash.ts';
import type { OutPoint, Transaction } from '../wire/index.ts';
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
    return this.#settleAll(transactions.slice(1));
  }

  /**
   * The end of the order was rewritten.
   * @returns what entered the pool.
   */
  reordered(change: OrderChange): Transaction[] {
    const applied: Transaction[] = [];
    const lost: Transaction[] = [];
    for (const tx of this.#affected(change)) (this.#pool.view.isApplied(tx) ? applied : lost).push(tx);
    return this.#settleAll([...applied, ...lost]);
  }

  /**
   * Transactions whose meaning may have changed. Those that were applied come first, in the order in which they were: what
   * they spent from each other is then judged after what made it.
   */
  #affected({ cause, removed, added, transactions }: OrderChange): Transaction[] {
    const changes = new Map<string, Map<string, TransactionState | undefined>>();
    for (const { txid, block, before } of transactions) {
      const ofBlock = changes.get(hashKey(block)) ?? new Map();
      changes.set(hashKey(block), ofBlock.set(hashKey(txid), before));
    }
    const applied: Transaction[] = [];
    const others: Transaction[] = [];
    for (const hash of removed) {
      const ofBlock = changes.get(hashKey(hash));
      for (const tx of ofBlock ? this.#transactionsOf(hash) : []) {
        const key = hashKey(tx.txid);
        if (ofBlock?.has(key)) (ofBlock.get(key) === 'applied' ? applied : others).push(tx);
      }
    }
    // Blocks that come back into the order; the cause itself is told as connected.
    const known = new Set([...removed, cause].map(hashKey));
    for (const hash of added) if (!known.has(hashKey(hash))) others.push(...this.#transactionsOf(hash));
    return [...applied, ...others];
  }

  #transactionsOf(block: Hash): readonly Transaction[] {
    return this.#pool.dag.getBlock(block)?.transactions ?? [];
  }

  #settleAll(transactions: readonly Transaction[]): Transaction[] {
    const dependents = new Set<PoolEntry>();
    const entered = transactions.flatMap((tx) => this.#settle(tx, dependents));
    for (const dependent of dependents) this.#refresh(dependent);
    return entered;
  }

  /**
   * Brings the pool in step with what the order makes of one transaction of a block.
   * @param dependents gets the entries that spend from it.
   */
  #settle(tx: Transaction, dependents: Set<PoolEntry>): Transaction[] {
    const { graph, view } = this.#pool;
    const key = hashKey(tx.txid);
    const isApplied = view.isApplied(tx);
    const own = graph.get(key);
    if (isApplied && own) this.#pool.remove(own, 'confirmed');
    if (!tx.isCoinbase) {
      this.#pool.forgetOrphan(tx.txid);
      for (const { prevout } of tx.inputs) this.#dropIfHopeless(prevout, key);
    }
    const mayReturn = !isApplied && !tx.isCoinbase && !graph.get(key) && isComplete(view.inputs(tx));
    const returned = mayReturn && this.#pool.readmit(tx);
    for (let index = 0; index < tx.outputs.length; index++) {
      const dependent = this.#dropIfHopeless({ hash: tx.txid, index }, key);
      if (dependent) dependents.add(dependent);
    }
    const released = isApplied || returned ? this.#pool.releaseOrphans(tx) : [];
    return returned ? [tx, ...released] : [...released];
  }

  /**
   * Takes out the entry that spends an output which is not there any more, and all that builds on it. If that entry
   * is itself in a block and applied, it has spent the output: its own turn comes.
   * @param settled key of the transaction whose turn it is. If that is the one to go, it counts as confirmed: it may be
   *   applied and have no output to show for it.
   * @returns the entry that spends the output and stays.
   */
  #dropIfHopeless(outpoint: OutPoint, settled: string): PoolEntry | undefined {
    const { graph, view } = this.#pool;
    const spender = graph.spenderOf(outpoint);
    if (!spender || view.isThere(outpoint) || view.isApplied(spender.transaction)) return spender;
    this.#pool.removeWithDescendants(spender, spender.key === settled ? 'confirmed' : 'conflict');
    return undefined;
  }

  /** What an entry spends is confirmed now, or was until now, or at another height. */
  #refresh(entry: PoolEntry): void {
    if (entry.heapIndex === -1) return;
    const spent = this.#pool.view.inputs(entry.transaction);
    if (!isComplete(spent)) return;
    entry.setSpent(spent);
    this.#pool.graph.ranking.update(entry);
  }
}
