import { expect, test } from 'vitest';
import { makeBlock, TestDag, testParams } from '../dag/testing/fixture.ts';
import { hashToHex } from '../util/hash.ts';
import type { Block } from '../wire/index.ts';
import { OrphanSlices } from './orphan-slices.ts';

function chainOf(length: number): Block[] {
  const blocks: Block[] = [];
  for (let height = 1; height <= length; height++) {
    blocks.push(makeBlock({ parents: [blocks.at(-1)?.hash ?? testParams.genesisHash], height }));
  }
  return blocks;
}

test('orphans that one block resolves come in slices, in the lane of whoever brought it', () => {
  const { dag, told } = new TestDag();
  const jobs: { run: () => void; options: object }[] = [];
  // Every look at the clock takes a millisecond: eleven of them are a slice.
  let time = 0;
  const slices = new OrphanSlices({
    dag,
    queue: {
      push: (run, options = {}) => {
        jobs.push({ run, options });
        return Promise.resolve();
      },
    },
    now: () => time++,
    failed: (error) => {
      throw error;
    },
  });
  const blocks = chainOf(30);
  for (const block of blocks.slice(1).toReversed()) expect(slices.process(block).status).toBe('orphan');
  expect(jobs).toEqual([]);
  const payer = { lane: { debt: 0, restUntil: 0 } };
  const result = slices.process(blocks[0], payer);
  expect(result).toMatchObject({ status: 'accepted', height: 1 });
  const counts = [dag.snapshot().blockCount];
  while (jobs.length > 0) {
    expect(jobs).toHaveLength(1);
    const { run, options } = jobs.shift()!;
    expect(options).toEqual({ ...payer, later: true });
    run();
    counts.push(dag.snapshot().blockCount);
  }
  expect(counts).toEqual([11, 20, 29, 31]);
  expect(told.filter((line) => line.startsWith('accepted'))).toEqual(
    blocks.map(({ hash }) => `accepted ${hashToHex(hash)}`),
  );
  expect([dag.orphanCount, dag.hasReadyOrphans]).toEqual([0, false]);
});

test('orphans that wait for their slice are known, and another block does not forget them', () => {
  const { dag } = new TestDag();
  const blocks = chainOf(5);
  for (const block of blocks.slice(1, 4)) dag.processBlock(block);
  dag.processBlock(blocks[0], () => false);
  expect([dag.snapshot().blockCount, dag.orphanCount, dag.hasReadyOrphans]).toEqual([2, 3, true]);
  expect(dag.haveBlock(blocks[1].hash)).toBe(true);
  expect(dag.missingParents()).toEqual([]);
  expect(() => dag.processBlock(blocks[1])).toThrow(/already have block \(orphan\)/u);
  expect(dag.processBlock(blocks[4]).status).toBe('orphan');
  expect(dag.releaseOrphans()).toHaveLength(4);
  expect([dag.snapshot().blockCount, dag.orphanCount, dag.hasReadyOrphans]).toEqual([6, 0, false]);
});
