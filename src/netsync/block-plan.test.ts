import { describe, expect, test } from 'vitest';
import { Transaction } from '../wire/index.ts';
import { BlockPlan } from './block-plan.ts';
import { PLAN_BLOCKS, PLAN_BYTES } from './limits.ts';
import { PeerState } from './peer-state.ts';
import { FakeDag, makeBlock } from './testing/fake-dag.ts';
import { FakePeer } from './testing/fake-peer.ts';

const peer = () => new PeerState(new FakePeer(1000), () => 0);

function entries(count: number, height = (i: number) => i) {
  return Array.from({ length: count }, (_, i) => {
    const hash = Buffer.alloc(32, 1);
    hash.writeUInt32LE(i, 0);
    return { hash, height: height(i) };
  });
}

/** Blocks of about a megabyte, side by side. */
function largeBlocks(count: number) {
  const dag = new FakeDag();
  return Array.from({ length: count }, (_, i) => {
    const filler = new Transaction({
      version: 1,
      inputs: [],
      outputs: [{ value: 0n, pkScript: new Uint8Array(1_000_000) }],
      lockTime: i,
    });
    return makeBlock([dag.genesis], `${i}`, { transactions: [filler] });
  });
}

describe('block plan', () => {
  test('holds as many blocks as it may and no block twice', () => {
    const plan = new BlockPlan();
    const all = entries(PLAN_BLOCKS + 10);
    expect(plan.add(peer(), all.slice(0, 100))).toHaveLength(100);
    expect(plan.add(peer(), all)).toHaveLength(PLAN_BLOCKS - 100);
    expect([plan.size, plan.room]).toEqual([PLAN_BLOCKS, 0]);
    plan.clear();
    expect([plan.size, plan.asked, plan.heldBytes]).toEqual([0, 0, 0]);
  });

  test('lower heights come first, whatever the order of the lists', () => {
    const plan = new BlockPlan();
    const lister = peer();
    plan.add(
      lister,
      entries(4, (i) => [7, 5, 9, 5][i]!),
    );
    expect([...plan.upcoming(3)].map(({ height }) => height)).toEqual([5, 5, 7]);
  });

  test('blocks leave in the order of the plan, when those in front have come or are not needed any more', () => {
    const plan = new BlockPlan();
    const lister = peer();
    const dag = new FakeDag();
    const infos = [dag.mine('a'), dag.mine('b'), dag.mine('c')];
    const [a, b, c] = plan.add(lister, infos);
    plan.hold(c!, infos[2]!.block, lister);
    plan.hold(b!, infos[1]!.block, lister);
    expect(plan.isReady).toBe(false);
    expect(plan.takeReady()).toBeUndefined();
    plan.skipWhile(({ key }) => key === a!.key);
    expect([plan.takeReady(), plan.takeReady(), plan.takeReady()]).toEqual([b, c, undefined]);
    expect([plan.size, plan.heldBytes]).toEqual([0, 0]);
  });

  test('counts what each peer owes', () => {
    const plan = new BlockPlan();
    const [lister, helper] = [peer(), peer()];
    const [a, b] = plan.add(lister, entries(2));
    plan.give(a!, lister, 1);
    plan.give(b!, lister, 1);
    plan.give(b!, helper, 2);
    expect([lister.plannedBlocks, helper.plannedBlocks, plan.asked, b!.overtaken]).toEqual([1, 1, 2, lister]);
    plan.free(b!);
    plan.remove(a!);
    expect([lister.plannedBlocks, helper.plannedBlocks, plan.asked]).toEqual([0, 0, 0]);
  });

  test('too many bytes before their turn: what is needed last is fetched again', () => {
    const plan = new BlockPlan();
    const lister = peer();
    const blocks = largeBlocks(72);
    const planned = plan.add(
      lister,
      blocks.map(({ hash }, i) => ({ hash, height: i })),
    );
    for (let i = planned.length - 1; i > 0; i--) {
      plan.hold(planned[i]!, blocks[i]!, lister);
      expect(plan.heldBytes).toBeLessThanOrEqual(PLAN_BYTES);
    }
    expect(planned.slice(1, 50).every(({ held }) => held)).toBe(true);
    expect(planned.at(-1)!.held).toBeUndefined();
    expect(plan.size).toBe(72);
    // The next one is never dropped.
    plan.hold(planned[0]!, blocks[0]!, lister);
    expect(plan.isReady).toBe(true);
    expect(plan.heldBytes).toBeLessThanOrEqual(PLAN_BYTES);
  });
});
