import type {
  AsideWrites,
  KeyValueStore,
  RangeOptions,
  Row,
  Table,
  TableName,
  WriteTransaction,
} from '../../src/store/index.ts';

/**
 * Steps at which a process can be killed: `read`, before a read; `begin`, before a transaction; `write`, after one of its
 * writes; `written`, after the last one and before the commit; `committed`, after the commit and before anybody is told.
 */
export const STORE_STEPS = ['read', 'begin', 'write', 'written', 'committed'] as const;
export type StoreStep = (typeof STORE_STEPS)[number];

/** A store that calls out at every step, and else does what the store inside does. */
export class SteppedStore implements KeyValueStore {
  readonly aside: AsideWrites | undefined;
  readonly #inner: KeyValueStore;
  readonly #onStep: (step: StoreStep) => void;

  constructor(inner: KeyValueStore, onStep: (step: StoreStep) => void) {
    this.#inner = inner;
    this.#onStep = onStep;
    const { aside } = inner;
    this.aside = aside && {
      begin: (work, done) => {
        onStep('begin');
        aside.begin(
          (transaction) => this.#carryOut(work, transaction),
          (failure) => {
            if (!failure) onStep('committed');
            done(failure);
          },
        );
      },
      finish: () => aside.finish(),
    };
  }

  table(name: TableName): Table {
    return new SteppedTable(this.#inner.table(name), this.#onStep);
  }

  transaction<T>(work: (transaction: WriteTransaction) => T): T {
    this.#onStep('begin');
    const result = this.#inner.transaction((transaction) => this.#carryOut(work, transaction));
    this.#onStep('committed');
    return result;
  }

  #carryOut<T>(work: (transaction: WriteTransaction) => T, transaction: WriteTransaction): T {
    const result = work({
      put: (table, key, value) => {
        transaction.put(table, key, value);
        this.#onStep('write');
      },
      remove: (table, key) => {
        transaction.remove(table, key);
        this.#onStep('write');
      },
      expect: (table, key, value) => {
        this.#onStep('read');
        transaction.expect(table, key, value);
      },
    });
    this.#onStep('written');
    return result;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

class SteppedTable implements Table {
  readonly #inner: Table;
  readonly #onStep: (step: StoreStep) => void;

  constructor(inner: Table, onStep: (step: StoreStep) => void) {
    this.#inner = inner;
    this.#onStep = onStep;
  }

  get name(): TableName {
    return this.#inner.name;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#onStep('read');
    return this.#inner.get(key);
  }

  has(key: Uint8Array): boolean {
    this.#onStep('read');
    return this.#inner.has(key);
  }

  count(): number {
    this.#onStep('read');
    return this.#inner.count();
  }

  *range(options?: RangeOptions): Iterable<Row> {
    for (const row of this.#inner.range(options)) {
      this.#onStep('read');
      yield row;
    }
  }
}
