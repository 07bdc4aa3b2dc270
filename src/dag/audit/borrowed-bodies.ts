import type { KeyValueStore, RangeOptions, Row, Table, TableName, WriteTransaction } from '../../store/index.ts';

/**
 * A store that keeps everything but the bodies of blocks, which it reads from another one: for a second DAG over the same
 * blocks with the same ids, which need not be kept twice.
 */
export class BorrowedBodies implements KeyValueStore {
  readonly #own: KeyValueStore;
  readonly #bodies: BorrowedTable;

  /** @param lender whose bodies are read; never written to. */
  constructor(own: KeyValueStore, lender: KeyValueStore) {
    this.#own = own;
    this.#bodies = new BorrowedTable(lender.table('blocks'));
  }

  table(name: TableName): Table {
    return name === 'blocks' ? this.#bodies : this.#own.table(name);
  }

  transaction<T>(work: (transaction: WriteTransaction) => T): T {
    let borrowed = 0;
    const result = this.#own.transaction((transaction) =>
      work({
        put: (table, key, value) => {
          if (table === this.#bodies) borrowed++;
          else transaction.put(table, key, value);
        },
        remove: (table, key) => transaction.remove(table, key),
        expect: (table, key, value) => transaction.expect(table, key, value),
      }),
    );
    this.#bodies.rows += borrowed;
    return result;
  }

  close(): Promise<void> {
    return this.#own.close();
  }
}

/** A table of another store, seen up to as many rows as were "written" here. */
class BorrowedTable implements Table {
  readonly name: TableName;
  readonly #lender: Table;
  rows = 0;

  constructor(lender: Table) {
    this.name = lender.name;
    this.#lender = lender;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#lender.get(key);
  }

  has(key: Uint8Array): boolean {
    return this.#lender.has(key);
  }

  range(options?: RangeOptions): Iterable<Row> {
    return this.#lender.range(options);
  }

  count(): number {
    return this.rows;
  }
}
