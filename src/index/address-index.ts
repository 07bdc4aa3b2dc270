import type { Address, AddressNet } from '../script/index.ts';
import { damagedData, type KeyValueStore, type Table, type WriteTransaction } from '../store/index.ts';
import { asBuffer } from '../util/bytes.ts';
import { hashKey } from '../util/hash.ts';
import type { Block, OutPoint, Transaction } from '../wire/index.ts';
import { ADDRESS_KEY_SIZE, AddressKeys, addressKey } from './address-key.ts';
import type { BlockIndexer, IndexedDag } from './ports.ts';
import { locate, type TransactionIndex, type TransactionLocation } from './transaction-index.ts';

/** Rows that a search reads before other work runs. */
const ROWS_PER_TURN = 1000;
const KEY_SIZE = ADDRESS_KEY_SIZE + 8;
const VALUE_SIZE = 4;

/** Which part of what there is of an address is wanted. */
export interface AddressQuery {
  readonly skip: number;
  /** At most so many. */
  readonly count: number;
  /** Newest first. */
  readonly reverse: boolean;
}

/**
 * Which transactions of blocks pay to an address or spend from it. Table `addrindex`: one row for each address, block and
 * transaction, in the order of arrival. Scripts without addresses, and what nobody can spend, are not found by it.
 */
export class AddressIndex implements BlockIndexer {
  readonly name = 'address index';
  readonly #table: Table;
  readonly #net: AddressNet;
  readonly #dag: () => IndexedDag;
  readonly #transactions: TransactionIndex;

  constructor(store: KeyValueStore, net: AddressNet, dag: () => IndexedDag, transactions: TransactionIndex) {
    this.#table = store.table('addrindex');
    this.#net = net;
    this.#dag = dag;
    this.#transactions = transactions;
  }

  write(transaction: WriteTransaction, number: number, block: Block): void {
    const own = new Map(block.transactions.map((tx) => [hashKey(tx.txid), tx]));
    for (const { tx, offset, length } of locate(block)) {
      const keys = new AddressKeys(this.#net);
      if (!tx.isCoinbase) for (const { prevout } of tx.inputs) keys.addScript(this.#scriptOf(prevout, own));
      for (const { pkScript } of tx.outputs) keys.addScript(pkScript);
      const value = Buffer.allocUnsafe(VALUE_SIZE);
      value.writeUInt32LE(length);
      for (const [, key] of keys.entries()) transaction.put(this.#table, rowKey(key, number, offset), value);
    }
  }

  /**
   * Finds transactions of blocks.
   * @param pause lets other work run.
   * @returns where they are, and how many were left out.
   */
  async find(
    address: Address,
    { skip, count, reverse }: AddressQuery,
    pause: () => Promise<void>,
  ): Promise<{ readonly skipped: number; readonly locations: readonly TransactionLocation[] }> {
    const key = addressKey(address);
    let start = rowKey(key, 0, 0);
    let end = rowKey(key, 0xffff_ffff, 0xffff_ffff);
    let skipped = 0;
    const locations: TransactionLocation[] = [];
    while (locations.length < count) {
      const rows = [...this.#table.range({ start, end, reverse, limit: ROWS_PER_TURN })];
      for (const row of rows) {
        if (skipped < skip) skipped++;
        else if (locations.length < count) locations.push(locationOf(row.key, row.value));
      }
      const last = rows.at(-1)?.key;
      if (!last || rows.length < ROWS_PER_TURN) break;
      // The next turn begins behind what was read, whatever has been written meanwhile.
      if (reverse) end = last;
      else start = behind(last);
      await pause();
    }
    return { skipped, locations };
  }

  /** Script of a spent output; it was there when the block connected, even if the order has ignored it since. */
  #scriptOf({ hash, index }: OutPoint, own: ReadonlyMap<string, Transaction>): Uint8Array {
    const script =
      own.get(hashKey(hash))?.outputs[index]?.pkScript ??
      this.#dag().utxo({ hash, index })?.pkScript ??
      this.#transactions.outputScript(hash, index);
    if (!script) throw damagedData('the transaction index lacks a spent output');
    return script;
  }
}

function rowKey(address: Uint8Array, block: number, offset: number): Uint8Array {
  const key = Buffer.allocUnsafe(KEY_SIZE);
  key.set(address);
  key.writeUInt32BE(block, ADDRESS_KEY_SIZE);
  key.writeUInt32BE(offset, ADDRESS_KEY_SIZE + 4);
  return key;
}

/** The least key behind one. */
function behind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

function locationOf(key: Uint8Array, value: Uint8Array): TransactionLocation {
  if (value.length !== VALUE_SIZE) throw damagedData('a row of the address index has a wrong length');
  return {
    block: asBuffer(key).readUInt32BE(ADDRESS_KEY_SIZE),
    offset: asBuffer(key).readUInt32BE(ADDRESS_KEY_SIZE + 4),
    length: asBuffer(value).readUInt32LE(),
  };
}
