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

/** Memory for outputs unless configured otherwise, bytes: about 50,000 with usual scripts. */
const DEFAULT_CACHE_BYTES = 24 * 1024 * 1024;

/** What a slot takes with its key, record and output, besides the scripts; measured, bytes. */
const SLOT_BYTES = 480;

/**
 * The table `outputs` behind a bounded write-back cache: changes are visible at once and reach the database with the
 * next commit.
 *
 * The cache has two generations. What is used is in the young one; when that has grown to half of the size, the old one is
 * forgotten. That is nearly as good as forgetting what was used least recently, and costs a fraction. One block or
 * reorder may touch many times what a generation holds; then both are forgotten.
 */
export class OutputTable {
  readonly #table: Table;
  readonly #generationBytes: number;
  #young = new Map<string, OutputSlot>();
  #old = new Map<string, OutputSlot>();
  /** Memory of the generations, as estimated. */
  #youngBytes = 0;
  #oldBytes = 0;
  /** What of it waited for a commit when the generation began: were that to count, many would be carried often. */
  #carriedBytes = 0;
  #changed: OutputSlot[] = [];
  #sent: readonly OutputSlot[] = [];
  #rows: number;

  /** @param cacheBytes memory for outputs besides those that wait for a commit. */
  constructor(table: Table, cacheBytes: number = DEFAULT_CACHE_BYTES) {
    this.#table = table;
    this.#generationBytes = Math.max(1, cacheBytes / 2);
    this.#rows = table.count();
  }

  /** Memory of the cache and of what waits for commits, bytes; estimated, some outputs count twice. */
  get memory(): number {
    return this.#oldBytes + this.#youngBytes;
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
    this.#youngBytes += memoryOf(slot);
    return slot;
  }

  change(slot: OutputSlot, record: OutputRecord): void {
    this.#youngBytes += scriptBytes(record) - scriptBytes(slot.record);
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
    const grown = this.#youngBytes - this.#carriedBytes;
    if (grown < this.#generationBytes) return;
    const isOverfull = grown >= 2 * this.#generationBytes;
    const forgotten = isOverfull ? [this.#old, this.#young] : [this.#old];
    this.#old = isOverfull ? new Map() : this.#young;
    this.#oldBytes = isOverfull ? 0 : this.#youngBytes;
    this.#young = new Map();
    this.#youngBytes = 0;
    for (const generation of forgotten) {
      for (const [key, slot] of generation) {
        if (!slot.listed && !slot.sent) continue;
        this.#young.set(key, slot);
        this.#youngBytes += memoryOf(slot);
      }
    }
    this.#carriedBytes = this.#youngBytes;
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
    // Many more waited than a generation holds, and need not be kept any longer.
    if (this.#carriedBytes > this.#generationBytes) this.#carriedBytes = 0;
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

function memoryOf({ record }: OutputSlot): number {
  return SLOT_BYTES + scriptBytes(record);
}

/** A spent output of the replay and the one of the stored set are mostly one object. */
function scriptBytes({ entry, stored }: OutputRecord): number {
  return (entry?.pkScript.length ?? 0) + (stored && stored !== entry ? stored.pkScript.length : 0);
}
