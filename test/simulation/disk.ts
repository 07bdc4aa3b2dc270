import type { PeersFile } from '../../src/addrmgr/index.ts';
import type { StateFile } from '../../src/server/index.ts';
import {
  type KeyValueStore,
  MemoryStore,
  StoreError,
  type Table,
  type TableName,
  type WriteTransaction,
} from '../../src/store/index.ts';

/** Commits that a careless disk may still hold in its own memory when the power fails. */
const UNSYNCED = 32;

/** One row before a commit changed it. */
interface Before {
  readonly table: TableName;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** A store in memory whose latest commits can be taken back. */
class JournalledStore implements KeyValueStore {
  readonly #store: MemoryStore;
  readonly #journal: Before[][] = [];
  readonly #committed: (rows: number) => void;
  /** Set: every commit fails from now on. */
  broken = false;

  /** @param committed told of every commit, for what it costs. */
  constructor(store: MemoryStore, committed: (rows: number) => void) {
    this.#store = store;
    this.#committed = committed;
  }

  table(name: TableName): Table {
    return this.#store.table(name);
  }

  transaction<T>(work: (transaction: WriteTransaction) => T): T {
    if (this.broken) throw new StoreError('full', 'no space left on the simulated disk');
    const before: Before[] = [];
    const remember = (table: Table, key: Uint8Array) =>
      before.push({ table: table.name, key: Uint8Array.from(key), value: table.get(key) });
    const result = this.#store.transaction((transaction) =>
      work({
        put: (table, key, value) => {
          remember(table, key);
          transaction.put(table, key, value);
        },
        remove: (table, key) => {
          remember(table, key);
          transaction.remove(table, key);
        },
        expect: (table, key, value) => transaction.expect(table, key, value),
      }),
    );
    if (this.#journal.push(before) > UNSYNCED) this.#journal.shift();
    this.#committed(before.length);
    return result;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** What a restarted program finds. @param lost so many of the latest commits never reached the disk. */
  survivor(lost: number): MemoryStore {
    const store = this.#store.reopen();
    for (const commit of this.#journal.splice(this.#journal.length - Math.min(lost, this.#journal.length)).reverse()) {
      store.transaction((transaction) => {
        for (const { table, key, value } of commit.reverse()) {
          if (value) transaction.put(store.table(table), key, value);
          else transaction.remove(store.table(table), key);
        }
      });
    }
    return store;
  }
}

/** A small file: replaced in one step, survives everything. */
class VirtualFile implements StateFile, PeersFile {
  #content: string | undefined;

  load(): Promise<string | undefined> {
    return Promise.resolve(this.#content);
  }

  save(text: string): Promise<void> {
    this.#content = text;
    return Promise.resolve();
  }

  setAside(): Promise<void> {
    this.#content = undefined;
    return Promise.resolve();
  }
}

/** The disk of a simulated machine. What is on it survives the programs that run there. */
export class Disk {
  peersFile = new VirtualFile();
  bansFile = new VirtualFile();
  anchorsFile = new VirtualFile();
  #content: MemoryStore;
  #open: JournalledStore | undefined;
  #broken = false;
  #wiped = false;

  /** @param content what is on the disk to begin with. */
  constructor(content = new MemoryStore()) {
    this.#content = content.reopen();
  }

  /** True while every commit fails. */
  get broken(): boolean {
    return this.#broken;
  }

  /** True if everything on the disk is new since the last program ended. */
  get wiped(): boolean {
    return this.#wiped;
  }

  /** The database, opened by a program that starts. @param committed told of the rows of every commit. */
  open(committed: (rows: number) => void): KeyValueStore {
    this.#broken = false;
    this.#open = new JournalledStore(this.#content, committed);
    return this.#open;
  }

  /** From now on every commit fails, until the database is opened anew. */
  break(): void {
    if (!this.#open) return;
    this.#broken = true;
    this.#open.broken = true;
  }

  /** The program that had the database open has ended. @param lost commits that never reached the disk. */
  ended(lost = 0): void {
    if (this.#open) this.#content = this.#open.survivor(lost);
    this.#open = undefined;
    this.#wiped = false;
  }

  /** The disk is replaced by an empty one. */
  wipe(): void {
    this.#content = new MemoryStore();
    this.#open = undefined;
    this.#wiped = true;
    this.peersFile = new VirtualFile();
    this.bansFile = new VirtualFile();
    this.anchorsFile = new VirtualFile();
  }
}
