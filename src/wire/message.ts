import type { Hash } from '../util/hash.ts';
import type { Block } from './block.ts';
import type { BlockHeader } from './header.ts';
import type { InvVector } from './inventory.ts';
import type { NetAddress } from './net-address.ts';
import type { Transaction } from './transaction.ts';

/** First message of each side: who it is and what it has. */
export interface VersionMessage {
  readonly command: 'version';
  /** i32. */
  readonly protocolVersion: number;
  readonly services: bigint;
  /** Unix seconds, i64. */
  readonly timestamp: bigint;
  /** Address of the receiver as the sender sees it. */
  readonly receiver: NetAddress;
  readonly sender: NetAddress;
  /** Random u64 by which a node recognises a connection to itself. */
  readonly nonce: bigint;
  readonly userAgent: string;
  /** Genesis block of the sender's network, wire order; zero if the message was cut before it. */
  readonly genesisHash: Hash;
  /** Greatest DAG height of the sender, i32. */
  readonly lastBlock: number;
  /** False asks not to be told of transactions (BIP 37). */
  readonly relay: boolean;
}

/** Commands whose messages have no payload. */
export type EmptyCommand = 'verack' | 'getaddr' | 'getaddrcache' | 'mempool' | 'filterclear' | 'sendheaders';

/** A message that is only its command. */
export interface EmptyMessage<Command extends EmptyCommand = EmptyCommand> {
  readonly command: Command;
}

/** Addresses of other nodes; at most 1000. */
export interface AddrMessage {
  readonly command: 'addr';
  readonly addresses: readonly NetAddress[];
}

/** All addresses that the sender knows, generation 2; at most 1000 a message. */
export interface AddrCacheMessage {
  readonly command: 'addrcache';
  readonly addresses: readonly NetAddress[];
}

/** All addresses that the sender knows, generation 4; at most 1000 in all. */
export interface AddrCacheListsMessage {
  readonly command: 'addrcache';
  /** Peers that connected to the sender. */
  readonly inbound: readonly NetAddress[];
  /** Peers that the sender connected to. */
  readonly outbound: readonly NetAddress[];
  /** Addresses from the sender's pool. */
  readonly known: readonly NetAddress[];
}

/** Asks for everything above a height: block inventory (`getblocks`) or headers (`getheaders`). */
export interface LocatorMessage<Command extends 'getblocks' | 'getheaders' = 'getblocks' | 'getheaders'> {
  readonly command: Command;
  /** u32, informative. */
  readonly protocolVersion: number;
  /** At most one height (i32); none asks for the stop block alone. */
  readonly locatorHeights: readonly number[];
  /** Block whose height is the last wanted; zero for no end. */
  readonly stopHash: Hash;
}

/** A list of inventory: offered, asked for, or not found. */
export interface InventoryMessage<Command extends 'inv' | 'getdata' | 'notfound' = 'inv' | 'getdata' | 'notfound'> {
  readonly command: Command;
  readonly inventory: readonly InvVector[];
}

/** A block. */
export interface BlockMessage {
  readonly command: 'block';
  readonly block: Block;
}

/** A transaction. */
export interface TxMessage {
  readonly command: 'tx';
  readonly tx: Transaction;
}

/** Block headers without sub-headers; at most 2000. */
export interface HeadersMessage {
  readonly command: 'headers';
  readonly headers: readonly BlockHeader[];
}

/** Asks for a sign of life, and gives it (BIP 31). The nonce is 0 in protocol versions that do not carry it. */
export interface PingPongMessage<Command extends 'ping' | 'pong' = 'ping' | 'pong'> {
  readonly command: Command;
  readonly nonce: bigint;
}

/** Says that a message was refused and why (BIP 61). */
export interface RejectMessage {
  readonly command: 'reject';
  readonly rejectedCommand: string;
  /** u8, see `RejectCode`. */
  readonly code: number;
  readonly reason: string;
  /** Hash of the refused block or transaction; on the wire exactly if the command is `block` or `tx`. */
  readonly hash?: Hash;
}

