import { outpointKey } from '../dag/index.ts';
import type { OutPoint, Transaction } from '../wire/index.ts';
import { EntryHeap } from './entry-heap.ts';
import { joinFamilies, leaveFamilies } from './families.ts';
import type { PoolEntry } from './pool-entry.ts';
import { RankTable } from './rank-table.ts';

/**
 * The transactions of the pool and how they hang together: who spends what, who builds on whom, and who is least worth
 * its place. No two spend the same output. Knows no rules.
 */
export class TransactionGraph {
  /** In the order of arrival. */
  readonly #entries = new Map<string, PoolEntry>();
  /** Who spends an output, by `outpointKey`. */
  readonly #spenders = new Map<string, PoolEntry>();
  readonly #heap = new EntryHeap();
  /** The figures of all entries by which blocks are filled. */
  readonly ranking = new RankTable<PoolEntry>();
  #usage = 0;
  #bytes = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Estimated memory of all entries, bytes. */
  get usage(): number {
    return this.#usage;
  }

  /** Serialised size of all transactions, witness form. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All entries, in the order of arrival. */
  entries(): Iterable<PoolEntry> {
    return this.#entries.values();
  }

  /** @param key see `hashKey`. */
  get(key: string): PoolEntry | undefined {
    return this.#entries.get(key);
  }

  /** The entry that arrived first. */
  get oldest(): PoolEntry | undefined {
    for (const entry of this.#entries.values()) return entry;
    return undefined;
  }

  /** The entry least worth keeping, with all that builds on it. */
  get worst(): PoolEntry | undefined {
    return this.#heap.first;
  }

  /** Score of {@link worst}, nanoSoter per vbyte; 0 in an empty pool. */
  get worstScore(): number {
    return this.#heap.firstScore;
  }

  /** The entry that spends an output. */
  spenderOf({ hash, index }: OutPoint): PoolEntry | undefined {
    return this.#spenders.get(outpointKey(hash, index));
  }

  /**
   * Adds an entry whose inputs no other entry spends.
   * @param transaction that of the entry.
   * @param parents entries that it spends from; they may be named several times.
   */
  add(entry: PoolEntry, { txid, inputs, outputs }: Transaction, parents: Iterable<PoolEntry>): void {
    this.#entries.set(entry.key, entry);
    for (const { prevout } of inputs) this.#spenders.set(outpointKey(prevout.hash, prevout.index), entry);
    for (const parent of parents) link(parent, entry);
    this.ranking.add(entry);
    for (let index = 0; index < outputs.length; index++) {
      const child = this.#spenders.get(outpointKey(txid, index));
      if (!child) continue;
      link(entry, child);
      this.ranking.update(child);
    }
    this.#usage += entry.usage;
    this.#bytes += entry.size;
    this.#heap.add(entry);
    joinFamilies(entry, (changed) => this.#heap.update(changed));
  }

  /** Takes out one entry; what builds on it stays. */
  remove(entry: PoolEntry): void {
    this.#entries.delete(entry.key);
    for (const { prevout } of entry.transaction.inputs) {
      this.#spenders.delete(outpointKey(prevout.hash, prevout.index));
    }
    for (const parent of entry.parents ?? []) unlink(parent, entry);
    for (const child of entry.children ?? []) {
      unlink(entry, child);
      this.ranking.update(child);
    }
    this.ranking.remove(entry);
    this.#usage -= entry.usage;
    this.#bytes -= entry.size;
    this.#heap.remove(entry);
    leaveFamilies(entry, (changed) => this.#heap.update(changed));
  }

  /** An entry and everything that builds on it, itself first. */
  withDescendants(entry: PoolEntry): PoolEntry[] {
    const found = new Set([entry]);
    // A set may grow while it is walked over.
    for (const at of found) for (const child of at.children ?? []) found.add(child);
    return [...found];
  }
}

function link(parent: PoolEntry, child: PoolEntry): void {
  parent.children ??= new Set();
  parent.children.add(child);
  child.parents ??= new Set();
  child.parents.add(parent);
}

function unlink(parent: PoolEntry, child: PoolEntry): void {
  parent.children?.delete(child);
  if (parent.children?.size === 0) parent.children = undefined;
  child.parents?.delete(parent);
  if (child.parents?.size === 0) child.parents = undefined;
}
