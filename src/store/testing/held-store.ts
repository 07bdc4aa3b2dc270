import { StoreError } from '../errors.ts';
import type { AsideWrites, KeyValueStore, Table, WriteTransaction } from '../key-value.ts';
import { MemoryStore } from '../memory.ts';
import type { TableName } from '../tables.ts';
import { carryOut, WriteLoad } from '../write-load.ts';

interface Held {
  readonly load: ArrayBuffer;
  readonly done: (failure: StoreError | undefined) => void;
}

/** A store in memory whose writes aside are carried out when the test says so, or when somebody waits for them. */
export class HeldStore implements KeyValueStore {
  readonly disk: MemoryStore;
  readonly aside: AsideWrites;
  /** The next writes aside fail. */
  broken = false;
  #held: Held | undefined;

  /** @param disk what is there; also what is left when the process ends. */
  constructor(disk: MemoryStore = new MemoryStore()) {
    this.disk = disk;
    this.aside = {
      begin: (work, done) => {
        if (this.#held) throw new StoreError('io', 'a transaction is being carried out already');
        const load = new WriteLoad();
        work(load);
        this.#held = { load: load.finish(), done };
      },
      finish: () => this.land(),
    };
  }

  /** True while a transaction is being carried out aside. */
  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** The other thread is done. */
  land(): void {
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    if (this.broken) held.done(new StoreError('full', 'no space left'));
    else {
      this.disk.transaction((transaction) => carryOut(held.load, this.disk, transaction));
      held.done(undefined);
    }
  }

  table(name: TableName): Table {
    return this.disk.table(name);
  }

  transaction<T>(work: (transaction: WriteTransaction) => T): T {
    this.land();
    return this.disk.transaction(work);
  }

  close(): Promise<void> {
    this.land();
    return this.disk.close();
  }
}
