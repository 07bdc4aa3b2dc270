import { asBuffer, equalBytes } from '../util/bytes.ts';
import { foreignData, StoreError } from './errors.ts';
import type { KeyValueStore, RangeOptions, Row, Table, WriteTransaction } from './key-value.ts';
import { TABLES, type TableName } from './tables.ts';

const keyText = (key: Uint8Array): string => asBuffer(key).toString('latin1');

/** A table in a Map; the order of keys is computed when a range is asked for, which nodes do only at their start. */
class MemoryTable implements Table {
  readonly name: TableName;
  readonly rows: Map<string, Uint8Array>;
  readonly #assertOpen: () => void;
  #sorted: string[] | undefined;

  constructor(name: TableName, rows: Map<string, Uint8Array>, assertOpen: () => void) {
    this.name = name;
    this.rows = rows;
    this.#assertOpen = assertOpen;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#assertOpen();
    const value = this.rows.get(keyText(key));
    return value && Uint8Array.from(value);
  }

  has(key: Uint8Array): boolean {
    this.#assertOpen();
    return this.rows.has(keyText(key));
  }

  count(): number {
    this.#assertOpen();
    return this.rows.size;
  }

  *range(options: RangeOptions = {}): Iterable<Row> {
    this.#assertOpen();
    // Latin1 strings compare by code unit, which is the order of the bytes.
    this.#sorted ??= [...this.rows.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const keys = this.#sorted;
    const first = options.start ? lowerBound(keys, keyText(options.start)) : 0;
    const end = options.end ? lowerBound(keys, keyText(options.end)) : keys.length;
    const count = Math.min(Math.max(0, end - first), options.limit ?? Number.POSITIVE_INFINITY);
    for (let i = 0; i < count; i++) {
      const key = keys[options.reverse ? end - 1 - i : first + i];
      yield { key: Buffer.from(key, 'latin1'), value: Uint8Array.from(this.rows.get(key)!) };
    }
  }

  /** Sets or, with undefined, removes a row; returns what was there. */
  set(key: string, value: Uint8Array | undefined): Uint8Array | undefined {
    const before = this.rows.get(key);
    if ((before === undefined) !== (value === undefined)) this.#sorted = undefined;
    if (value) this.rows.set(key, value);
    else this.rows.delete(key);
    return before;
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The store of simulations and tests: behaves like the database, forgets everything with the process. */
export class MemoryStore implements KeyValueStore {
  readonly #tables: Map<TableName, MemoryTable>;
  #open = true;
  #inTransaction = false;

  constructor(content?: ReadonlyMap<TableName, ReadonlyMap<string, Uint8Array>>) {
    const assertOpen = (): void => this.#assertOpen();
    this.#tables = new Map(
      TABLES.map((name) => [name, new MemoryTable(name, new Map(content?.get(name)), assertOpen)]),
    );
  }

  table(name: TableName): Table {
    this.#assertOpen();
    return this.#tables.get(name)!;
  }

  transaction<T>(work: (transaction: WriteTransaction) => T): T {
    this.#assertOpen();
    if (this.#inTransaction) throw new StoreError('io', 'a store transaction must not be nested');
    this.#inTransaction = true;
    const undo: { table: MemoryTable; key: string; before: Uint8Array | undefined }[] = [];
    const set = (table: Table, key: Uint8Array, value: Uint8Array | undefined): void => {
      const own = this.#tables.get(table.name)!;
      const text = keyText(key);
      undo.push({ table: own, key: text, before: own.set(text, value) });
    };
    try {
      return work({
        put: (table, key, value) => set(table, key, Uint8Array.from(value)),
        remove: (table, key) => set(table, key, undefined),
        expect: (table, key, value) => {
          const found = table.get(key);
          if (found && value ? !equalBytes(found, value) : found !== value) throw foreignData();
        },
      });
    } catch (error) {
      for (const { table, key, before } of undo.reverse()) table.set(key, before);
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  close(): Promise<void> {
    this.#open = false;
    return Promise.resolve();
  }

  /** A store with the committed content of this one, open or closed: what a process finds after a restart. */
  reopen(): MemoryStore {
    return new MemoryStore(new Map([...this.#tables].map(([name, table]) => [name, table.rows])));
  }

  #assertOpen(): void {
    if (!this.#open) throw new StoreError('closed', 'the store is closed');
  }
}
