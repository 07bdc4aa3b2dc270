import type { DagSnapshot } from '../dag/index.ts';
import type { EntryDescription } from '../mempool/index.ts';
import type { SyncProgress } from '../netsync/index.ts';
import type { NetworkParams } from '../params/index.ts';
import type { Address } from '../script/index.ts';
import type { Ban, PeerInfo, PersistentPeer } from '../server/index.ts';
import type { Hash } from '../util/hash.ts';
import type { Clock } from '../util/ports.ts';
import type { Block, BlockHeader, OutPoint, Transaction } from '../wire/index.ts';
import type { RpcDagBlock, RpcEvents } from './event-ports.ts';
import type { RpcTransactionTracker } from './transaction-ports.ts';

/** A block's place in the DAG. */
export interface RpcBlockPlace {
  readonly hash: Hash;
  readonly height: number;
}

/** The block connected last in order of arrival: the "best block" of this interface, whatever its colour. */
export interface RpcBestState extends RpcBlockPlace {
  /** Compact target. */
  readonly bits: number;
  /** Bytes in witness form. */
  readonly size: number;
  readonly weight: number;
  /** Transactions in the block. */
  readonly txCount: number;
  /** Seconds. */
  readonly medianTime: number;
}

/** An unspent output. */
export interface RpcOutput {
  /** NanoSoter. */
  readonly value: bigint;
  readonly pkScript: Uint8Array;
  readonly height: number;
  readonly isCoinbase: boolean;
}

/** Sizes of the DAG and of what follows from it. */
export interface RpcDagSizes {
  /** Transactions of all connected blocks. */
  readonly transactions: number;
  /** Blocks that are blue for the virtual block over all tips. */
  readonly virtualBlueScore: number;
  /** Blocks in the consensus order. */
  readonly orderLength: number;
  /** Outputs in the stored set. */
  readonly outputs: number;
  /** Memory of the block index and what colouring and order keep, bytes. */
  readonly indexBytes: number;
}

/** How much of the order was rewritten since this process started. */
export interface RpcReorders {
  /** Blocks that rewrote the end of the order. */
  readonly count: number;
  /** Blocks that lost their place to the last such block; 0 if there was none. */
  readonly lastDepth: number;
  readonly greatestDepth: number;
}

/** What a verification of the database found. */
export interface RpcVerifyReport {
  readonly blocks: number;
  /** Length of the order. */
  readonly positions: number;
  readonly outputs: number;
  /** The first difference; undefined if there is none. */
  readonly difference: string | undefined;
  readonly seconds: number;
}

/** The database. */
export interface RpcDatabase {
  /** Size of its file. */
  readonly bytes: number;
  /**
   * Derives the whole state again from the stored blocks and compares it, while the node goes on with its work.
   * @param scripts run the scripts of all blocks, too.
   * @param signal ends it early; then it rejects, as it does if another verification is running.
   */
  verify(scripts: boolean, signal: AbortSignal): Promise<RpcVerifyReport>;
}

/** Reads of the DAG. */
export interface RpcDag {
  bestState(): RpcBestState;
  snapshot(): DagSnapshot;
  /** Hashes of the connected blocks of a height, ascending by display form. */
  blocksAtHeight(height: number): readonly Hash[];
  /** Height of a connected block. */
  blockHeight(hash: Hash): number | undefined;
  getBlock(hash: Hash): Block | undefined;
  /** Canonical bytes of a stored block in witness form. */
  getBlockBytes(hash: Hash): Uint8Array | undefined;
  getHeader(hash: Hash): BlockHeader | undefined;
  /** Every block in consensus order, genesis first, and whether it is blue. */
  coloring(): Iterable<{ readonly hash: Hash; readonly isBlue: boolean }>;
  /** Digest of the consensus order. */
  orderHash(): Hash;
  /** Digest of the stored output set. */
  outputSetHash(): Hash;
  /** How large everything is. */
  sizes(): RpcDagSizes;
  /** Blocks of the greatest heights, ascending by height and hash. Costs what it returns. */
  newestBlocks(count: number): readonly RpcDagBlock[];
  /** Blocks that wait for unknown parents. */
  readonly orphanCount: number;
  /** True if a tip is recent. */
  isCurrent(): boolean;
  /** Seconds by which the peers' clocks differ from ours. */
  readonly timeOffset: number;
  /** An output that the present order leaves unspent. */
  unspentOutput(outpoint: OutPoint): RpcOutput | undefined;
  /** Whether a block keeps the rules that need no other block. */
  isSane(block: Block): boolean;
}

