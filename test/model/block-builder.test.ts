import { describe, expect, test } from 'vitest';
import { Dag } from '../../src/dag/index.ts';
import { type NetworkParams, networkParams } from '../../src/params/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { hashToHex } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { Block, checkWitnessCommitment } from '../../src/wire/index.ts';
import { BlockBuilder } from './block-builder.ts';
import { type GeneratedBlock, generateDag } from './block-builder-dag.ts';
import { linearPlan, minersPlan, type PlannedBlock, shapedPlan, widePlan } from './block-builder-plans.ts';
import { LOCKS } from './block-builder-wallet.ts';
import { SHAPES, shuffledArrival } from './random-dag.ts';

const simnet = networkParams('simnet');
/** Coins ripen soon, so that small DAGs have transactions. */
const ripe: NetworkParams = { ...simnet, coinbaseMaturity: 3 };
const NOW = Date.UTC(2100, 0, 1);

function newDag(params: NetworkParams): Dag {
  const clock = { now: () => NOW, monotonic: () => 0 };
  const dag = new Dag({ params }, { store: new MemoryStore(), clock, pow: sha256dPow });
  dag.open();
  return dag;
}

/** Feeds blocks as their bytes: what was built must also survive the wire. */
const feed = (dag: Dag, { block }: GeneratedBlock): void => {
  expect(dag.processBlock(Block.fromBytes(block.toBytes(), 2)).status).toBe('accepted');
};

const effects = (dag: Dag, blocks: readonly GeneratedBlock[]): Record<string, number> => {
  const counts: Record<string, number> = { applied: 0, ignored: 0, skipped: 0 };
  for (const { block } of blocks) {
    for (const state of dag.transactionStates(block.hash)?.slice(1) ?? []) counts[state]++;
  }
  return counts;
};

describe('block builder', () => {
  test('follows difficulty and heights over retargets, whatever the pace', () => {
    const quick = { ...simnet, blocksPerRetarget: 12 };
    for (const pace of [undefined, 60]) {
      const dag = newDag(quick);
      const builder = new BlockBuilder(quick, pace);
      for (let i = 0; i < (pace ? 40 : 100); i++) dag.processBlock(builder.build([i]));
      expect(dag.bestState().height).toBe(builder.count - 1);
    }
  });

  test('a greedy coinbase fails', () => {
    const builder = new BlockBuilder(ripe);
    const dag = newDag(ripe);
    expect(() => dag.processBlock(builder.build([0], { greed: 1n }))).toThrow('pays 50000000001');
  });

  test('the same seed gives the same blocks, another seed others', () => {
    const last = (seed: number): string => {
      const plan = minersPlan(new SeededRandom(seed), 60);
      const blocks = [...generateDag({ seed, params: ripe, plan, transactions: 2, doubleSpends: 0.2 })];
      return hashToHex(blocks.at(-1)!.block.hash);
    };
    expect(last(1)).toBe(last(1));
    expect(last(1)).not.toBe(last(2));
  });

  test.each([
    ['linear', () => linearPlan(120)],
    ['4-wide', () => widePlan(120, 4)],
    ['16-wide', () => widePlan(200, 16)],
  ])('%s: blocks are full of transactions and all of them count', (_name, plan) => {
    const blocks = [...generateDag({ seed: 7, params: ripe, plan: plan(), transactions: 3, locks: LOCKS })];
    const dag = newDag(ripe);
    for (const block of blocks) feed(dag, block);
    const { applied, ignored, skipped } = effects(dag, blocks);
    expect([ignored, skipped]).toEqual([0, 0]);
    expect(applied).toBeGreaterThan(2 * blocks.length);
    for (const { block } of blocks) expect(checkWitnessCommitment(block.transactions)).toBeUndefined();
  });

  test('coins of simnet ripen after 100 heights', () => {
    const blocks = [...generateDag({ seed: 1, params: simnet, plan: linearPlan(130), transactions: 2 })];
    const dag = newDag(simnet);
    for (const block of blocks) feed(dag, block);
    expect(blocks.findIndex(({ block }) => block.transactions.length > 1)).toBe(100);
  });

  test.each(SHAPES)('%s: valid in the generated order of arrival, conflicts included', (shape) => {
    const dag = newDag(ripe);
    const blocks: GeneratedBlock[] = [];
    const plan: Iterable<PlannedBlock> = shapedPlan(new SeededRandom(shape), 160, shape);
    const isStored = (outpoint: Parameters<Dag['utxo']>[0]): boolean => dag.utxo(outpoint) !== undefined;
    const options = { transactions: 3, doubleSpends: 0.3, nested: 0.2, locks: LOCKS, isStored };
    for (const block of generateDag({ seed: shape, params: ripe, plan, ...options })) {
      feed(dag, block);
      blocks.push(block);
    }
    expect(dag.snapshot().blockCount).toBe(161);
    if (shape === 'mixed') expect(effects(dag, blocks).ignored).toBeGreaterThan(10);
  });

  test('without conflicts, rounds are valid in any order of arrival and end in one order', () => {
    const blocks = [...generateDag({ seed: 3, params: ripe, plan: widePlan(80, 4), transactions: 2 })];
    const parents = [[], ...blocks.map((block) => block.parents)];
    const hashes = parents.map(() => new Uint8Array(32));
    const ends = [0, 1, 2].map((seed) => {
      const dag = newDag(ripe);
      for (const place of shuffledArrival(new SeededRandom(seed), { hashes, parents })) {
        if (place > 0) feed(dag, blocks[place - 1]);
      }
      return [hashToHex(dag.orderHash()), hashToHex(dag.outputSetHash())];
    });
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
  });
});
