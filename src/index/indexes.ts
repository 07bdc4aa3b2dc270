import type { CommitParticipant, CommittedBlock } from '../dag/index.ts';
import type { NetworkParams } from '../params/index.ts';
import type { KeyValueStore, WriteTransaction } from '../store/index.ts';
import type { Logger } from '../util/log.ts';
import type { Clock } from '../util/ports.ts';
import { AddressIndex } from './address-index.ts';
import { dropIndex } from './drop.ts';
import { CommittedFilterIndex } from './filter-index.ts';
import type { BlockIndexer, IndexedDag } from './ports.ts';
import { type IndexProgress, readProgress, writeProgress } from './progress.ts';
import { TransactionIndex } from './transaction-index.ts';

/** Which indexes are kept. */
export interface IndexesOptions {
  readonly params: NetworkParams;
  readonly transactions: boolean;
  /** Needs the transaction index. */
  readonly addresses: boolean;
  readonly filters: boolean;
  /** Blocks that one commit of a catch-up takes; default 500. */
  readonly sliceBlocks?: number;
}

/** What the indexes work with. */
export interface IndexesDeps {
  readonly store: KeyValueStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lets other work run. */
  pause(): Promise<void>;
}

/** Bytes of blocks, and blocks, that one commit of a catch-up takes at most. */
const SLICE_BYTES = 2 * 1024 * 1024;
const SLICE_BLOCKS = 500;
/** Milliseconds between lines in the log about a catch-up. */
const REPORT_INTERVAL = 10_000;

/**
 * The optional indexes of a node. Each block is indexed in the transaction that stores it; blocks that were stored before an index
 * was switched on are indexed by {@link catchUp}. As every block is indexed once, in the order of arrival, what is done is told by
 * one number for each index; a restart goes on there.
 */
export class Indexes implements CommitParticipant {
  readonly transactions: TransactionIndex | undefined;
  readonly addresses: AddressIndex | undefined;
  readonly filters: CommittedFilterIndex | undefined;
  readonly #deps: IndexesDeps;
  readonly #sliceBlocks: number;
  /** In the order in which they are written. */
  readonly #indexers: readonly BlockIndexer[];
  #dag: IndexedDag | undefined;
  /** All of them have all blocks: from now on they take part in commits. */
  #isComplete = false;

  constructor(options: IndexesOptions, deps: IndexesDeps) {
    const { params, transactions, addresses, filters } = options;
    this.#deps = deps;
    this.#sliceBlocks = options.sliceBlocks ?? SLICE_BLOCKS;
    const { store } = deps;
    const dag = () => this.#indexed;
    this.transactions = transactions || addresses ? new TransactionIndex(store, dag, addresses) : undefined;
    this.addresses =
      this.transactions && addresses ? new AddressIndex(store, params, dag, this.transactions) : undefined;
    this.filters = filters ? new CommittedFilterIndex(store, dag) : undefined;
    this.#indexers = [this.transactions, this.addresses, this.filters].filter((index) => index !== undefined);
  }

  /** Who must be told of commits: nobody, if there are no indexes. */
  get participants(): readonly CommitParticipant[] {
    return this.#indexers.length > 0 ? [this] : [];
  }

  /** Indexes the blocks of a commit. @param known numbers given to blocks so far. */
  write(transaction: WriteTransaction, blocks: readonly CommittedBlock[], known: number): void {
    if (!this.#isComplete) return;
    for (const index of this.#indexers) {
      for (const { number, block } of blocks) index.write(transaction, number, block);
      writeProgress(this.#deps.store, transaction, index.name, { next: known, isVoid: false });
    }
  }

  /**
   * Indexes the blocks that the DAG has already, in slices. Must have ended before blocks are processed in batches.
   * @param goOn asked between slices; false ends it early, and the rest is done after the next start.
   */
  async catchUp(dag: IndexedDag, goOn: () => boolean = () => true): Promise<void> {
    this.#dag = dag;
    const { logger } = this.#deps;
    for (const { name } of this.#indexers) logger.info(`${name[0].toUpperCase()}${name.slice(1)} is enabled`);
    const next = new Map<BlockIndexer, number>();
    for (const index of this.#indexers) {
      const progress = await this.#usableProgress(index);
      next.set(index, Math.min(progress.next, dag.knownBlocks));
    }
    const first = Math.min(...next.values());
    if (this.#indexers.length > 0 && first < dag.knownBlocks) {
      if (!(await this.#index(dag, next, first, goOn))) return;
    }
    this.#isComplete = true;
  }

  /** @returns false if it was ended early. */
  async #index(
    dag: IndexedDag,
    next: ReadonlyMap<BlockIndexer, number>,
    first: number,
    goOn: () => boolean,
  ): Promise<boolean> {
    const { logger, clock, pause } = this.#deps;
    const last = heightBelow(dag, dag.knownBlocks);
    logger.info(`Catching up indexes from height ${heightBelow(dag, first)} to ${last}`);
    let reported = clock.monotonic();
    for (let number = first; number < dag.knownBlocks; ) {
      if (!goOn()) {
        logger.info(`Stopped at block ${number} of ${dag.knownBlocks}; the rest follows after the next start`);
        return false;
      }
      number = this.#slice(dag, next, number);
      if (clock.monotonic() - reported >= REPORT_INTERVAL) {
        reported = clock.monotonic();
        logger.info(`Indexed ${number} of ${dag.knownBlocks} blocks (height ${heightBelow(dag, number)})`);
      }
      await pause();
    }
    logger.info(`Indexes caught up to height ${heightBelow(dag, dag.knownBlocks)}`);
    return true;
  }

  /** Indexes some blocks in one transaction. @returns the number of the first block behind them. */
  #slice(dag: IndexedDag, next: ReadonlyMap<BlockIndexer, number>, first: number): number {
    const { store } = this.#deps;
    return store.transaction((transaction) => {
      let number = first;
      for (
        let bytes = 0;
        number < dag.knownBlocks && number - first < this.#sliceBlocks && bytes < SLICE_BYTES;
        number++
      ) {
        const info = dag.blockByNumber(number);
        if (!info) continue;
        for (const [index, from] of next) if (number >= from) index.write(transaction, number, info.block);
        bytes += info.block.size;
      }
      for (const [{ name }, from] of next)
        if (number > from) writeProgress(store, transaction, name, { next: number, isVoid: false });
      return number;
    });
  }

  /** Progress of an index whose rows can be used; what is left of a deleted one is removed first. */
  async #usableProgress({ name }: BlockIndexer): Promise<IndexProgress> {
    const { store, logger, pause } = this.#deps;
    const progress = readProgress(store, name);
    if (progress && !progress.isVoid) return progress;
    if (progress) await dropIndex(store, name, logger, pause);
    return { next: 0, isVoid: false };
  }

  get #indexed(): IndexedDag {
    if (!this.#dag) throw new Error('the indexes do not know their DAG yet');
    return this.#dag;
  }
}

/** Height of the last connected block before a number; -1 if there is none. */
function heightBelow(dag: IndexedDag, number: number): number {
  for (let before = number - 1; before >= 0; before--) {
    const info = dag.blockByNumber(before);
    if (info) return info.height;
  }
  return -1;
}
