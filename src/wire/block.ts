import type { Hash } from '../util/hash.ts';
import { messageError } from './errors.ts';
import { BlockHeader, HEADER_SIZE } from './header.ts';
import { ByteReader } from './reader.ts';
import { Transaction, type TxEncoding } from './transaction.ts';
import { ByteWriter, varintSize } from './writer.ts';

/** Protocol generation: 2 is soterd 2.x, 4 is soterd 4.x (blocks carry a cuckoo cycle). */
export type Generation = 2 | 4;

/** Most transactions that a block may announce. */
export const MAX_BLOCK_TRANSACTIONS = 400_001;
/** Bytes of one parent entry: hash and data. */
const PARENT_ENTRY_SIZE = 64;
/** Memory of a decoded block besides its transactions, and of a parent with its bytes; measured, bytes. */
const BLOCK_MEMORY = 1000;
const PARENT_MEMORY = 350;

/** One entry of the parent sub-header. */
export interface ParentEntry {
  /** Hash of the parent block. */
  readonly hash: Hash;
  /** 32 bytes without meaning, all zero in blocks of known miners; no hash covers them. */
  readonly data: Uint8Array;
}

/** The verification sub-header of generation 4. No hash covers it. */
export interface Verification {
  /** i32, not checked. */
  readonly version: number;
  /** Edge numbers of the cuckoo cycle, u32 each. */
  readonly nonces: readonly number[];
}

/** The fields of a block. */
export interface BlockFields {
  readonly header: BlockHeader;
  /** i32, not checked: 1 in genesis and 0 in mined blocks. */
  readonly parentsVersion: number;
  /** In message order, duplicates kept. */
  readonly parents: readonly ParentEntry[];
  /** Present exactly in generation 4. */
  readonly verification?: Verification;
  readonly transactions: readonly Transaction[];
}

/** Where a transaction lies in the witness form of its block, in bytes. */
export interface TransactionLocation {
  readonly offset: number;
  readonly length: number;
}

/**
 * An immutable block. Hashes, scripts and witness items of a decoded block are views into the bytes it came from:
 * {@link detach} what shall outlive them.
 */
export class Block implements BlockFields {
  readonly header: BlockHeader;
  readonly parentsVersion: number;
  readonly parents: readonly ParentEntry[];
  readonly verification?: Verification;
  readonly transactions: readonly Transaction[];
  #encoded: Uint8Array | undefined;
  #parentHashes: readonly Hash[] | undefined;
  #strippedSize: number | undefined;
  #memory: number | undefined;
  #size: number | undefined;

  constructor(fields: BlockFields) {
    this.header = fields.header;
    this.parentsVersion = fields.parentsVersion;
    this.parents = fields.parents;
    if (fields.verification) this.verification = fields.verification;
    this.transactions = fields.transactions;
  }

  /**
   * Decodes one block. A negative count of parents or nonces decodes as none, as known nodes do; a count larger than
   * the remaining bytes can hold fails before anything is allocated for it. Blocks without parents decode too: see
   * `checkBlockBinding` for what must be checked before a block is trusted by its hash.
   * @throws {WireError}
   */
  static read(reader: ByteReader, generation: Generation, encoding: TxEncoding): Block {
    const start = reader.offset;
    const header = BlockHeader.read(reader);
    const parentsVersion = reader.i32();
    const parentCount = reader.i32();
    reader.expect(parentCount, 32, 32);
    const parents: ParentEntry[] = [];
    for (let i = 0; i < parentCount; i++) parents.push({ hash: reader.hash(), data: reader.bytes(32) });
    let canonical = parentCount >= 0;
    let verification: Verification | undefined;
    if (generation === 4) {
      const version = reader.i32();
      const nonceCount = reader.i32();
      reader.expect(nonceCount, 4);
      const nonces: number[] = [];
      for (let i = 0; i < nonceCount; i++) nonces.push(reader.u32());
      canonical &&= nonceCount >= 0;
      verification = { version, nonces };
    }
    const count = reader.count(MAX_BLOCK_TRANSACTIONS, (n) =>
      messageError(
        'MsgBlock.SotoDecode',
        `too many transactions to fit into a block [count ${n}, max ${MAX_BLOCK_TRANSACTIONS}]`,
      ),
    );
    const transactions: Transaction[] = [];
    for (let i = 0; i < count; i++) transactions.push(Transaction.read(reader, encoding));
    const block = new Block({ header, parentsVersion, parents, verification, transactions });
    // Every other deviation from the canonical form makes a transaction longer.
    if (canonical && reader.offset - start === block.size) block.#encoded = reader.since(start);
    return block;
  }

