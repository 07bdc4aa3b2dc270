import { LRUCache } from 'lru-cache';
import { StoreError, type Table, type WriteTransaction } from '../../store/index.ts';
import { WireError } from '../../wire/index.ts';
import { ABSENT, decodeRecord, encodeRecord, type OutputRecord } from './output-record.ts';

/** A record in memory, and whether the database has a row for its outpoint. */
interface Cached {
  readonly record: OutputRecord;
  readonly hasRow: boolean;
}

/** Outputs that are kept in memory unless configured otherwise; about 300 bytes each. */
const DEFAULT_CACHE_SIZE = 50_000;

/**
 * The table `outputs` behind a bounded write-back cache: changes are visible at once and reach the database with the next commit.
 */
export class OutputTable {
  readonly #table: Table;
  readonly #changed = new Map<string, Cached>();
  /** What the database says, absent outputs included. */
  readonly #clean: LRUCache<string, Cached>;
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
    return this.#find(key).record;
  }

  set(key: string, record: OutputRecord): void {
    this.#changed.set(key, { record, hasRow: this.#find(key).hasRow });
  }

  /** Writes all changes. */
  write(transaction: WriteTransaction): void {
    for (const [key, { record, hasRow }] of this.#changed) {
      const bytes = encodeRecord(record);
      if (bytes) transaction.put(this.#table, Buffer.from(key, 'latin1'), bytes);
      else if (hasRow) transaction.remove(this.#table, Buffer.from(key, 'latin1'));
    }
  }

  /** Number of rows with all changes written. Costs the number of changes. */
  countRows(): number {
    let rows = this.#rows;
    for (const { record, hasRow } of this.#changed.values()) {
      const willHave = record.entry !== undefined || record.stored !== undefined;
      rows += Number(willHave) - Number(hasRow);
    }
    return rows;
  }

  /** The changes are on disk. */
  committed(): void {
    this.#rows = this.countRows();
    for (const [key, { record }] of this.#changed) {
      this.#clean.set(key, { record, hasRow: record.entry !== undefined || record.stored !== undefined });
    }
    this.#changed.clear();
  }

  #find(key: string): Cached {
    const known = this.#changed.get(key) ?? this.#clean.get(key);
    if (known) return known;
    const bytes = this.#table.get(Buffer.from(key, 'latin1'));
    const found = bytes ? { record: this.#decode(bytes), hasRow: true } : { record: ABSENT, hasRow: false };
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
