import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { systemStoreHost } from '../node/store-host.ts';
import {
  type KeyValueStore,
  MemoryStore,
  openLmdbStore,
  prepareSchema,
  StoreError,
  type StoreHost,
  StoreLockedError,
} from './index.ts';
import { MetaKey, numberKey } from './tables.ts';

const running = new Set<string>();
const host = (processId: string): StoreHost => ({
  ...systemStoreHost,
  processId,
  isRunning: (id) => running.has(id),
});

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'soterd-store.'));
  folders.push(folder);
  return folder;
};
const open: KeyValueStore[] = [];
const lmdb = (folder: string, id = 'a'): KeyValueStore => {
  const store = openLmdbStore(folder, { host: host(id), synced: false });
  open.push(store);
  return store;
};
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const rowsOf = (store: KeyValueStore, options = {}): number[][] =>
  [...store.table('blocks').range(options)].map(({ key, value }) => [...key, ...value]);

const kinds = {
  memory: () => {
    let store = new MemoryStore();
    return {
      store: store as KeyValueStore,
      async reopen(): Promise<KeyValueStore> {
        await store.close();
        store = store.reopen();
        return store;
      },
    };
  },
  lmdb: () => {
    const folder = newFolder();
    const store = lmdb(folder);
    return {
      store,
      async reopen(): Promise<KeyValueStore> {
        await store.close();
        return lmdb(folder);
      },
    };
  },
};

