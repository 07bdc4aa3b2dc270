import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KeyValueStore, StoreError, type TableName } from '../store/index.ts';
import { HeldStore } from '../store/testing/held-store.ts';
import { hashToHex } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import type { Block, OutPoint } from '../wire/index.ts';
import { ANYONE, fingerprint, makeBlock, spend, TestDag, testParams } from './testing/fixture.ts';

const DATA: readonly TableName[] = ['blocks', 'index', 'order', 'effects', 'outputs'];

function rowsOf(store: KeyValueStore): string[][] {
  return DATA.map((name) =>
    [...store.table(name).range()].map(({ key, value }) => Buffer.concat([key, value]).toString('hex')),
  );
}

/** Blocks that spend what others made, some twice; some come late and rewrite the order. */
function blocksOf(seed: number, count: number): Block[] {
  const random = new SeededRandom(seed);
  const { dag } = new TestDag();
  const blocks: Block[] = [];
  const heights = new Map<Block, number>();
  const coins: { readonly outpoint: OutPoint; readonly value: bigint; readonly height: number }[] = [];
  for (let i = 0; i < count; i++) {
    const late = random.below(4) === 0;
    const parents = blocks.slice(-1 - random.below(3) - (late ? 3 : 0)).slice(0, 2);
    const height = 1 + Math.max(0, ...parents.map((parent) => heights.get(parent)!));
    const ripe = coins.filter((coin) => coin.height <= height - testParams.coinbaseMaturity && dag.utxo(coin.outpoint));
    const coin = ripe[random.below(Math.max(1, ripe.length))];
    const outputs = Array.from({ length: 3 }, () => ({ value: (coin?.value ?? 0n) / 3n, pkScript: ANYONE }));
    const transactions = coin ? [spend([coin.outpoint], outputs, i)] : [];
    const hashes = parents.length > 0 ? parents.map(({ hash }) => hash) : [testParams.genesisHash];
    const block = makeBlock({ parents: hashes, height, salt: i, transactions });
    dag.processBlock(block);
    blocks.push(block);
    heights.set(block, height);
    for (const tx of block.transactions) {
      for (const [index, { value }] of tx.outputs.entries())
        coins.push({ outpoint: { hash: tx.txid, index }, value, height });
    }
  }
  return blocks;
}

/** A DAG without anything special that has seen these blocks. */
function plain(blocks: readonly Block[]): TestDag {
  const test = new TestDag();
  for (const block of blocks) test.dag.processBlock(block);
  return test;
}

const told = (blocks: readonly Block[]): string[] =>
  blocks.flatMap(({ hash }) => [`connected ${hashToHex(hash)}`, `accepted ${hashToHex(hash)}`]);

