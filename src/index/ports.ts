import type { Output } from '../dag/index.ts';
import type { WriteTransaction } from '../store/index.ts';
import type { Hash } from '../util/hash.ts';
import type { Block, OutPoint } from '../wire/index.ts';

/** A connected block by its place in the order of arrival. */
export interface ArrivedBlock {
  readonly hash: Hash;
  readonly height: number;
  readonly block: Block;
}

/** What indexes read of the DAG. Blocks are numbered in the order of their arrival; genesis is 0. */
export interface IndexedDag {
  /** Numbers given so far, also to blocks that failed. */
  readonly knownBlocks: number;
  /** The connected block with this number; undefined if it failed, or there is none. */
  blockByNumber(number: number): ArrivedBlock | undefined;
  /** Number of a connected block. */
  blockNumber(hash: Hash): number | undefined;
  /** Canonical bytes of a known block. */
  getBlockBytes(hash: Hash): Uint8Array | undefined;
  /** An output of the stored set. */
  utxo(outpoint: OutPoint): Output | undefined;
}

/** One index: what it keeps of a block. It never reads what it has written in the same transaction. */
export interface BlockIndexer {
  /** For log lines. */
  readonly name: IndexName;
  write(transaction: WriteTransaction, number: number, block: Block): void;
}

/** Names of the indexes. */
export type IndexName = 'transaction index' | 'address index' | 'committed filter index';