describe.each(Object.entries(kinds))('key-value store: %s', (_name, create) => {
  test('keeps rows, replaces and removes them', async () => {
    const { store, reopen } = create();
    const blocks = store.table('blocks');
    store.transaction((transaction) => {
      transaction.put(blocks, bytes(1), bytes(10, 11));
      transaction.put(blocks, bytes(2), bytes());
      transaction.put(blocks, bytes(3), bytes(30));
    });
    store.transaction((transaction) => {
      transaction.put(blocks, bytes(1), bytes(12));
      transaction.remove(blocks, bytes(3));
      transaction.remove(blocks, bytes(9));
    });
    const after = (await reopen()).table('blocks');
    expect([...after.get(bytes(1))!]).toEqual([12]);
    expect([...after.get(bytes(2))!]).toEqual([]);
    expect(after.get(bytes(3))).toBeUndefined();
    expect([after.has(bytes(2)), after.has(bytes(3)), after.count()]).toEqual([true, false, 2]);
  });

  test('a transaction sees its own writes, and none of them remains if it throws', async () => {
    const { store, reopen } = create();
    const blocks = store.table('blocks');
    store.transaction((transaction) => transaction.put(blocks, bytes(1), bytes(1)));
    expect(() =>
      store.transaction((transaction) => {
        transaction.put(blocks, bytes(1), bytes(2));
        transaction.put(blocks, bytes(5), bytes(5));
        transaction.put(store.table('index'), bytes(5), bytes(5));
        transaction.remove(blocks, bytes(1));
        expect(blocks.get(bytes(1))).toBeUndefined();
        expect(blocks.has(bytes(5))).toBe(true);
        throw new RangeError('enough');
      }),
    ).toThrow(RangeError);
    expect([...blocks.get(bytes(1))!]).toEqual([1]);
    const after = await reopen();
    expect([after.table('blocks').count(), after.table('index').count()]).toEqual([1, 0]);
    expect(after.transaction(() => 7)).toBe(7);
  });

  test('a transaction fails as a whole if a row is not as expected', () => {
    const { store } = create();
    const rows = store.table('blocks');
    const change = (key: number, value: Uint8Array | undefined): void =>
      store.transaction((transaction) => {
        transaction.put(rows, bytes(9), bytes(9));
        transaction.expect(rows, bytes(key), value);
      });
    store.transaction((transaction) => transaction.put(rows, bytes(1), bytes(5)));
    for (const [key, value] of [
      [1, bytes(6)],
      [1, undefined],
      [2, bytes(5)],
    ] as const) {
      expect(() => change(key, value)).toThrow(expect.objectContaining({ kind: 'foreign' }));
      expect(rows.has(bytes(9))).toBe(false);
    }
    change(1, bytes(5));
    change(2, undefined);
    expect(rows.has(bytes(9))).toBe(true);
  });

  test('nested transactions are refused and the outer one goes on', () => {
    const { store } = create();
    const blocks = store.table('blocks');
    store.transaction((transaction) => {
      expect(() => store.transaction(() => undefined)).toThrow(StoreError);
      transaction.put(blocks, bytes(1), bytes(1));
    });
    expect(blocks.count()).toBe(1);
  });

  test('ranges go both ways, with bounds and limits', () => {
    const { store } = create();
    const blocks = store.table('blocks');
    store.transaction((transaction) => {
      for (const key of [[5], [1], [1, 0], [200], [3], [255, 255]]) transaction.put(blocks, bytes(...key), bytes(7));
    });
    const keys = (options = {}): number[][] => rowsOf(store, options).map((row) => row.slice(0, -1));
    const all = [[1], [1, 0], [3], [5], [200], [255, 255]];
    expect(keys()).toEqual(all);
    expect(keys({ reverse: true })).toEqual([...all].reverse());
    expect(keys({ start: bytes(1, 0), end: bytes(200) })).toEqual([[1, 0], [3], [5]]);
    expect(keys({ start: bytes(1, 0), end: bytes(200), reverse: true })).toEqual([[5], [3], [1, 0]]);
    expect(keys({ start: bytes(2), limit: 2 })).toEqual([[3], [5]]);
    expect(keys({ end: bytes(5), reverse: true, limit: 2 })).toEqual([[3], [1, 0]]);
    expect(keys({ start: bytes(6), end: bytes(2) })).toEqual([]);
  });

  test('bytes are copied on the way in and on the way out', () => {
    const { store } = create();
    const blocks = store.table('blocks');
    const value = bytes(1, 2, 3);
    store.transaction((transaction) => transaction.put(blocks, bytes(1), value));
    value[0] = 99;
    const first = blocks.get(bytes(1))!;
    expect([...first]).toEqual([1, 2, 3]);
    first[1] = 99;
    expect([...blocks.get(bytes(1))!]).toEqual([1, 2, 3]);
  });

  test('values of many megabytes and transactions of many rows fit', async () => {
    const { store, reopen } = create();
    const blocks = store.table('blocks');
    store.transaction((transaction) => {
      transaction.put(blocks, bytes(0), new Uint8Array(4_000_000).fill(3));
      for (let i = 0; i < 20_000; i++) transaction.put(store.table('index'), numberKey(i), new Uint8Array(300));
    });
    const after = await reopen();
    expect(after.table('blocks').get(bytes(0))).toHaveLength(4_000_000);
    expect(after.table('index').count()).toBe(20_000);
  });

  test('a closed store refuses everything, closing twice is harmless', async () => {
    const { store } = create();
    const blocks = store.table('blocks');
    await store.close();
    await store.close();
    expect(() => blocks.get(bytes(1))).toThrow('the store is closed');
    expect(() => store.transaction(() => undefined)).toThrow(StoreError);
    expect(() => store.table('blocks')).toThrow(StoreError);
  });

  test('behaves like a sorted map under random transactions', async () => {
    const step = fc.record({
      key: fc.uint8Array({ minLength: 1, maxLength: 2 }),
      value: fc.option(fc.uint8Array({ maxLength: 8 })),
    });
    const script = fc.array(fc.record({ steps: fc.array(step, { maxLength: 6 }), fails: fc.boolean() }));
    await fc.assert(
      fc.asyncProperty(script, async (transactions) => {
        const { store, reopen } = create();
        const blocks = store.table('blocks');
        let model = new Map<string, string>();
        for (const { steps, fails } of transactions) {
          const next = new Map(model);
          try {
            store.transaction((transaction) => {
              for (const { key, value } of steps) {
                const name = Buffer.from(key).toString('hex');
                if (value) transaction.put(blocks, key, value);
                else transaction.remove(blocks, key);
                if (value) next.set(name, Buffer.from(value).toString('hex'));
                else next.delete(name);
              }
              if (fails) throw new RangeError('undo');
            });
            model = next;
          } catch (error) {
            if (!(error instanceof RangeError)) throw error;
          }
        }
        const after = await reopen();
        const content = [...after.table('blocks').range()].map(({ key, value }) => [
          Buffer.from(key).toString('hex'),
          Buffer.from(value).toString('hex'),
        ]);
        expect(content).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
        await after.close();
      }),
      { numRuns: 20 },
    );
  });
});

