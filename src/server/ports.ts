import type { PeersFile } from '../addrmgr/index.ts';
import type { Dialer, Listener, Resolver } from '../connmgr/index.ts';
import type { SyncDag, TransactionPool } from '../netsync/index.ts';
import type { NetworkParams } from '../params/index.ts';
import type { PeerLimits, Transport } from '../peer/index.ts';
import type { Hash } from '../util/hash.ts';
import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import type { Block, BlockHeader, Transaction } from '../wire/index.ts';

/** The consensus core as peers are served from it. */
export interface ServerDag extends SyncDag {
  /** A stored block of any status; not an orphan. */
  getBlock(hash: Hash): Block | undefined;
  /** Canonical bytes of a known block, witness form. Absent: blocks are encoded when they are served. */
  getBlockBytes?(hash: Hash): Uint8Array | undefined;
  getHeader(hash: Hash): BlockHeader | undefined;
  blockHeight(hash: Hash): number | undefined;
  /** Blocks of a height, ascending by display form. */
  blocksAtHeight(height: number): readonly Hash[];
  /**
   * Blocks above a locator height up to the height of the stop block (zero: up to the greatest), height by height, at
   * most `max`; without a locator the stop block alone; nothing for an unknown stop block.
   */
  locate(
    locatorHeights: readonly number[],
    stopHash: Hash,
    max: number,
  ): readonly { readonly hash: Hash; readonly height: number }[];
  /** One opinion about the time, Unix seconds. Equal sources count once. */
  addTimeSample(source: string, timeSeconds: number): void;
}

/** A transaction of the pool. */
export interface PoolEntry {
  readonly txid: Hash;
  /** Decoded anew by every access, perhaps. */
  readonly transaction: Transaction;
  /** What it pays, nanoSoter per 1000 vbytes. */
  readonly feeRate: bigint;
}

/** The pool of unconfirmed transactions as peers are served from it. */
export interface ServerPool extends TransactionPool {
  /** A transaction of the pool; not an orphan. */
  entry(txid: Hash): PoolEntry | undefined;
  entries(): Iterable<PoolEntry>;
}

/** The committed filter index (BIP 157). */
export interface FilterIndex {
  filter(block: Hash): Uint8Array | undefined;
  filterHash(block: Hash): Hash | undefined;
  filterHeader(block: Hash): Hash | undefined;
}

/** A small text that survives restarts. */
export interface StateFile {
  /** The content; undefined if there is none yet. */
  load(): Promise<string | undefined>;
  /** Replaces the content in one step. */
  save(text: string): Promise<void>;
  /** Moves a content that cannot be understood out of the way, so that it can be looked at. Absent: it is replaced. */
  setAside?(): Promise<void>;
}

/** Loggers by part; each part without one uses the peer handler's. */
export interface ServerLoggers {
  readonly peer?: Logger;
  readonly connections?: Logger;
  readonly addresses?: Logger;
  readonly sync?: Logger;
}

/** What is fixed for the life of a peer handler. */
export interface PeerHandlerOptions {
  readonly params: NetworkParams;
  /** Service bits that we offer. */
  readonly services: bigint;
  readonly userAgent: string;
  /** False: a node that takes blocks only. Default true. */
  readonly relayTransactions?: boolean;
  /** Most connected peers of all kinds. Default 125. */
  readonly maxPeers?: number;
  /** Outgoing connections to keep up. Default 8, never above `maxPeers`. */
  readonly targetOutbound?: number;
  /** Peers to stay connected with, `host:port`. */
  readonly addPeers?: readonly string[];
  /** Peers to stay connected with instead of all others: no automatic connections, no DNS. */
  readonly connectOnly?: readonly string[];
  /** Ask DNS seeds at the start. Default true; never on simnet. */
  readonly dnsSeed?: boolean;
  /** Host of the proxy that outgoing connections go through. Default: they go directly. */
  readonly proxyHost?: string;
  /** False: .onion addresses cannot be reached, so none is chosen for an automatic connection. Default true. */
  readonly onionReachable?: boolean;
  /** Milliseconds between batches of announced transactions. */
  readonly trickleInterval?: number;
  /** Score misbehaviour and ban. Default true. */
  readonly banning?: boolean;
  /** Milliseconds. Default one day. */
  readonly banDuration?: number;
  /** A score above it bans. Default 100. */
  readonly banThreshold?: number;
  /** Addresses and networks (CIDR) that are never scored or banned. */
  readonly whitelist?: readonly string[];
  /** Announce transactions of this node again until they are confirmed. Default true. */
  readonly rebroadcast?: boolean;
  /** Incoming connections of one IP; peers of this machine and whitelisted ones are exempt. Default 8. */
  readonly maxInboundPerHost?: number;
  /** Incoming connections that have not finished their handshake. Default 64. */
  readonly maxPendingInbound?: number;
  /** Deviations from the usual limits of a connection. */
  readonly peerLimits?: Partial<PeerLimits>;
  /** See `SyncManagerOptions.reconcileDelay`. */
  readonly reconcileDelay?: number;
}

/** Everything a peer handler needs. */
export interface PeerHandlerDeps {
  readonly dag: ServerDag;
  readonly world: World;
  readonly logger: Logger;
  readonly loggers?: ServerLoggers;
  readonly dialer: Dialer<Transport>;
  readonly listeners?: readonly Listener<Transport>[];
  /** Absent: no DNS seeds, and only literal addresses are understood. */
  readonly resolver?: Resolver;
  /** Absent while there is no pool: transactions are neither taken nor given. */
  readonly pool?: ServerPool;
  /** Absent unless committed filters are offered. */
  readonly filters?: FilterIndex;
  readonly peersFile?: PeersFile;
  /** Keeps bans over a restart. */
  readonly bansFile?: StateFile;
  /** Keeps the outgoing connections over a restart, to begin with them. */
  readonly anchorsFile?: StateFile;
  /** Told of an exception that is a defect of this program or a failure of the machine (a full disk). */
  readonly failed?: (error: unknown) => void;
}

/** What a peer handler reports. */
export type PeerHandlerEvents = {
  /** A peer was added to the table, by id. */
  added: number;
  /** It left the table. */
  removed: number;
};
