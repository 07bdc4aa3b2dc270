import { damagedData, type Table, type WriteTransaction } from '../../store/index.ts';
import { ByteWriter, WireError } from '../../wire/index.ts';
import { ABSENT, decodeRecord, hasContent, type OutputRecord, sameRecord, writeRecord } from './output-record.ts';

/**
 * Everything known of one outpoint, at one place in memory: who found it need not look for it again. Good as long as the
 * table is not trimmed; changed through {@link OutputTable.change} only.
 */
export interface OutputSlot {
  readonly key: string;
  /** With all changes. */
  record: OutputRecord;
  /** What the database says after the commit that was sent last: the same object as {@link record} unless a change waits. */
  row: OutputRecord;
  /** It is among the changed ones. */
  listed: boolean;
  /** It is on its way to the disk. */
  sent: boolean;
}

/** Outputs that are kept in memory unless configured otherwise; about 300 bytes each. */
const DEFAULT_CACHE_SIZE = 50_000;

/**
 * The table `outputs` behind a bounded write-back cache: changes are visible at once and reach the database with the
 * next commit.
 *
 * The cache has two generations. What is used is in the young one; when that has grown to half of the size, the old one is
 * forgotten. That is nearly as good as forgetting what was used least recently, and costs a fraction.
 */
export class OutputTable {
  readonly #table: Table;
  readonly #generationSize: number;
  #young = new Map<string, OutputSlot>();
  #old = new Map<string, OutputSlot>();
  /** Slots that the young generation began with, since they wait for a commit: were they to count, many would be carried often. */
  #carried = 0;
  #changed: OutputSlot[] = [];
  #sent: readonly OutputSlot[] = [];
  #rows: number;

  /** @param cacheSize records kept in memory besides those that wait for a commit. */
  constructor(table: Table, cacheSize: number = DEFAULT_CACHE_SIZE) {
    this.#table = table;
    this.#generationSize = Math.max(1, cacheSize >>> 1);
    this.#rows = table.count();
  }

  /** Changes that wait for the next commit. */
  get pending(): number {
    return this.#changed.length;
  }

  get(key: string): OutputRecord {
    return this.find(key).record;
  }

  set(key: string, record: OutputRecord): void {
    this.change(this.find(key), record);
  }

  find(key: string): OutputSlot {
    const known = this.#young.get(key);
    if (known) return known;
    const slot = this.#old.get(key) ?? this.#load(key);
    this.#young.set(key, slot);
    return slot;
  }

  change(slot: OutputSlot, record: OutputRecord): void {
    slot.record = record;
    if (slot.listed) return;
    slot.listed = true;
    this.#changed.push(slot);
  }

  /** Forgets a change that was taken back: a reorder undoes and redoes much that ends as it was. */
  tidy(slot: OutputSlot): void {
    if (slot.record !== slot.row && sameRecord(slot.record, slot.row)) slot.record = slot.row;
  }

  /** Keeps the cache within its bounds. Slots that were found before must be found anew. */
  trim(): void {
    if (this.#young.size < this.#carried + this.#generationSize) return;
    const forgotten = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    for (const [key, slot] of forgotten) if (slot.listed || slot.sent) this.#young.set(key, slot);
    this.#carried = this.#young.size;
  }

  /** Writes all changes. */
  write(transaction: WriteTransaction): void {
    const writer = new ByteWriter(256);
    const keyBytes = Buffer.alloc(36);
    for (const { key, record, row } of this.#changed) {
      if (record === row) continue;
      keyBytes.write(key, 'latin1');
      writer.clear();
      if (writeRecord(writer, record)) transaction.put(this.#table, keyBytes, writer.finish());
      else if (hasContent(row)) transaction.remove(this.#table, keyBytes);
    }
  }

  /** Number of rows with all changes written. Costs the number of changes. */
  countRows(): number {
    let rows = this.#rows;
    for (const { record, row } of this.#changed) {
      if (record !== row) rows += Number(hasContent(record)) - Number(hasContent(row));
    }
    return rows;
  }

  /** The changes are on their way to the disk. */
  sent(): void {
    this.#rows = this.countRows();
    for (const slot of this.#changed) {
      slot.row = slot.record;
      slot.listed = false;
      slot.sent = true;
    }
    this.#sent = this.#changed;
    this.#changed = [];
  }

  /** What was sent is on disk. */
  committed(): void {
    for (const slot of this.#sent) slot.sent = false;
    this.#sent = [];
  }

  #load(key: string): OutputSlot {
    const bytes = this.#table.get(Buffer.from(key, 'latin1'));
    const row = bytes ? this.#decode(bytes) : ABSENT;
    return { key, record: row, row, listed: false, sent: false };
  }

  #decode(bytes: Uint8Array): OutputRecord {
    try {
      return decodeRecord(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw damagedData('a row of table "outputs" does not decode', { cause: error });
    }
  }
}
