import type { StoreError } from './errors.ts';
import type { TableName } from './tables.ts';

/**
 * The port behind which the database stands: one environment with named tables of byte keys and byte values. Reads are
 * synchronous; a node reads and writes in large steps and gains nothing from handing single items between threads.
 * Two implementations, LMDB and memory, pass one and the same test suite.
 */
export interface KeyValueStore {
  /** Present if another thread can write. */
  readonly aside?: AsideWrites | undefined;
  /** The table of that name. All tables of `TABLES` exist from the start. */
  table(name: TableName): Table;
  /**
   * Runs `work` as one atomic transaction: all its writes are on disk when this returns, or none of them if `work` or
   * the commit throws. Reads inside see the transaction's own writes. Must not be nested.
   * @throws {StoreError} if the disk is full, read-only or damaged; whatever `work` throws is passed on.
   */
  transaction<T>(work: (transaction: WriteTransaction) => T): T;
  /** Closes cooperatively. Idempotent; every later use throws a {@link StoreError} of kind `closed`. */
  close(): Promise<void>;
}

/** Whole transactions that another thread carries out, one at a time. */
export interface AsideWrites {
  /**
   * Collects the writes of `work`, which runs before this returns, and has them carried out as one atomic transaction. Until
   * it is done reads find the rows as before or as after it, and no other may begin.
   * @param done called once: when all is on disk, or with the reason why nothing is. Either in a turn of the event loop of its own,
   *   or from within {@link finish} or `KeyValueStore.transaction`.
   */
  begin(work: (transaction: WriteTransaction) => void, done: (failure: StoreError | undefined) => void): void;
  /** Waits for the transaction that was begun, if there is one. */
  finish(): void;
}

/** Rows in ascending byte order of their keys. Keys are 1 to 511 bytes long. Returned bytes belong to the caller. */
export interface Table {
  readonly name: TableName;
  /** @throws {StoreError} of kind `corrupt` if the value is damaged. */
  get(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  /** Rows of a range of keys. Writing to the table while iterating is not allowed. */
  range(options?: RangeOptions): Iterable<Row>;
  /** Number of rows. Constant time. */
  count(): number;
}

/** Which keys to visit. */
export interface RangeOptions {
  /** First key of the range, inclusive; default: the very first. */
  readonly start?: Uint8Array;
  /** End of the range, exclusive; default: behind the very last. */
  readonly end?: Uint8Array;
  /** From the end of the range to its start. */
  readonly reverse?: boolean;
  /** At most this many rows. */
  readonly limit?: number;
}

export interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Writes of one transaction. The bytes handed over are copied. */
export interface WriteTransaction {
  put(table: Table, key: Uint8Array, value: Uint8Array): void;
  /** Removing what is not there is no error. */
  remove(table: Table, key: Uint8Array): void;
  /**
   * Makes the transaction fail with a {@link StoreError} of kind `foreign` unless a row has this value (undefined: unless it
   * is absent).
   */
  expect(table: Table, key: Uint8Array, value: Uint8Array | undefined): void;
}
