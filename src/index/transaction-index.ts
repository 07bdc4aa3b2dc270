import type { KeyValueStore, Table, WriteTransaction } from '../store/index.ts';
import { damagedData } from '../store/index.ts';
import { asBuffer } from '../util/bytes.ts';
import { type Hash, hashKey } from '../util/hash.ts';
import { type Block, Transaction } from '../wire/index.ts';
import type { BlockIndexer, IndexedDag } from './ports.ts';

/** Where a transaction stands in the stored blocks. */
export interface TransactionLocation {
  /** Number of its block in the order of arrival. */
  readonly block: number;
  /** Place and length within the canonical bytes of the block. */
  readonly offset: number;
  readonly length: number;
}

/** A transaction found in a block. */
export interface FoundTransaction {
  readonly block: Hash;
  readonly height: number;
  /** Serialised, with witness data. */
  readonly bytes: Uint8Array;
}

const KEY_SIZE = 36;
const VALUE_SIZE = 8;
/** Locations of new transactions that are kept in memory, in each of two generations: more than commits can be underway with. */
const RECENT = 100_000;

/**
 * Where every transaction of every connected block is, whatever the order makes of it. Table `txindex`: one row for each block that
 * holds it.
 */
export class TransactionIndex implements BlockIndexer {
  readonly name = 'transaction index';
  readonly #table: Table;
  readonly #dag: () => IndexedDag;
  readonly #keepRecent: boolean;
  /** Rows that were written lately and need not be in the table yet. */
  #recent = new Map<string, TransactionLocation>();
  #older = new Map<string, TransactionLocation>();

  /** @param keepRecent another index asks {@link outputScript} while it writes. */
  constructor(store: KeyValueStore, dag: () => IndexedDag, keepRecent: boolean) {
    this.#table = store.table('txindex');
    this.#dag = dag;
    this.#keepRecent = keepRecent;
  }

  write(transaction: WriteTransaction, number: number, block: Block): void {
    for (const { tx, offset, length } of locate(block)) {
      const value = Buffer.allocUnsafe(VALUE_SIZE);
      value.writeUInt32LE(offset, 0);
      value.writeUInt32LE(length, 4);
      transaction.put(this.#table, rowKey(tx.txid, number), value);
      if (this.#keepRecent) this.#recent.set(hashKey(tx.txid), { block: number, offset, length });
    }
    if (this.#recent.size <= RECENT) return;
    this.#older = this.#recent;
    this.#recent = new Map();
  }

  /** Where a transaction is, in the order in which its blocks arrived. */
  locations(txid: Hash): TransactionLocation[] {
    const found: TransactionLocation[] = [];
    for (const { key, value } of this.#table.range({ start: rowKey(txid, 0), end: rowKey(txid, 0xffff_ffff) })) {
      if (value.length !== VALUE_SIZE) throw damagedData('a row of the transaction index has a wrong length');
      found.push({
        block: asBuffer(key).readUInt32BE(32),
        offset: asBuffer(value).readUInt32LE(0),
        length: asBuffer(value).readUInt32LE(4),
      });
    }
    return found;
  }

  /** A transaction in the newest block that holds it. */
  newest(txid: Hash): FoundTransaction | undefined {
    const location = this.locations(txid).at(-1);
    return location && this.read(location);
  }

  /** The blocks that hold a transaction, in the order of their arrival. */
  blocksOf(txid: Hash): Hash[] {
    return this.locations(txid).flatMap(({ block }) => this.#dag().blockByNumber(block)?.hash ?? []);
  }

  /** The bytes at a location. */
  read({ block, offset, length }: TransactionLocation): FoundTransaction {
    const info = this.#dag().blockByNumber(block);
    const bytes = info && this.#dag().getBlockBytes(info.hash);
    if (!bytes || offset + length > bytes.length) throw damagedData('the transaction index points to nowhere');
    return { block: info.hash, height: info.height, bytes: bytes.subarray(offset, offset + length) };
  }

  /** The script of an output of any indexed transaction, newly written ones included. */
  outputScript(txid: Hash, index: number): Uint8Array | undefined {
    const location = this.#lately(txid) ?? this.locations(txid).at(-1);
    return location && Transaction.fromBytes(this.read(location).bytes).outputs[index]?.pkScript;
  }

  #lately(txid: Hash): TransactionLocation | undefined {
    return this.#recent.get(hashKey(txid)) ?? this.#older.get(hashKey(txid));
  }
}

/** Where each transaction of a block stands in its canonical bytes: they are its end. */
export function* locate(block: Block): Iterable<{ tx: Transaction; offset: number; length: number }> {
  let offset = block.size - block.transactions.reduce((sum, { size }) => sum + size, 0);
  for (const tx of block.transactions) {
    yield { tx, offset, length: tx.size };
    offset += tx.size;
  }
}

function rowKey(txid: Hash, block: number): Uint8Array {
  const key = Buffer.allocUnsafe(KEY_SIZE);
  key.set(txid);
  key.writeUInt32BE(block, 32);
  return key;
}
