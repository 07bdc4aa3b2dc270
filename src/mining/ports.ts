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
  /**
   * Checks a block on the current tips in everything but its proof of work.
   * @param options `scripts` false: nor its scripts, which have been run.
   * @throws {Error} if it breaks a rule.
   */
  checkTemplate(block: Block, options?: { readonly scripts?: boolean }): void;
}

/** One transaction that a template may include. */
export interface SourceEntry {
  /** Decoded anew by every access, perhaps. */
  readonly transaction: Transaction;
  /** Inputs less outputs, nanoSoter. */
  readonly fee: bigint;
  /** Place in the order of arrival, unique. */
  readonly sequence: number;
  /** Its place in the {@link Ranking}. */
  readonly row: number;
  /** Entries that it spends from, and those that spend from it. Absent: none. */
  readonly parents?: ReadonlySet<SourceEntry> | undefined;
  readonly children?: ReadonlySet<SourceEntry> | undefined;
}

/**
 * The figures by which transactions are chosen, a column each, so that few transactions are looked at themselves. A row is an
 * entry, in any order.
 */
export interface Ranking {
  /** How many there are: rows 0 … rows - 1 of each column. */
  readonly rows: number;
  entry(row: number): SourceEntry;
  /** nanoSoter per 1,000 bytes of virtual size, rounded down. */
  readonly feeRates: Float64Array;
  readonly weights: Uint32Array;
  /** Signature operation cost (BIP 141): four times the legacy and P2SH counts, plus witness operations. */
  readonly sigOpCosts: Uint32Array;
  /** 1: has witness data. */
  readonly witnesses: Uint8Array;
  /** Lock time, or 0 if the transaction is final at any height and time. */
  readonly lockTimes: Uint32Array;
  /** Place in the order of arrival, unique: decides between equals, so that a template depends on its input only. */
  readonly sequences: Float64Array;
  /** 1: spends from no other entry. */
  readonly roots: Uint8Array;
  /**
   * The priority at a height is (value sum × height - sum of value × height) / size: sums over the confirmed inputs, the size
   * without what every input costs at least (41 bytes and up to 110 bytes of signature script). 0 if that size is 0.
   */
  readonly valueSums: Float64Array;
  readonly valueHeightSums: Float64Array;
  readonly prioritySizes: Float64Array;
}

/**
 * Where transactions for templates come from: the memory pool. It vouches for its figures and has run all scripts under
 * the standard flags, which refuse all that the rules of blocks refuse.
 */
export interface TransactionSource {
  /** Every unconfirmed transaction of the pool, no coinbases. No two spend the same output. */
  readonly ranking: Ranking;
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
