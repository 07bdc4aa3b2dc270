import { crc32 } from 'node:zlib';
import { type Database, open as openEnvironment, type RootDatabase } from 'lmdb';
import { equalBytes } from '../util/bytes.ts';
import { damagedMessage, foreignData, StoreError } from './errors.ts';
import type { RangeOptions, Row, Table, WriteTransaction } from './key-value.ts';
import { TABLES, type TableName } from './tables.ts';

type BinaryDatabase = Database<Uint8Array, Uint8Array>;

/** Bytes of the checksum behind every value. */
const CHECKSUM_SIZE = 4;
const HOLDER_KEY = Buffer.from('holder');

/**
 * An LMDB environment with its tables, as one thread has it open. Several threads of a process may have the same one open: the
 * library sees to it that it is opened once.
 */
export class LmdbEnvironment {
  readonly #path: string;
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #holders: BinaryDatabase;
  readonly #tables: Map<TableName, LmdbTable>;
  #inTransaction = false;

  /** @param synced false: commits are not forced to the disk. */
  constructor(path: string, synced: boolean) {
    this.#path = path;
    this.#root = openEnvironment<Uint8Array, Uint8Array>(path, {
      noSubdir: false,
      maxDbs: TABLES.length + 4,
      encoding: 'binary',
      keyEncoding: 'binary',
      // A transaction is on disk when it returns; overlapped flushing would only promise that for later.
      overlappingSync: false,
      noSync: !synced,
    });
    try {
      const database = (name: string): BinaryDatabase =>
        this.#root.openDB<Uint8Array, Uint8Array>(name, { encoding: 'binary', keyEncoding: 'binary' });
      this.#holders = database('holder');
      this.#tables = new Map(TABLES.map((name) => [name, new LmdbTable(path, name, database(name))]));
    } catch (error) {
      void this.#root.close();
      throw error;
    }
  }

  table(name: TableName): Table {
    return this.#tables.get(name)!;
  }

  transaction<T>(work: (transaction: WriteTransaction) => T): T {
    if (this.#inTransaction) throw new StoreError('io', 'a store transaction must not be nested');
    this.#inTransaction = true;
    try {
      return translated(this.#path, () =>
        this.#root.transactionSync(() =>
          work({
            put: (table, key, value) => this.#tables.get(table.name)!.put(key, value),
            remove: (table, key) => this.#tables.get(table.name)!.remove(key),
            expect: (table, key, value) => this.#tables.get(table.name)!.expect(key, value),
          }),
        ),
      );
    } finally {
      this.#inTransaction = false;
    }
  }

  /**
   * Exchanges the line that says who holds the database.
   * @param next the holder from now on, given the one so far; undefined: nobody. What it throws is passed on.
   */
  exchangeHolder(next: (holder: string | undefined) => string | undefined): void {
    // Writers exclude each other, also between processes: inside a write transaction it is safe to look and to take.
    translated(this.#path, () =>
      this.#root.transactionSync(() => {
        const holder = this.#holders.get(HOLDER_KEY);
        const id = next(holder && Buffer.from(holder).toString('utf8'));
        if (id === undefined) this.#holders.removeSync(HOLDER_KEY);
        else this.#holders.putSync(HOLDER_KEY, Buffer.from(id, 'utf8'));
      }),
    );
  }

  /** What another thread has committed is seen from now on. */
  refresh(): void {
    this.#root.resetReadTxn();
  }

  /** Tables throw from now on. */
  closeTables(): void {
    for (const table of this.#tables.values()) table.closed = true;
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/** One named database. Values on disk: the value, then CRC-32 of key and value, little endian. */
class LmdbTable implements Table {
  readonly name: TableName;
  readonly #path: string;
  readonly #database: BinaryDatabase;
  closed = false;
  /** Values are assembled here before LMDB copies them. */
  #scratch = Buffer.alloc(4096);

  constructor(path: string, name: TableName, database: BinaryDatabase) {
    this.#path = path;
    this.name = name;
    this.#database = database;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#assertOpen();
    const raw = translated(this.#path, () => this.#database.getBinary(key));
    return raw && this.#verified(key, raw);
  }

  has(key: Uint8Array): boolean {
    this.#assertOpen();
    return translated(this.#path, () => this.#database.doesExist(key));
  }

  count(): number {
    this.#assertOpen();
    const stats: { entryCount?: number } = translated(this.#path, () => this.#database.getStats());
    return stats.entryCount ?? 0;
  }

  *range({ start, end, reverse, limit }: RangeOptions = {}): Iterable<Row> {
    this.#assertOpen();
    const rows = translated(this.#path, () =>
      this.#database
        .getRange(
          reverse
            ? { start: end, exclusiveStart: true, end: start, inclusiveEnd: true, reverse, limit }
            : { start, end, limit },
        )
        [Symbol.iterator](),
    );
    try {
      for (;;) {
        const next = translated(this.#path, () => rows.next());
        if (next.done) return;
        const { key, value } = next.value;
        yield { key, value: this.#verified(key, value) };
      }
    } finally {
      rows.return?.();
    }
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const size = value.length + CHECKSUM_SIZE;
    if (this.#scratch.length < size) this.#scratch = Buffer.alloc(2 * size);
    this.#scratch.set(value);
    this.#scratch.writeUInt32LE(crc32(value, crc32(key)), value.length);
    this.#database.putSync(key, this.#scratch.subarray(0, size));
  }

  remove(key: Uint8Array): void {
    this.#database.removeSync(key);
  }

  expect(key: Uint8Array, value: Uint8Array | undefined): void {
    const found = this.get(key);
    if (found && value ? !equalBytes(found, value) : found !== value) throw foreignData();
  }

  #verified(key: Uint8Array, raw: Uint8Array): Uint8Array {
    const length = raw.length - CHECKSUM_SIZE;
    const value = raw.subarray(0, Math.max(0, length));
    const sum = new DataView(raw.buffer, raw.byteOffset, raw.length);
    if (length < 0 || sum.getUint32(length, true) !== crc32(value, crc32(key))) {
      throw new StoreError('corrupt', damagedMessage(this.#path, `a row of table "${this.name}" is damaged`));
    }
    return value;
  }

  #assertOpen(): void {
    if (this.closed) throw new StoreError('closed', 'the store is closed');
  }
}

/** Runs `body` and turns what LMDB throws into a {@link StoreError}; other errors pass. */
export function translated<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof StoreError) throw error;
    // What follows is about buffers of LMDB and of no use to an operator.
    const text = error.message.replace(/: Attempting to write .*$/su, '');
    if (/No space left|MDB_MAP_FULL|quota exceeded|not enough space|File too large/iu.test(text)) {
      throw new StoreError('full', `no space left for the database in ${path}: ${text}`, { cause: error });
    }
    // LMDB reports a write that the disk took only in part as an input/output error.
    if (/Input\/output error/iu.test(text)) {
      const message = `the database in ${path} could not be written: ${text}; the disk is full or failing`;
      throw new StoreError('full', message, { cause: error });
    }
    if (/mkdir/u.test(text)) {
      throw new StoreError('readOnly', `the folder ${path} cannot be created: ${text}`, { cause: error });
    }
    if (/Read-only file system|Permission denied|EACCES|EROFS|EPERM/iu.test(text)) {
      throw new StoreError('readOnly', `the database in ${path} cannot be written: ${text}`, { cause: error });
    }
    if (/MDB_CORRUPTED|MDB_INVALID|MDB_PAGE_NOTFOUND|MDB_VERSION_MISMATCH|MDB_PANIC|not an LMDB file/iu.test(text)) {
      throw new StoreError('corrupt', damagedMessage(path, text), { cause: error });
    }
    if (/MDB_|\blmdb\b/iu.test(text) || 'code' in error) {
      throw new StoreError('io', `the database in ${path} failed: ${text}`, { cause: error });
    }
    throw error;
  }
}