/** Sets a bloom filter (BIP 37). */
export interface FilterLoadMessage {
  readonly command: 'filterload';
  readonly filter: Uint8Array;
  /** u32, at most 50. */
  readonly hashFunctions: number;
  /** u32. */
  readonly tweak: number;
  /** u8, see `BloomUpdate`. */
  readonly flags: number;
}

/** Adds an element to the bloom filter (BIP 37); at most 520 bytes. */
export interface FilterAddMessage {
  readonly command: 'filteradd';
  readonly data: Uint8Array;
}

/** A header with the part of the merkle tree that proves the matched transactions (BIP 37). */
export interface MerkleBlockMessage {
  readonly command: 'merkleblock';
  readonly header: BlockHeader;
  /** Transactions of the whole block, u32. */
  readonly transactionCount: number;
  readonly hashes: readonly Hash[];
  /** Bits of the traversal, least significant first. */
  readonly flags: Uint8Array;
}

/** Asks not to be told of transactions below a fee rate (BIP 133). */
export interface FeeFilterMessage {
  readonly command: 'feefilter';
  /** nanoSoter per 1000 bytes, i64. */
  readonly minFee: bigint;
}

/** Asks for committed filters or their headers over a range (BIP 157). */
export interface FilterRangeMessage<Command extends 'getcfilters' | 'getcfheaders' = 'getcfilters' | 'getcfheaders'> {
  readonly command: Command;
  /** u8; 0 is the regular filter. */
  readonly filterType: number;
  /** u32. */
  readonly startHeight: number;
  readonly stopHash: Hash;
}

/** Asks for filter header checkpoints (BIP 157). */
export interface GetCfCheckptMessage {
  readonly command: 'getcfcheckpt';
  readonly filterType: number;
  readonly stopHash: Hash;
}

/** One committed filter (BIP 157); at most 262144 bytes. */
export interface CFilterMessage {
  readonly command: 'cfilter';
  readonly filterType: number;
  readonly blockHash: Hash;
  readonly filter: Uint8Array;
}

/** Filter hashes of a range (BIP 157); at most 2000. */
export interface CFHeadersMessage {
  readonly command: 'cfheaders';
  readonly filterType: number;
  readonly stopHash: Hash;
  readonly previousFilterHeader: Hash;
  readonly filterHashes: readonly Hash[];
}

/** Filter headers at every thousandth block (BIP 157); at most 100000. */
export interface CfCheckptMessage {
  readonly command: 'cfcheckpt';
  readonly filterType: number;
  readonly stopHash: Hash;
  readonly filterHeaders: readonly Hash[];
}

/** A signed announcement of old nodes. Decoded and ignored. */
export interface AlertMessage {
  readonly command: 'alert';
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** Every message of the protocol, told apart by `command`. */
export type Message =
  | VersionMessage
  | EmptyMessage<'verack'>
  | EmptyMessage<'getaddr'>
  | EmptyMessage<'getaddrcache'>
  | EmptyMessage<'mempool'>
  | EmptyMessage<'filterclear'>
  | EmptyMessage<'sendheaders'>
  | AddrMessage
  | AddrCacheMessage
  | AddrCacheListsMessage
  | LocatorMessage<'getblocks'>
  | LocatorMessage<'getheaders'>
  | InventoryMessage<'inv'>
  | InventoryMessage<'getdata'>
  | InventoryMessage<'notfound'>
  | BlockMessage
  | TxMessage
  | HeadersMessage
  | PingPongMessage<'ping'>
  | PingPongMessage<'pong'>
  | RejectMessage
  | FilterLoadMessage
  | FilterAddMessage
  | MerkleBlockMessage
  | FeeFilterMessage
  | FilterRangeMessage<'getcfilters'>
  | FilterRangeMessage<'getcfheaders'>
  | GetCfCheckptMessage
  | CFilterMessage
  | CFHeadersMessage
  | CfCheckptMessage
  | AlertMessage;

/** Names of the messages. */
export type Command = Message['command'];

/** The message type of a command. */
export type MessageOf<C extends Command> = Extract<Message, { command: C }>;
