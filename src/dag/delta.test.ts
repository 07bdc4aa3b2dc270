import { describe, expect, test } from 'vitest';
import { type Hash, hashToHex } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import type { Block } from '../wire/index.ts';
import type { Dag } from './dag.ts';
import type { DagDelta } from './index.ts';
import { makeBlock, TestDag, testParams } from './testing/fixture.ts';

/** Blocks on random old and new ones: forks, late blocks and redundant parents. */
function randomBlocks(seed: number, count: number): Block[] {
  const random = new SeededRandom(seed);
  const made: { hash: Hash; height: number }[] = [{ hash: testParams.genesisHash, height: 0 }];
  const blocks: Block[] = [];
  for (let salt = 1; salt <= count; salt++) {
    const back = random.below(8) === 0 ? 12 : 4;
    const parents = Array.from(
      { length: 1 + random.below(3) },
      () => made[Math.max(0, made.length - 1 - random.below(back))]!,
    );
    const distinct = [...new Set(parents)];
    const height = 1 + Math.max(...distinct.map((parent) => parent.height));
    const block = makeBlock({ parents: distinct.map(({ hash }) => hash), height, salt });
    made.push({ hash: block.hash, height });
    blocks.push(block);
  }
  return blocks;
}

/** What somebody knows who was told of every change. */
class Mirror {
  order: string[];
  readonly blue: Set<string>;
  readonly tips: Set<string>;
  sequence: number;

  constructor(dag: Dag) {
    this.order = Array.from(dag.order(), hashToHex);
    this.blue = new Set(dag.virtualBlueSet().map(hashToHex));
    this.tips = new Set(dag.snapshot().tips.map(hashToHex));
    this.sequence = dag.snapshot().blockCount;
  }

  take(delta: DagDelta): void {
    const hash = hashToHex(delta.info.hash);
    expect(delta.sequence).toBe(++this.sequence);
    expect(this.order.length - delta.cut).toBe(delta.removedCount);
    const added = delta.added().map(hashToHex);
    expect(added).toHaveLength(delta.addedCount);
    this.order = [...this.order.slice(0, delta.cut), ...added];
    expect(this.order[delta.position ?? -1]).toBe(delta.position === undefined ? undefined : hash);
    for (const { hash: block, isBlue } of delta.colours()) {
      expect(this.blue.has(hashToHex(block))).toBe(!isBlue);
      if (isBlue) this.blue.add(hashToHex(block));
      else this.blue.delete(hashToHex(block));
    }
    expect(delta.isBlue).toBe(this.blue.has(hash));
    for (const tip of delta.formerTips()) expect(this.tips.delete(hashToHex(tip))).toBe(true);
    this.tips.add(hash);
    expect([delta.orderLength, delta.virtualBlueScore]).toEqual([this.order.length, this.blue.size]);
  }

  expectSame(dag: Dag): void {
    expect(this.order).toEqual(Array.from(dag.order(), hashToHex));
    expect([...this.blue].sort()).toEqual(dag.virtualBlueSet().map(hashToHex).sort());
    expect([...this.tips].sort()).toEqual(dag.snapshot().tips.map(hashToHex).sort());
  }
}

describe('who takes in every change', () => {
  test.each([1, 2, 3, 4, 5])('knows order, colours and tips, also of blocks that share a commit (%i)', (seed) => {
    const { dag } = new TestDag();
    const blocks = randomBlocks(seed, 150);
    const mirror = new Mirror(dag);
    let recoloured = 0;
    dag.events.on('changed', (delta) => {
      mirror.take(delta);
      recoloured += delta.colours().filter(({ isBlue }) => !isBlue).length;
    });
    for (const block of blocks.slice(0, 75)) {
      dag.processBlock(block);
      mirror.expectSame(dag);
    }
    for (let i = 75; i < 150; i += 25) {
      dag.processBlocks(blocks.slice(i, i + 25));
      mirror.expectSame(dag);
    }
    expect(recoloured).toBeGreaterThan(0);
  });
});

test('the newest blocks are those of the greatest heights, with what is known of them', () => {
  const { dag } = new TestDag();
  for (const block of randomBlocks(7, 60)) dag.processBlock(block);
  const all = dag.newestBlocks(1000);
  expect(all).toHaveLength(61);
  expect(dag.newestBlocks(0)).toEqual([]);
  expect(dag.newestBlocks(10)).toEqual(all.slice(-10));
  const order = Array.from(dag.order(), hashToHex);
  for (const { hash, height, time, parents, isBlue, position, txCount } of all) {
    const block = dag.getBlock(hash)!;
    expect(height).toBe(dag.blockHeight(hash));
    expect(time).toBe(block.header.timestamp);
    expect(parents.map(hashToHex)).toEqual(block.parentHashes.map(hashToHex));
    expect(isBlue).toBe(dag.isVirtualBlue(hash));
    expect(position ?? -1).toBe(order.indexOf(hashToHex(hash)));
    expect(txCount).toBe(block.transactions.length);
  }
  expect(all.map(({ height }) => height)).toEqual(all.map(({ height }) => height).sort((a, b) => a - b));
});