/** What became of a submitted block. */
export type RpcSubmitResult =
  | { readonly status: 'accepted' | 'orphan' }
  | { readonly status: 'rejected'; readonly reason: string };

/** Takes new blocks: processes them in turn with those of peers, and announces accepted ones. */
export interface RpcBlockSink {
  submit(block: Block): Promise<RpcSubmitResult>;
}

/** Peers and the address manager. The commands reject with an error whose message the client sees. */
export interface RpcPeers {
  connectedCount(): number;
  /** How a synchronisation gets on; undefined if there is none. */
  syncProgress(): SyncProgress | undefined;
  peers(): readonly PeerInfo[];
  /** Starts a connection attempt; resolves as soon as it has been begun. */
  connect(address: string, permanent: boolean): Promise<void>;
  /** Drops persistent peers for good. Throws if there is none. */
  removeById(id: number): void;
  removeByAddress(address: string): void;
  /** Drops other peers. Throws if there is none. */
  disconnectById(id: number): void;
  disconnectByAddress(address: string): void;
  persistentPeers(): readonly PersistentPeer[];
  /** Sends a ping to every peer. */
  pingAll(): void;
  netTotals(): { readonly bytesReceived: number; readonly bytesSent: number };
  /** `ip:port` of every listener. */
  listenAddresses(): readonly string[];
  /** Asks every peer for its address cache and returns what they told earlier. */
  addressCache(): readonly string[];
  /** Addresses of a host name; rejects if there is none. */
  resolve(host: string): Promise<readonly string[]>;
  /** Bans in force, the one that ends first first. */
  bans(): readonly Ban[];
  /** True if a text names a host or network that can be banned. */
  isBannable(target: string): boolean;
  /** True if exactly this host or network is banned. */
  isListed(target: string): boolean;
  /** Bans a host or network for so many milliseconds and ends its connections. Throws if it is none. */
  ban(target: string, duration: number): void;
  /** Ends exactly this ban. @returns whether there was one. */
  liftBan(target: string): boolean;
  clearBans(): void;
}

/** A block that lacks only its proof of work. Lists have one entry a transaction, the coinbase first. */
export interface RpcTemplate {
  readonly block: Block;
  readonly height: number;
  /** NanoSoter; the coinbase's is the negative sum of the others. */
  readonly fees: readonly bigint[];
  readonly sigOpCosts: readonly number[];
  /** The hash in the commitment output, if there is one. */
  readonly commitment: Hash | undefined;
  /** Earliest timestamp, seconds. */
  readonly minTime: number;
}

/** Work for miners outside of this process. */
export interface RpcWorkSource {
  /** What the script of a coinbase ends in, serialised. */
  readonly coinbaseFlags: Uint8Array;
  /** Whether the node has caught up with its peers. */
  isSynchronised(): boolean;
  /** The present template, and when its transactions were chosen, Unix seconds. Throws if there is none to be had. */
  current(payAddress: boolean): { readonly template: RpcTemplate; readonly createdAt: number };
  /** Resolves when there is other work, or when the client has gone. */
  changed(signal: AbortSignal): Promise<void>;
  /**
   * Checks a block on the present tips in everything but its proof of work.
   * @returns undefined if it is good; otherwise the text, and the name of the rule it breaks if it is one.
   */
  check(block: Block): { readonly rule: string | undefined; readonly reason: string } | undefined;
}

/** The miner. */
export interface RpcMiner {
  /** Whether `--miningaddr` was given. */
  readonly hasPaymentAddress: boolean;
  isMining(): boolean;
  workerCount(): number;
  hashesPerSecond(): number;
  start(): void;
  stop(): Promise<void>;
  /** Negative means one per processor; 0 stops. */
  setWorkers(count: number): Promise<void>;
  /** Mines blocks one after the other; rejects with a message for the client if it cannot. */
  generate(count: number): Promise<readonly Hash[]>;
}

/** Figures of the blocks mined by this process, and all others. */
export interface RpcMetrics {
  blockMetrics(): {
    readonly count: number;
    /** Kept on simnet only. */
    readonly hashes: readonly Hash[];
    /** Milliseconds, newest 5000. */
    readonly times: readonly number[];
  };
  /** All metrics whose name begins with `prefix`. */
  report(prefix: string): Promise<readonly RpcMetric[]>;
}

/** A metric and its values at one moment; what it is called is up to the Metrics manager. */
export interface RpcMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** None if nothing was measured. */
  readonly values: readonly RpcMetricValue[];
}

