import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemStoreHost } from '../node/store-host.ts';
import { type KeyValueStore, MemoryStore, openLmdbStore, StoreError } from '../store/index.ts';
import { MetaKey, numberKey } from '../store/tables.ts';
import { chain, fingerprint, layers, noWork, TestDag, testParams } from './testing/fixture.ts';

describe('the store', () => {
  test('gives everything back after a restart, LMDB included', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'soterd-dag.'));
    const blocks = layers(12, 3);
    const twin = new TestDag();
    let store: KeyValueStore = openLmdbStore(folder, { host: systemStoreHost, synced: false });
    let node = new TestDag(store);
    for (const [i, block] of blocks.entries()) {
      twin.dag.processBlock(block);
      node.dag.processBlock(block);
      if (i % 7 !== 3) continue;
      await node.dag.close();
      await store.close();
      store = openLmdbStore(folder, { host: systemStoreHost, synced: false });
      node = new TestDag(store);
      expect(fingerprint(node.dag)).toEqual(fingerprint(twin.dag));
      expect(node.dag.getBlockBytes(block.hash)).toEqual(Buffer.from(block.toBytes()));
    }
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test('that takes no more leaves the disk as it was, and the DAG refuses to go on', () => {
    const memory = new MemoryStore();
    let full = false;
    const store: KeyValueStore = {
      table: (name) => memory.table(name),
      transaction: (work) =>
        memory.transaction((transaction) => {
          const result = work(transaction);
          if (full) throw new StoreError('full', 'no space left');
          return result;
        }),
      close: () => memory.close(),
    };
    const { dag, told } = new TestDag(store);
    const [first, second, third] = chain(3);
    dag.processBlock(first);
    const before = fingerprint(dag);
    full = true;
    expect(() => dag.processBlock(second)).toThrow('no space left');
    full = false;
    expect(() => dag.processBlock(third)).toThrow('cannot be used any more');
    expect(told).toHaveLength(2);
    const again = new TestDag(memory.reopen());
    expect(fingerprint(again.dag)).toEqual(before);
    expect(again.dag.processBlock(second).status).toBe('accepted');
  });

  test('that somebody else wrote to is noticed at the next commit', () => {
    const store = new MemoryStore();
    const one = new TestDag(store);
    const two = new TestDag(store);
    const [first, second] = chain(2);
    one.dag.processBlock(first);
    expect(() => two.dag.processBlock(first)).toThrow(expect.objectContaining({ kind: 'foreign' }));
    expect(one.dag.processBlock(second).status).toBe('accepted');
  });

  test.each([
    ['a missing block', 'blocks', 3],
    ['a missing index row', 'index', 3],
    ['missing effects', 'effects', 6],
    ['a missing page of the order', 'order', 0],
  ] as const)('is refused with %s', (_what, table, number) => {
    const { dag, store } = new TestDag();
    for (const block of layers(3, 2)) dag.processBlock(block);
    const copy = (store as MemoryStore).reopen();
    copy.transaction((transaction) => transaction.remove(copy.table(table), numberKey(number)));
    expect(() => new TestDag(copy)).toThrow(expect.objectContaining({ name: 'StoreError', kind: 'corrupt' }));
  });

  test('is refused with rows of another moment', () => {
    const earlier = new TestDag();
    const blocks = layers(3, 2);
    for (const block of blocks.slice(0, 5)) earlier.dag.processBlock(block);
    const old = (earlier.store as MemoryStore).reopen();
    for (const block of blocks.slice(5)) earlier.dag.processBlock(block);
    for (const key of [MetaKey.state, MetaKey.outputsSum]) {
      const torn = (earlier.store as MemoryStore).reopen();
      torn.transaction((transaction) => transaction.put(torn.table('meta'), key, old.table('meta').get(key)!));
      expect(() => new TestDag(torn)).toThrow(/does not fit together/u);
    }
    const foreign = new MemoryStore();
    new TestDag(foreign, { ...testParams, genesisHash: testParams.genesisHash });
    foreign.transaction((transaction) => transaction.put(foreign.table('meta'), MetaKey.network, new Uint8Array(32)));
    expect(() => new TestDag(foreign, testParams, noWork)).toThrow(/belongs to another network/u);
  });
});
