import type { WriteTransaction } from '../store/index.ts';
import type { Block } from '../wire/index.ts';

/** A connected block that a commit brings. */
export interface CommittedBlock {
  /** Place in the order of arrival, genesis is 0. */
  readonly number: number;
  readonly block: Block;
}

/** Keeps something of its own about every connected block, in the very transaction that stores the block. */
export interface CommitParticipant {
  /**
   * Writes what it keeps of new blocks. Must not read what it has not committed, and what it throws ends the DAG: the commit may be
   * carried out later and by another thread.
   * @param blocks in the order of arrival.
   * @param known numbers given to blocks so far, also to those that failed.
   */
  write(transaction: WriteTransaction, blocks: readonly CommittedBlock[], known: number): void;
}
