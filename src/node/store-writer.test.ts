import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KeyValueStore, numberKey, openLmdbStore, type StoreError } from '../store/index.ts';
import { systemStoreHost } from './store-host.ts';
import { startStoreWriter } from './store-writer.ts';

let folder: string;
let store: KeyValueStore;
const open = (): KeyValueStore =>
  openLmdbStore(folder, { host: systemStoreHost, synced: false, writer: startStoreWriter });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'soterd-writer.'));
  store = open();
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Has rows written aside. @returns how often it was told of, and how it ended. */
function write(first: number, count: number, size = 100): { told: number; failure?: StoreError | undefined } {
  const outcome: { told: number; failure?: StoreError | undefined } = { told: 0 };
  const table = store.table('blocks');
  store.aside!.begin(
    (transaction) => {
      for (let i = first; i < first + count; i++) transaction.put(table, numberKey(i), Buffer.alloc(size, i));
    },
    (failure) => {
      outcome.told++;
      outcome.failure = failure;
    },
  );
  return outcome;
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('a commit aside is told of in a later turn, and is seen then', async () => {
  const outcome = write(0, 1000);
  expect(outcome.told).toBe(0);
  await until(() => outcome.told > 0);
  expect(outcome).toEqual({ told: 1, failure: undefined });
  expect(store.table('blocks').count()).toBe(1000);
  expect(Buffer.compare(store.table('blocks').get(numberKey(7))!, Buffer.alloc(100, 7))).toBe(0);
  store.aside!.finish();
  expect(outcome.told).toBe(1);
});

test('who waits hears of it before the wait ends: for the commit, for a transaction, for the close', async () => {
  const one = write(0, 1000);
  store.aside!.finish();
  expect(one.told).toBe(1);
  const two = write(1000, 1000);
  store.transaction((transaction) => transaction.remove(store.table('blocks'), numberKey(1500)));
  expect(two.told).toBe(1);
  expect(store.table('blocks').count()).toBe(1999);
  const three = write(2000, 1000);
  expect(() => write(3000, 1)).toThrow(/already/u);
  await store.close();
  expect(three.told).toBe(1);
  store = open();
  expect(store.table('blocks').count()).toBe(2999);
});

test('reads, transactions and commits aside take turns while the file grows', async () => {
  const table = store.table('blocks');
  for (let round = 0; round < 20; round++) {
    const outcome = write(1000 * round, 1000, 2000);
    for (let i = 0; i < 1000 * round; i += 37) expect(table.get(numberKey(i))?.[1999]).toBe(i & 255);
    if (round % 3 === 0)
      store.transaction((transaction) => transaction.put(table, numberKey(1e6 + round), numberKey(1)));
    else await until(() => outcome.told > 0);
    expect(outcome).toEqual({ told: 1, failure: undefined });
  }
  expect(table.count()).toBe(20_007);
});

test('what fails is told with its kind, changes nothing, and the next commit works', async () => {
  const table = store.table('blocks');
  const failures: (StoreError | undefined)[] = [];
  store.aside!.begin(
    (transaction) => {
      transaction.put(table, numberKey(1), numberKey(1));
      transaction.expect(table, numberKey(2), numberKey(2));
    },
    (failure) => failures.push(failure),
  );
  await until(() => failures.length > 0);
  expect(failures[0]).toMatchObject({ name: 'StoreError', kind: 'foreign' });
  expect(table.count()).toBe(0);
  const outcome = write(0, 5);
  store.aside!.finish();
  expect(outcome).toEqual({ told: 1, failure: undefined });
  expect(table.count()).toBe(5);
});