describe('lmdb store', () => {
  test('a folder that is in use is refused; what a crashed process held is taken over', async () => {
    const folder = newFolder();
    const store = lmdb(folder, 'first');
    store.transaction((transaction) => transaction.put(store.table('blocks'), bytes(1), bytes(1)));
    expect(() => lmdb(folder, 'second')).toThrow(/in use by this process/u);
    // A copy of the files of an open store is what other processes, and later ones, find.
    const copy = newFolder();
    cpSync(folder, copy, { recursive: true });
    running.add('first');
    expect(() => lmdb(copy, 'second')).toThrow(StoreLockedError);
    expect(() => lmdb(copy, 'second')).toThrow(/is in use by process first; stop it first/u);
    running.delete('first');
    expect(lmdb(copy, 'second').table('blocks').count()).toBe(1);
    await store.close();
    running.add('first');
    expect(lmdb(folder, 'second').table('blocks').count()).toBe(1);
    running.clear();
  });

  test('a file that is no database is refused with one clear line', () => {
    for (const content of [Buffer.alloc(100), Buffer.alloc(8192), Buffer.from('no database '.repeat(1000))]) {
      const folder = newFolder();
      writeFileSync(join(folder, 'data.mdb'), content);
      expect(() => lmdb(folder)).toThrow(/is damaged \(data\.mdb is not a database file\); restore it/u);
    }
  });

  test('a file that cannot be written is refused with the reason of the system', () => {
    for (const name of ['data.mdb', 'lock.mdb']) {
      const folder = newFolder();
      mkdirSync(join(folder, name));
      expect(() => lmdb(folder)).toThrow(new RegExp(`EISDIR: .*${name}`, 'u'));
    }
    const forbidden = Object.assign(new Error("EACCES: permission denied, open 'lock.mdb'"), { code: 'EACCES' });
    const openFile = (path: string) => {
      if (path.endsWith('lock.mdb')) throw forbidden;
      return undefined;
    };
    const folder = newFolder();
    const open = () => openLmdbStore(folder, { host: { ...host('a'), openFile } });
    expect(open).toThrow(
      new StoreError(
        'readOnly',
        `the database in ${folder} cannot be written: EACCES: permission denied, open 'lock.mdb'`,
      ),
    );
  });

  test('a flipped byte in a value is noticed when it is read', async () => {
    const folder = newFolder();
    const store = lmdb(folder);
    const marker = Buffer.from('a value that is easily found in the file');
    store.transaction((transaction) => transaction.put(store.table('blocks'), bytes(1), marker));
    await store.close();
    const path = join(folder, 'data.mdb');
    const file = readFileSync(path);
    const at = file.indexOf(marker);
    expect(at).toBeGreaterThan(0);
    file[at + 3] = file[at + 3]! ^ 0x10;
    writeFileSync(path, file);
    const after = lmdb(folder).table('blocks');
    expect(() => after.get(bytes(1))).toThrow(/a row of table "blocks" is damaged/u);
    expect(() => [...after.range()]).toThrow(StoreError);
  });
});

describe('schema', () => {
  const network = new Uint8Array(32).fill(1);

  test('a new store is marked, a marked one is known again', () => {
    const store = new MemoryStore();
    expect(prepareSchema(store, network)).toBe(true);
    expect(prepareSchema(store, network)).toBe(false);
  });

  test('data of another network, of a newer program and of no program is refused', () => {
    const store = new MemoryStore();
    prepareSchema(store, network);
    expect(() => prepareSchema(store, new Uint8Array(32))).toThrow(/belongs to another network/u);
    store.transaction((transaction) => transaction.put(store.table('meta'), MetaKey.schema, bytes(9, 0, 0, 0)));
    expect(() => prepareSchema(store, network)).toThrow(/newer version \(schema 9, this program knows 1\)/u);
    const odd = new MemoryStore();
    odd.transaction((transaction) => transaction.put(odd.table('blocks'), bytes(1), bytes(1)));
    expect(() => prepareSchema(odd, network)).toThrow(/has no schema version/u);
  });

  test('migrations run in order, each in its own transaction', () => {
    const store = new MemoryStore();
    prepareSchema(store, network, [], 1);
    const done: number[] = [];
    const migration = (from: number, fails = false) => ({
      from,
      run: () => {
        if (fails) throw new RangeError('power cut');
        done.push(from);
      },
    });
    expect(() => prepareSchema(store, network, [migration(1), migration(2, true)], 3)).toThrow(RangeError);
    expect(prepareSchema(store, network, [migration(1), migration(2)], 3)).toBe(false);
    expect(done).toEqual([1, 2]);
    expect(() => prepareSchema(store, network, [], 4)).toThrow(/no way leads from schema 3 to 4/u);
  });
});