/** One value of a metric: a number, or for a histogram how many values did not exceed each bound. */
export type RpcMetricValue = { readonly labels: Readonly<Record<string, string>> } & (
  | { readonly value: number }
  | {
      readonly count: number;
      readonly sum: number;
      readonly buckets: readonly { readonly bound: number; readonly count: number }[];
    }
);

/** Draws pictures of the DAG. */
export interface RpcPictures {
  /** The newest blocks as an SVG element; rejects with a message for the client if it can not be drawn. */
  draw(blocks: number): Promise<string>;
}

/** The process. */
export interface RpcControl {
  /** Begins an orderly shutdown, after the answer has gone out. */
  requestShutdown(): void;
  /** Seconds since the start of the node. */
  uptime(): number;
}

/** Run-time control of log levels. */
export interface RpcLogLevels {
  /** Tags of all subsystems, sorted. */
  readonly subsystems: readonly string[];
  /** Applies a level specification; the error text if it is invalid. */
  setLevels(specification: string): string | undefined;
}

/** The committed filter index. */
export interface RpcFilters {
  filter(hash: Hash): Uint8Array | undefined;
  filterHeader(hash: Hash): Hash | undefined;
}

/** A transaction found in a block. */
export interface RpcIndexedTransaction {
  readonly block: Hash;
  readonly height: number;
  /** Serialised, with witness data. */
  readonly bytes: Uint8Array;
}

/** The transaction index. */
export interface RpcTransactionIndex {
  /** A transaction in the block that arrived last of those that hold it. */
  newest(txid: Hash): RpcIndexedTransaction | undefined;
}

/** The address index. */
export interface RpcAddressIndex {
  /**
   * Transactions of blocks that pay to an address or spend from it, in the order of arrival or in reverse.
   * @returns how many were left out, and those that were found: at most `count`, read while they are iterated.
   */
  confirmed(
    address: Address,
    query: { readonly skip: number; readonly count: number; readonly reverse: boolean },
  ): Promise<{
    readonly skipped: number;
    readonly count: number;
    readonly transactions: Iterable<RpcIndexedTransaction>;
  }>;
  /** The same of the memory pool, all of them. */
  unconfirmed(address: Address): readonly Transaction[];
}

/** The memory pool, orphans left out. */
export interface RpcMempool {
  /** Transactions in the pool. */
  readonly count: number;
  /** Sum of their sizes in witness form. */
  readonly bytes: number;
  txids(): Iterable<Hash>;
  entries(): Iterable<EntryDescription>;
  transaction(txid: Hash): Transaction | undefined;
  /** The transaction of the pool that spends an output. */
  spenderOf(outpoint: OutPoint): Transaction | undefined;
  /** Takes a transaction in and announces it, again and again until it is in a block. @returns why not, if refused. */
  submit(tx: Transaction): { readonly refusal: string } | undefined;
  /** Fee rate, coins per 1000 bytes, for being mined within so many heights; or why there is no answer. */
  estimateFee(heights: number): number | { readonly problem: string };
}

/** Settings that answers show. */
export interface RpcSettings {
  /** `major*1000000 + minor*10000 + patch*100` of the node. */
  readonly version: number;
  /** SOCKS5 proxy or "". */
  readonly proxy: string;
  /** Least fee of relayed transactions, nanoSoter per 1000 bytes. */
  readonly relayFee: bigint;
}

/** Everything that methods need, wired by the composition root. */
export interface RpcPorts {
  readonly params: NetworkParams;
  readonly settings: RpcSettings;
  readonly clock: Clock;
  readonly dag: RpcDag;
  readonly reorders: RpcReorders;
  /** Absent if the DAG is in memory only. */
  readonly database?: RpcDatabase;
  readonly blocks: RpcBlockSink;
  readonly peers: RpcPeers;
  readonly miner: RpcMiner;
  readonly work: RpcWorkSource;
  readonly metrics: RpcMetrics;
  /** Absent if nothing can be drawn. */
  readonly pictures?: RpcPictures;
  readonly control: RpcControl;
  readonly logs: RpcLogLevels;
  /** Absent if the node keeps no pool. */
  readonly mempool?: RpcMempool;
  /** Absent if the node keeps no track. */
  readonly tracker?: RpcTransactionTracker;
  /** Absent if the index is off. */
  readonly transactions?: RpcTransactionIndex;
  readonly addresses?: RpcAddressIndex;
  readonly filters?: RpcFilters;
  /** Absent if nobody can subscribe. */
  readonly events?: RpcEvents;
  /** Lets other work run; long computations await it every few milliseconds. */
  pause(): Promise<void>;
}