describe('commits that another thread writes', () => {
  const blocks = blocksOf(1, 40);

  test('begin with the end of an open batch, and are told of when they are on disk', () => {
    const store = new HeldStore();
    const { dag, told: heard } = new TestDag(store);
    const end = dag.openBatch();
    for (const block of blocks.slice(0, 5)) dag.processBlock(block);
    expect(store.isHolding).toBe(false);
    end(true);
    expect(store.isHolding).toBe(true);
    expect(heard).toEqual([]);
    expect(dag.pendingBlocks).toBe(5);
    expect(dag.getBlockBytes(blocks[2].hash)).toEqual(blocks[2].toBytes());
    store.land();
    expect(heard).toEqual(told(blocks.slice(0, 5)));
    expect(dag.pendingBlocks).toBe(0);
    expect(rowsOf(store)).toEqual(rowsOf(plain(blocks.slice(0, 5)).store));
  });

  test('are waited for by a block outside of open batches, by their end, and by the close', async () => {
    const store = new HeldStore();
    const { dag, told: heard } = new TestDag(store);
    const later = (block: Block, soon: boolean): void => {
      const end = dag.openBatch();
      dag.processBlock(block);
      end(soon);
    };
    later(blocks[0], true);
    dag.processBlock(blocks[1]);
    expect(heard).toEqual(told(blocks.slice(0, 2)));
    later(blocks[2], true);
    later(blocks[3], false);
    expect(store.isHolding).toBe(false);
    expect(heard).toEqual(told(blocks.slice(0, 4)));
    later(blocks[4], true);
    expect(store.isHolding).toBe(true);
    await dag.close();
    expect(heard).toEqual(told(blocks.slice(0, 5)));
    const again = new TestDag(store.disk);
    expect(fingerprint(again.dag)).toEqual(fingerprint(plain(blocks.slice(0, 5)).dag));
  });

  test('go on while the next batch grows, which then is full and says so', () => {
    const store = new HeldStore();
    const { dag, told: heard } = new TestDag(store);
    const many: Block[] = [];
    let tip = testParams.genesisHash;
    for (let height = 1; height <= 700; height++) {
      const block = makeBlock({ parents: [tip], height });
      tip = block.hash;
      many.push(block);
    }
    const written: number[] = [];
    dag.events.on('written', () => written.push(heard.length / 2));
    dag.openBatch();
    for (const block of many.slice(0, 256)) dag.processBlock(block);
    expect(store.isHolding).toBe(true);
    for (const block of many.slice(256, 600)) dag.processBlock(block);
    expect([dag.pendingBlocks, heard.length]).toEqual([600, 0]);
    store.land();
    expect([dag.pendingBlocks, heard.length]).toEqual([344, 512]);
    // The next one began at once; whoever does not stop has to wait when two batches are full.
    for (const block of many.slice(600)) dag.processBlock(block);
    store.land();
    expect(written).toEqual([256, 600]);
    expect(dag.pendingBlocks).toBe(100);
    store.land();
    expect(heard).toEqual(told(many.slice(0, 600)));
  });

  test('take the DAG out of use when they fail', () => {
    const store = new HeldStore();
    const { dag, told: heard } = new TestDag(store);
    let failed: unknown;
    dag.events.on('failed', (error) => {
      failed = error;
    });
    store.broken = true;
    const end = dag.openBatch();
    dag.processBlock(blocks[0]);
    end(true);
    const next = dag.openBatch();
    dag.processBlock(blocks[1]);
    expect(() => next()).toThrow(StoreError);
    expect(failed).toBeInstanceOf(StoreError);
    expect(() => dag.processBlock(blocks[2])).toThrow(/cannot be used any more/u);
    expect(heard).toEqual([]);
    expect(fingerprint(new TestDag(store.disk).dag)).toEqual(fingerprint(new TestDag().dag));
  });
});

test('wherever the process ends, the next start finds what was told of, and goes on like any other', () => {
  const step = fc.record({
    blocks: fc.integer({ min: 1, max: 12 }),
    open: fc.boolean(),
    land: fc.boolean(),
    crash: fc.integer({ min: 0, max: 6 }).map((dice) => dice === 0),
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), fc.array(step, { maxLength: 14 }), (seed, steps) => {
      const blocks = blocksOf(seed, 90);
      let store = new HeldStore();
      let node = new TestDag(store);
      let at = 0;
      for (const { blocks: count, open, land, crash } of steps) {
        const end = open ? node.dag.openBatch() : () => undefined;
        for (const block of blocks.slice(at, at + count)) node.dag.processBlock(block);
        at = Math.min(blocks.length, at + count);
        end(true);
        if (land) store.land();
        expect(fingerprint(node.dag)).toEqual(fingerprint(plain(blocks.slice(0, at)).dag));
        if (!crash) continue;
        const before = at;
        store = new HeldStore(store.disk.reopen());
        const next = new TestDag(store);
        at = next.dag.snapshot().blockCount - 1;
        expect(at).toBeGreaterThanOrEqual(before - node.dag.pendingBlocks);
        node = next;
        expect(fingerprint(node.dag)).toEqual(fingerprint(plain(blocks.slice(0, at)).dag));
      }
      store.land();
      const twin = plain(blocks.slice(0, at));
      expect(rowsOf(store)).toEqual(rowsOf(twin.store));
      expect(fingerprint(node.dag)).toEqual(fingerprint(twin.dag));
    }),
    { numRuns: 60 },
  );
});
