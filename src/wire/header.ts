import type { Hash } from '../util/hash.ts';
import { sha256dHeaders } from '../util/sha256d-wasm.ts';
import { ByteReader } from './reader.ts';
import { ByteWriter } from './writer.ts';

/** Bytes of a block header. */
export const HEADER_SIZE = 80;

/** The fields of a block header. */
export interface BlockHeaderFields {
  /** i32; any value is valid. */
  readonly version: number;
  /** Hash of the parents' hashes (see `tipsHash`), 32 zero bytes in a genesis block. */
  readonly prevBlock: Hash;
  /** Merkle root of the transaction ids. */
  readonly merkleRoot: Hash;
  /** Unix seconds, u32. */
  readonly timestamp: number;
  /** Compact target, u32. */
  readonly bits: number;
  /** u32. */
  readonly nonce: number;
}

/** An immutable block header, 80 bytes in both protocol generations. */
export class BlockHeader implements BlockHeaderFields {
  readonly version: number;
  readonly prevBlock: Hash;
  readonly merkleRoot: Hash;
  readonly timestamp: number;
  readonly bits: number;
  readonly nonce: number;
  #bytes: Uint8Array | undefined;
  #hash: Hash | undefined;

  /** @param encoded the 80 bytes of exactly these fields, if they are at hand. */
  constructor(fields: BlockHeaderFields, encoded?: Uint8Array) {
    this.version = fields.version;
    this.prevBlock = fields.prevBlock;
    this.merkleRoot = fields.merkleRoot;
    this.timestamp = fields.timestamp;
    this.bits = fields.bits;
    this.nonce = fields.nonce;
    this.#bytes = encoded;
  }

  /** Decodes 80 bytes; the hashes are views into them. */
  static read(reader: ByteReader): BlockHeader {
    const start = reader.offset;
    const version = reader.i32();
    const prevBlock = reader.hash();
    const merkleRoot = reader.hash();
    const timestamp = reader.u32();
    const bits = reader.u32();
    const nonce = reader.u32();
    return new BlockHeader({ version, prevBlock, merkleRoot, timestamp, bits, nonce }, reader.since(start));
  }

  /** Decodes the first 80 bytes. */
  static fromBytes(bytes: Uint8Array): BlockHeader {
    return BlockHeader.read(new ByteReader(bytes));
  }

  /** The block hash: double SHA-256 of the 80 bytes, in both generations. It does not cover the sub-headers. */
  get hash(): Hash {
    this.#hash ??= sha256dHeaders(this.toBytes());
    return this.#hash;
  }

  /** The 80 bytes. Treat them as read-only: they may be a view into a received message. */
  toBytes(): Uint8Array {
    this.#bytes ??= this.#encode();
    return this.#bytes;
  }

  #encode(): Uint8Array {
    const writer = new ByteWriter(HEADER_SIZE);
    writer.i32(this.version);
    writer.hash(this.prevBlock);
    writer.hash(this.merkleRoot);
    writer.u32(this.timestamp);
    writer.u32(this.bits);
    writer.u32(this.nonce);
    return writer.finish();
  }

  /** A header with some fields replaced. */
  with(changes: Partial<BlockHeaderFields>): BlockHeader {
    const { version, prevBlock, merkleRoot, timestamp, bits, nonce } = this;
    return new BlockHeader({ version, prevBlock, merkleRoot, timestamp, bits, nonce, ...changes });
  }

  /** The same header on memory of its own. */
  detach(): BlockHeader {
    return BlockHeader.fromBytes(Uint8Array.from(this.toBytes()));
  }
}
