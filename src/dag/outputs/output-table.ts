import { LRUCache } from 'lru-cache';
import { StoreError, type Table, type WriteTransaction } from '../../store/index.ts';
import { WireError } from '../../wire/index.ts';
import { ABSENT, decodeRecord, encodeRecord, hasContent, type OutputRecord, sameRecord } from './output-record.ts';

/** A record that waits for the next commit, and what the database says (a record without content: there is no row). */
interface Changed {
  readonly record: OutputRecord;
  readonly row: OutputRecord;
}

/** Outputs that are kept in memory unless configured otherwise; about 300 bytes each. */
const DEFAULT_CACHE_SIZE = 50_000;

/**
 * The table `outputs` behind a bounded write-back cache: changes are visible at once and reach the database with the
 * next commit.
 */
export class OutputTable {
  readonly #table: Table;
  readonly #changed = new Map<string, Changed>();
  /** What the database says, absent outputs included. */
  readonly #clean: LRUCache<string, OutputRecord>;
  #rows: number;

  /** @param cacheSize records kept in memory besides those that wait for a commit. */
  constructor(table: Table, cacheSize: number = DEFAULT_CACHE_SIZE) {
    this.#table = table;
    this.#clean = new LRUCache({ max: Math.max(1, cacheSize) });
    this.#rows = table.count();
  }

  /** Changes that wait for the next commit. */
  get pending(): number {
    return this.#changed.size;
  }

  get(key: string): OutputRecord {
    return this.#changed.get(key)?.record ?? this.#row(key);
  }

  set(key: string, record: OutputRecord): void {
    this.#changed.set(key, { record, row: this.#changed.get(key)?.row ?? this.#row(key) });
  }

  /** Forgets a change that was taken back: a reorder undoes and redoes much that ends as it was. */
  tidy(key: string): void {
    const changed = this.#changed.get(key);
    if (!changed || !sameRecord(changed.record, changed.row)) return;
    this.#changed.delete(key);
    this.#clean.set(key, changed.row);
  }

  /** Writes all changes. */
  write(transaction: WriteTransaction): void {
    for (const [key, { record, row }] of this.#changed) {
      const bytes = encodeRecord(record);
      if (bytes) transaction.put(this.#table, Buffer.from(key, 'latin1'), bytes);
      else if (hasContent(row)) transaction.remove(this.#table, Buffer.from(key, 'latin1'));
    }
  }

  /** Number of rows with all changes written. Costs the number of changes. */
  countRows(): number {
    let rows = this.#rows;
    for (const { record, row } of this.#changed.values()) rows += Number(hasContent(record)) - Number(hasContent(row));
    return rows;
  }

  /** The changes are on disk. */
  committed(): void {
    this.#rows = this.countRows();
    for (const [key, { record }] of this.#changed) this.#clean.set(key, record);
    this.#changed.clear();
  }

  /** What the database says. */
  #row(key: string): OutputRecord {
    const known = this.#clean.get(key);
    if (known) return known;
    const bytes = this.#table.get(Buffer.from(key, 'latin1'));
    const found = bytes ? this.#decode(bytes) : ABSENT;
    this.#clean.set(key, found);
    return found;
  }

  #decode(bytes: Uint8Array): OutputRecord {
    try {
      return decodeRecord(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw new StoreError('corrupt', 'the database is damaged (a row of table "outputs" does not decode)', {
        cause: error,
      });
    }
  }
}
