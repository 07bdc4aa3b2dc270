import { DATA_FILE, verifyDataFile } from './data-file.ts';
import { StoreError, StoreLockedError } from './errors.ts';
import type { StoreHost } from './host.ts';
import type { AsideWrites, KeyValueStore, Table, WriteTransaction } from './key-value.ts';
import { LmdbEnvironment, translated } from './lmdb-environment.ts';
import type { TableName } from './tables.ts';
import { WriteLoad } from './write-load.ts';
import type { StoreWriter, StoreWriterFactory, WriteFailure } from './writer.ts';

/** How an LMDB store is opened. */
export interface LmdbOptions {
  readonly host: StoreHost;
  /**
   * False: commits are not forced to the disk. A crash of the machine can then destroy the file (a crash of the process
   * cannot); only for data that may be lost, such as benchmarks.
   */
  readonly synced?: boolean;
  /** Starts the thread that writes aside; it is started when first needed. Absent: nothing is written aside. */
  readonly writer?: StoreWriterFactory;
}

/** What the processes that have the data file open share. */
const LOCK_FILE = 'lock.mdb';

/** Folders open in this process: LMDB must not be opened twice by one process, and process ids cannot tell. */
const openFolders = new Set<string>();

/**
 * Opens, or creates, the database in the folder `path`. The map grows by itself. Every value carries a CRC-32 of key
 * and
 * value, so that damaged bytes are noticed when they are read and not believed.
 * @throws {StoreLockedError} if another running process holds the folder.
 * @throws {StoreError} `readOnly`, `full`, `corrupt` or `io`, with a line that tells what to do.
 */
export function openLmdbStore(path: string, options: LmdbOptions): KeyValueStore {
  if (openFolders.has(path)) throw new StoreLockedError(path, 'this process');
  const open = (name: string) => translated(path, () => options.host.openFile(`${path}/${name}`));
  const file = open(DATA_FILE);
  // LMDB takes the process down if it may write the data but not this.
  open(LOCK_FILE)?.close();
  try {
    verifyDataFile(path, file);
  } finally {
    file?.close();
  }
  const store = translated(path, () => new LmdbStore(path, options));
  openFolders.add(path);
  return store;
}

class LmdbStore implements KeyValueStore {
  readonly aside: AsideWrites | undefined;
  readonly #path: string;
  readonly #options: LmdbOptions;
  readonly #environment: LmdbEnvironment;
  #writer: StoreWriter | undefined;
  /** Of the transaction that is being carried out aside. */
  #done: ((failure: StoreError | undefined) => void) | undefined;
  #open = true;

  constructor(path: string, options: LmdbOptions) {
    this.#path = path;
    this.#options = options;
    this.#environment = new LmdbEnvironment(path, options.synced !== false);
    try {
      this.#takeHold(options.host);
    } catch (error) {
      void this.#environment.close();
      throw error;
    }
    const { writer } = options;
    this.aside = writer && { begin: (work, done) => this.#begin(writer, work, done), finish: () => this.#finish() };
  }

  #takeHold(host: StoreHost): void {
    this.#environment.exchangeHolder((holder) => {
      if (holder !== undefined && holder !== host.processId && host.isRunning(holder)) {
        // Behind the process id stands what tells it from others that had it.
        throw new StoreLockedError(this.#path, `process ${holder.replace(/ .*$/u, '')}`);
      }
      return host.processId;
    });
  }

  table(name: TableName): Table {
    this.#assertOpen();
    return this.#environment.table(name);
  }

  transaction<T>(work: (transaction: WriteTransaction) => T): T {
    this.#assertOpen();
    this.#finish();
    return this.#environment.transaction(work);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#finish();
    this.#open = false;
    this.#environment.closeTables();
    try {
      await this.#writer?.close();
      this.#environment.exchangeHolder(() => undefined);
    } finally {
      await this.#environment.close();
      openFolders.delete(this.#path);
    }
  }

  #begin(
    start: StoreWriterFactory,
    work: (transaction: WriteTransaction) => void,
    done: (failure: StoreError | undefined) => void,
  ): void {
    this.#assertOpen();
    if (this.#done) throw new StoreError('io', 'a transaction is being carried out already');
    const load = new WriteLoad();
    work(load);
    this.#writer ??= start({ path: this.#path, synced: this.#options.synced !== false });
    this.#done = done;
    this.#writer.write(load.finish(), (failure) => this.#landed(failure));
  }

  #finish(): void {
    if (this.#done) this.#writer?.finish();
  }

  #landed(failure: WriteFailure | undefined): void {
    const done = this.#done;
    this.#done = undefined;
    this.#environment.refresh();
    done?.(failure && new StoreError(failure.kind, failure.message));
  }

  #assertOpen(): void {
    if (!this.#open) throw new StoreError('closed', 'the store is closed');
  }
}
