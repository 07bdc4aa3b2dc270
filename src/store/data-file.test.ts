import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemStoreHost } from '../node/store-host.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { DATA_FILE, verifyDataFile } from './data-file.ts';
import { type KeyValueStore, openLmdbStore, StoreError } from './index.ts';
import { TABLES } from './tables.ts';

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'soterd-store.'));
  folders.push(folder);
  return folder;
};
const openFolder = (folder: string): KeyValueStore => openLmdbStore(folder, { host: systemStoreHost, synced: false });
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Random writes and removals: small and large values, short and long keys, trees of several levels, free pages. */
function scribble(store: KeyValueStore, random: SeededRandom, transactions: number): void {
  for (let i = 0; i < transactions; i++) {
    store.transaction((transaction) => {
      for (let writes = random.between(1, 60); writes > 0; writes--) {
        const table = store.table(random.pick(TABLES));
        const key = Buffer.alloc(random.pick([4, 36]));
        key.writeUInt32BE(random.below(400));
        if (random.chance(0.25)) transaction.remove(table, key);
        else transaction.put(table, key, random.bytes(random.chance(0.05) ? random.below(30_000) : random.below(300)));
      }
    });
  }
}

const verifyFolder = (folder: string): void => {
  const file = systemStoreHost.openFile(join(folder, DATA_FILE));
  verifyDataFile(folder, file);
  file?.close();
};

/** All rows as text. */
function rowsOf(store: KeyValueStore): string[] {
  return TABLES.flatMap((name) =>
    Array.from(
      store.table(name).range(),
      ({ key, value }) => `${name} ${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`,
    ),
  );
}

describe('verification of a database file', () => {
  test('sound files pass, at every point of their life', async () => {
    for (let seed = 0; seed < 3; seed++) {
      const folder = newFolder();
      const random = new SeededRandom(seed);
      expect(() => verifyFolder(folder)).not.toThrow();
      for (let round = 0; round < 6; round++) {
        const store = openFolder(folder);
        verifyFolder(folder);
        for (let step = 0; step < 8; step++) {
          scribble(store, random, random.between(1, 10));
          verifyFolder(folder);
        }
        await store.close();
        verifyFolder(folder);
      }
    }
  });

  test('a damaged file is refused, or is as good as ever', async () => {
    const folder = newFolder();
    const original = openFolder(folder);
    scribble(original, new SeededRandom('original'), 60);
    const rows = rowsOf(original);
    const keys = TABLES.map((name) => Array.from(original.table(name).range(), ({ key }) => key));
    await original.close();
    const sound = readFileSync(join(folder, DATA_FILE));
    let refused = 0;
    for (let trial = 0; trial < 80; trial++) {
      const random = new SeededRandom(`damage/${trial}`);
      const copy = newFolder();
      cpSync(folder, copy, { recursive: true });
      const bytes = Uint8Array.from(sound);
      // Mostly where the structure is: the meta pages, and the heads of pages.
      const page = random.chance(0.2) ? random.below(2) : random.below(bytes.length / 4096);
      const at = page * 4096 + (random.chance(0.7) ? random.below(160) : random.below(4096));
      bytes[at] ^= 1 << random.below(8);
      const length = random.chance(0.1) ? random.below(bytes.length) : bytes.length;
      writeFileSync(join(copy, DATA_FILE), bytes.subarray(0, length));
      let store: KeyValueStore | undefined;
      try {
        store = openFolder(copy);
        for (const [i, name] of TABLES.entries()) for (const key of keys[i]) store.table(name).get(key);
        // The newest commit may be lost if the page that names it is damaged; then all of it is.
        const found = rowsOf(store);
        if (page > 1) expect(found).toEqual(rows);
        scribble(store, random, 10);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        expect(error.message).toMatch(/^[^\n]+ is damaged \([^\n]+\); restore it from a backup/u);
        refused++;
      } finally {
        await store?.close();
      }
    }
    expect(refused).toBeGreaterThan(20);
  });

  test('a file that ends early is refused, unless only free pages are missing', async () => {
    const folder = newFolder();
    const store = openFolder(folder);
    scribble(store, new SeededRandom('cut'), 30);
    const rows = rowsOf(store);
    await store.close();
    const path = join(folder, DATA_FILE);
    const sound = readFileSync(path);
    let refused = 0;
    for (let length = sound.length - 1; length > 0; length -= 3001) {
      writeFileSync(path, sound.subarray(0, length));
      try {
        const again = openFolder(folder);
        expect(rowsOf(again)).toEqual(rows);
        await again.close();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(10);
  });
});