  /** Decodes a block from the front of `bytes`; what follows it is ignored, as known nodes do. */
  static fromBytes(bytes: Uint8Array, generation: Generation, encoding: TxEncoding = 'witness'): Block {
    return Block.read(new ByteReader(bytes), generation, encoding);
  }

  get generation(): Generation {
    return this.verification ? 4 : 2;
  }

  /** The block hash; it covers the header alone. */
  get hash(): Hash {
    return this.header.hash;
  }

  /** Hashes of the parents in message order, duplicates kept. */
  get parentHashes(): readonly Hash[] {
    this.#parentHashes ??= this.parents.map((parent) => parent.hash);
    return this.#parentHashes;
  }

  /** Bytes of the witness form, sub-headers included. */
  get size(): number {
    this.#size ??= this.transactions.reduce((sum, { size }) => sum + size, this.#prefixSize());
    return this.#size;
  }

  /** Bytes with all transactions in base form, sub-headers included. */
  get strippedSize(): number {
    this.#strippedSize ??= this.transactions.reduce((sum, tx) => sum + tx.strippedSize, this.#prefixSize());
    return this.#strippedSize;
  }

  /** Three times the stripped size plus the size, so sub-headers count four times. */
  get weight(): number {
    return 3 * this.strippedSize + this.size;
  }

  /** Memory of the decoded block, bytes; see {@link Transaction.memory}. */
  get memory(): number {
    this.#memory ??= this.transactions.reduce(
      (sum, tx) => sum + tx.memory,
      BLOCK_MEMORY + PARENT_MEMORY * this.parents.length,
    );
    return this.#memory;
  }

  /** Bytes in front of the first transaction. */
  #prefixSize(): number {
    const verification = this.verification ? 8 + 4 * this.verification.nonces.length : 0;
    return (
      HEADER_SIZE + 8 + PARENT_ENTRY_SIZE * this.parents.length + verification + varintSize(this.transactions.length)
    );
  }

  /** Where each transaction lies in `toBytes('witness')`. */
  transactionLocations(): TransactionLocation[] {
    let offset = this.#prefixSize();
    return this.transactions.map(({ size }) => {
      const location = { offset, length: size };
      offset += size;
      return location;
    });
  }

  /** Appends the canonical bytes. */
  write(writer: ByteWriter, encoding: TxEncoding): void {
    if (this.#encoded && encoding === 'witness') {
      writer.bytes(this.#encoded);
      return;
    }
    writer.bytes(this.header.toBytes());
    writer.i32(this.parentsVersion);
    writer.i32(this.parents.length);
    for (const { hash, data } of this.parents) {
      writer.hash(hash);
      writer.bytes(data);
    }
    if (this.verification) {
      writer.i32(this.verification.version);
      writer.i32(this.verification.nonces.length);
      for (const nonce of this.verification.nonces) writer.u32(nonce);
    }
    writer.varint(this.transactions.length);
    for (const transaction of this.transactions) transaction.write(writer, encoding);
  }

  /** The canonical bytes. Treat them as read-only: they may be a view into a received message. */
  toBytes(encoding: TxEncoding = 'witness'): Uint8Array {
    if (this.#encoded && encoding === 'witness') return this.#encoded;
    const writer = new ByteWriter(encoding === 'witness' ? this.size : this.strippedSize);
    this.write(writer, encoding);
    return writer.finish();
  }

  /** The same block on memory of its own. */
  detach(): Block {
    return new Block({
      header: this.header.detach(),
      parentsVersion: this.parentsVersion,
      parents: this.parents.map(({ hash, data }) => ({ hash: Uint8Array.from(hash), data: Uint8Array.from(data) })),
      verification: this.verification,
      transactions: this.transactions.map((transaction) => transaction.detach()),
    });
  }
}
