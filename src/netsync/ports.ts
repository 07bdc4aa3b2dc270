import type { Emitter } from '../util/emitter.ts';
import type { Hash } from '../util/hash.ts';
import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import type { Block, BlockHeader, Generation, InvVector, OutPoint, Transaction } from '../wire/index.ts';

/** A block that the DAG took in. */
export interface SyncBlockInfo {
  readonly hash: Hash;
  readonly height: number;
  readonly block: Block;
}

/** What became of a block: in the DAG (with the orphans it released), or parked until its parents are there. */
export type ProcessResult =
  | { readonly status: 'accepted'; readonly height: number; readonly accepted: readonly SyncBlockInfo[] }
  | { readonly status: 'orphan'; readonly missing: readonly Hash[] };

/** Work on blocks that wait for their turn; it changes no verdict. */
export interface BlockPreparation {
  /** A block will be processed soon. */
  prepare(block: Block): void;
  /** True while others work on the block: when they are done, processing it will cost less. */
  isBusy(block: Block): boolean;
  /** Whatever was prepared for a block is not wanted any more; processing it says so by itself. */
  forget(block: Block): void;
  /** Does some milliseconds of the work that nobody does yet. @returns false if there is none. */
  assist(): boolean;
  /** Calls the listener whenever work has been done. @returns function that ends that. */
  onProgress(listener: () => void): () => void;
}

/** The consensus core as the sync manager sees it. */
export interface SyncDag {
  readonly events: Pick<Emitter<{ accepted: SyncBlockInfo; connected: SyncBlockInfo }>, 'on'>;
  /**
   * Judges one block, and the orphans that it resolves as long as `mayGoOn` says so; {@link releaseOrphans} does the others. Throws
   * an error with a `code` for a broken rule, any other error for everything else.
   */
  processBlock(block: Block, mayGoOn?: () => boolean): ProcessResult;
  /** True if there are orphans that were resolved and not judged yet. Absent: `mayGoOn` has no effect. */
  readonly hasReadyOrphans?: boolean;
  releaseOrphans?(mayGoOn: () => boolean): unknown;
  /** Lets the blocks that `work` processes share commits; their events fire after the commit that holds them. */
  batch(work: () => void): void;
  /** Lets all blocks share commits until the returned function is called, which throws if the last commit fails. */
  openBatch?(): (soon?: boolean) => void;
  /** Absent: blocks are not worked on before their turn. */
  readonly preparation?: BlockPreparation | undefined;
  /** True for a block of any status in the index and for orphans. */
  haveBlock(hash: Hash): boolean;
  /** Height of a connected block. */
  blockHeight(hash: Hash): number | undefined;
  isOrphan(hash: Hash): boolean;
  /** Greatest and, among the tips, lowest height. */
  snapshot(): { readonly minHeight: number; readonly maxHeight: number };
  /** True if some tip is less than a day old. */
  isCurrent(): boolean;
  /** An output of the stored set, to tell whether a transaction is already in a block. */
  utxo(outpoint: OutPoint): unknown;
}

/** One connected peer as the sync manager sees it. */
export interface SyncPeer {
  /** Unique in the process, never 0. */
  readonly id: number;
  /** IP text or host name without port. */
  readonly host: string;
  /** `host:port`, for logs. */
  readonly address: string;
  readonly inbound: boolean;
  /** Service bits of its version message. */
  readonly services: bigint;
  /** Greatest height that the peer is known or claims to have. */
  readonly maxHeight: number;
  /** Raises {@link maxHeight}; lower values change nothing. */
  raiseMaxHeight(height: number): void;
  /** Remembers the last block the peer announced, for peer height updates. */
  announced(hash: Hash): void;
  /** The peer has this item, so it need not be announced to it. */
  addKnownInventory(vector: InvVector): void;
  /** Asks for the inventory above a height, up to the stop block (all zero: no stop). Never skipped as a repetition. */
  getBlocks(locatorHeight: number, stop: Hash): void;
  /** Requests items, at most `MAX_INVENTORY_SENT`. */
  getData(vectors: readonly InvVector[]): void;
  /** Says that a block or transaction was refused. */
  reject(command: 'block' | 'tx', code: number, reason: string, hash: Hash): void;
  /** Counts a misdeed; may end in a ban. Points are compared with the ban threshold (default 100). */
  misbehaved(points: number, reason: string): void;
  /** Counts points that fade within minutes: for what is no misdeed but costs much. */
  burdened(points: number, reason: string): void;
  disconnect(reason: string): void;
}

/** The pool of unconfirmed transactions, where there is one. */
export interface TransactionPool {
  /** True if the transaction is in the pool or among its orphans. */
  have(txid: Hash): boolean;
  /**
   * Judges one transaction of a peer (`tag` is the peer's id).
   * @returns the transactions that entered the pool: none for an orphan, several if orphans became complete.
   */
  process(tx: Transaction, tag: number): readonly Transaction[];
  /** A block was connected: drops what it confirms or spends. @returns orphans that thereby entered the pool. */
  blockConnected(block: SyncBlockInfo): readonly Transaction[];
  /** Forgets the orphans of a peer that left. */
  removeOrphansOf(tag: number): void;
}

/** Where the sync manager sends news. */
export interface Announcer {
  /** A block entered the DAG: tell the peers. */
  announceBlock(hash: Hash, height: number, header: BlockHeader): void;
  /** Transactions entered the pool: tell the peers. */
  announceTransactions(transactions: readonly Transaction[]): void;
  /** A peer was seen to have a block: peers that announced the same block have it too. */
  peerHeight(hash: Hash, height: number, originPeer: number): void;
}

/** Everything the sync manager needs. */
export interface SyncManagerDeps {
  readonly dag: SyncDag;
  readonly announcer: Announcer;
  /** Absent: transactions are neither fetched nor judged. */
  readonly pool?: TransactionPool;
  readonly world: World;
  readonly logger: Logger;
  /** Told of failures that no peer is to blame for: a full disk, a defect of this program. */
  readonly failed?: (error: unknown) => void;
}

/** What is fixed for the life of a sync manager. */
export interface SyncManagerOptions {
  readonly generation: Generation;
  /** Regression test network: only local peers are synced from, and unrequested blocks are welcome. */
  readonly regtest: boolean;
  /** Heights of the first deployment window; from then on peers must serve witness data. */
  readonly confirmationWindow: number;
  /**
   * How long after a connection blocks *below* our greatest height are compared with the peer's (forks of equal height
   * are invisible to a getblocks from the top), in milliseconds. Default 5000.
   */
  readonly reconcileDelay?: number;
}
