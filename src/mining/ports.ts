import type { Hash } from '../util/hash.ts';
import type { Block, OutPoint, Transaction } from '../wire/index.ts';

/** An output of the stored output set. */
export interface StoredOutput {
  /** nanoSoter. */
  readonly value: bigint;
  readonly pkScript: Uint8Array;
  /** Height of the block that created it. */
  readonly height: number;
  readonly isCoinbase: boolean;
}

/** What a template needs to know of the DAG. All of one call happens in one turn, so it sees one state. */
export interface TemplateDag {
  /** The current tips, older ones ascending by display form and the newest last, and facts about them. */
  snapshot(): {
    readonly tips: readonly Hash[];
    /** Tips hash: the `prevBlock` of a block that names exactly these parents. */
    readonly hash: Hash;
    /** Least and greatest height among the tips. */
    readonly minHeight: number;
    readonly maxHeight: number;
  };
  /** Median of the timestamps of a connected block and those before it by first parent, seconds; undefined if unknown. */
  medianTime(hash: Hash): number | undefined;
  /** Compact target that a block on the current tips with this timestamp (seconds) must have. */
  requiredBits(time: number): number;
  /** Network-adjusted time, whole seconds. */
  adjustedTime(): number;
  /** A stored block; undefined if unknown. */
  getBlock(hash: Hash): Pick<Block, 'parentsVersion' | 'parents'> | undefined;
  /** An output of the stored output set. */
  utxo(outpoint: OutPoint): StoredOutput | undefined;
  /** Checks a block on the current tips in everything but its proof of work. @throws {Error} if it breaks a rule. */
  checkTemplate(block: Block): void;
}

/** One transaction that a template may include, with the figures by which it is chosen: few are looked at themselves. */
export interface SourceEntry {
  /** Decoded anew by every access, perhaps. */
  readonly transaction: Transaction;
  /** Inputs less outputs, nanoSoter. */
  readonly fee: bigint;
  /** nanoSoter per 1,000 bytes of virtual size, rounded down. */
  readonly feeRateValue: number;
  readonly weight: number;
  /** Signature operation cost (BIP 141): four times the legacy and P2SH counts, plus witness operations. */
  readonly sigOpCost: number;
  readonly hasWitness: boolean;
  /** Lock time, or 0 if the transaction is final at any height and time. */
  readonly lockTime: number;
  /** Place in the order of arrival, unique: decides between equals, so that a template depends on its input only. */
  readonly sequence: number;
  /** Entries that it spends from, and those that spend from it. Absent: none. */
  readonly parents?: ReadonlySet<SourceEntry> | undefined;
  readonly children?: ReadonlySet<SourceEntry> | undefined;
  /**
   * Sum over the confirmed inputs of value × age in a block of this height, divided by the size without what every input
   * costs at least (41 bytes and up to 110 bytes of signature script).
   */
  priorityAt(height: number): number;
}

/**
 * Where transactions for templates come from: the memory pool. It vouches for its figures and has run all scripts under
 * the standard flags.
 */
export interface TransactionSource {
  /** Every unconfirmed transaction of the pool, no coinbases, in any order. No two spend the same output. */
  entries(): Iterable<SourceEntry>;
  /** How many there are. */
  readonly count: number;
  /** A number that differs whenever the content differs. */
  readonly version: number;
}

/** Where solved blocks go: the same way as blocks from peers. */
export interface BlockSink {
  /** @throws {Error} (or rejects) if the block breaks a rule; the message says which. */
  submit(block: Block): SubmitOutcome | Promise<SubmitOutcome>;
}

/** What became of a submitted block. An orphan is kept until its parents arrive; it does not count as mined. */
export interface SubmitOutcome {
  readonly status: 'accepted' | 'orphan';
}

/** What a miner must know of the rest of the network before it mines. */
export interface NetworkView {
  peerCount(): number;
  /** Whether the node has caught up with its peers and with the clock. */
  isCurrent(): boolean;
}

/** Where the miner sends what it measures. */
export interface MiningMeasurements {
  /** Milliseconds that an accepted block took. */
  readonly solveTime: { send(milliseconds: number): void };
  readonly solveCount: { send(blocks: number): void };
  readonly solveHash: { send(hash: Hash): void };
}
