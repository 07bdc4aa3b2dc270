import { describe, expect, test } from 'vitest';
import { ANYONE, makeBlock, spend, TestDag, testParams } from '../dag/testing/fixture.ts';
import { MemoryPool } from '../mempool/index.ts';
import { type Hash, hashToHex } from '../util/hash.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import type { Transaction } from '../wire/index.ts';
import { type TrackerDeps, type TrackerLimits, TransactionTracker } from './transaction-tracker.ts';

class Lab {
  readonly world = new VirtualWorld();
  readonly testDag = new TestDag();
  readonly pool: MemoryPool;
  #salt = 0;

  constructor() {
    const { dag, clock } = this.testDag;
    const world = { clock, random: this.world.random };
    this.pool = new MemoryPool({ acceptNonStandard: true }, { dag, params: testParams, world });
    this.pool.start();
    dag.events.on('connected', (info) => this.pool.blockConnected(info));
  }

  tracker(limits?: TrackerLimits, index?: TrackerDeps['index']): TransactionTracker {
    const { dag } = this.testDag;
    const deps = { dag, pool: this.pool, timers: this.world.timers, ...(index && { index }) };
    const tracker = new TransactionTracker(deps, limits);
    tracker.start();
    return tracker;
  }

  block(parents: readonly Hash[], transactions: readonly Transaction[] = []): { hash: Hash; coinbase: Transaction } {
    const { dag } = this.testDag;
    const height = 1 + Math.max(...parents.map((parent) => dag.blockHeight(parent)!));
    const block = makeBlock({ parents, height, salt: ++this.#salt, transactions });
    dag.processBlock(block);
    return { hash: block.hash, coinbase: block.transactions[0] };
  }
}

/** A chain of three blocks, so that the coins of the first can be spent. */
function mature(lab: Lab): { coinbase: Transaction; tip: Hash } {
  const first = lab.block([testParams.genesisHash]);
  const second = lab.block([first.hash]);
  return { coinbase: first.coinbase, tip: lab.block([second.hash]).hash };
}

function pay(from: Transaction, values: readonly bigint[]): Transaction {
  return spend(
    [{ hash: from.txid, index: 0 }],
    values.map((value) => ({ value, pkScript: ANYONE })),
  );
}

describe.each([
  ['asked before anything happened', true],
  ['asked only afterwards, as after a restart', false],
])('what became of transactions, %s', (_, early) => {
  test('a double spend in parallel blocks: one counts, the other names it', async () => {
    const lab = new Lab();
    const tracker = lab.tracker();
    if (early) expect(await tracker.status(testParams.genesisHash)).toBeUndefined();
    const { coinbase, tip } = mature(lab);
    const rivals = [pay(coinbase, [1_000_000n]), pay(coinbase, [2_000_000n])];
    const blocks = rivals.map((tx) => lab.block([tip], [tx]).hash);
    lab.block(blocks);
    const states = await Promise.all(rivals.map(({ txid }) => tracker.status(txid)));
    const winner = states.findIndex((status) => status?.blocks[0].state === 'applied');
    const loser = 1 - winner;
    expect(states[winner]).toMatchObject({ inPool: false, lostInputs: [], blocks: [{ height: 4, index: 1 }] });
    expect(states[loser]).toMatchObject({
      blocks: [{ hash: blocks[loser], state: 'ignored' }],
      lostInputs: [{ index: 0, reason: 'spent' }],
    });
    expect(hashToHex(states[loser]!.lostInputs[0].winner!)).toBe(hashToHex(rivals[winner].txid));
    const positions = states.map((status) => status!.blocks[0].position!);
    expect(positions[winner]).toBe(positions[loser] - 1);
    expect(states[winner]!.blocks[0].blueConfirmations).toBe(3);
    expect(states[loser]!.blocks[0].blueConfirmations).toBe(2);
  });

  test('a copy in a parallel block takes nothing away', async () => {
    const lab = new Lab();
    const tracker = lab.tracker();
    if (early) await tracker.status(testParams.genesisHash);
    const { coinbase, tip } = mature(lab);
    const tx = pay(coinbase, [1_000_000n]);
    lab.block([lab.block([tip], [tx]).hash, lab.block([tip], [tx]).hash]);
    const status = await tracker.status(tx.txid);
    expect(status?.blocks.map(({ state }) => state).sort()).toEqual(['applied', 'ignored']);
    expect(status?.lostInputs).toEqual([]);
  });
});

test('a payment waits in the pool, and one that another block contradicts says so', async () => {
  const lab = new Lab();
  const tracker = lab.tracker();
  const { coinbase, tip } = mature(lab);
  const waiting = pay(coinbase, [1_000_000n]);
  lab.pool.submit(waiting);
  expect(await tracker.status(waiting.txid)).toEqual({ inPool: true, blocks: [], dropped: undefined, lostInputs: [] });
  const other = pay(coinbase, [2_000_000n]);
  lab.block([tip], [other]);
  const status = await tracker.status(waiting.txid);
  expect(status).toMatchObject({ inPool: false, blocks: [], dropped: 'conflict', lostInputs: [{ reason: 'spent' }] });
  expect(hashToHex(status!.lostInputs[0].winner!)).toBe(hashToHex(other.txid));
});

test('only the newest transactions are remembered', async () => {
  const lab = new Lab();
  const tracker = lab.tracker({ transactions: 6, blocks: 100, dropped: 1 });
  let tip = testParams.genesisHash;
  const coinbases: Transaction[] = [];
  for (let i = 0; i < 10; i++) {
    const block = lab.block([tip]);
    tip = block.hash;
    coinbases.push(block.coinbase);
    // The first question comes in the middle.
    if (i === 4) expect(await tracker.status(coinbases[0].txid)).toBeDefined();
  }
  const known = await Promise.all(coinbases.map(({ txid }) => tracker.status(txid)));
  expect(known.map((status) => status !== undefined)).toEqual([...Array(5).fill(false), ...Array(5).fill(true)]);
  expect(hashToHex(known[9]!.blocks[0].hash)).toBe(hashToHex(tip));
  tracker.stop();
});

test('with an index it knows what is older than it remembers', async () => {
  const lab = new Lab();
  const { coinbase, tip } = mature(lab);
  const payment = pay(coinbase, [1n]);
  let newest = lab.block([tip], [payment]).hash;
  const holder = newest;
  for (let i = 0; i < 10; i++) newest = lab.block([newest]).hash;
  const limits: TrackerLimits = { transactions: 3, blocks: 3, dropped: 1 };
  expect(await lab.tracker(limits).status(payment.txid)).toBeUndefined();
  const status = await lab.tracker(limits, { blocksOf: () => [holder] }).status(payment.txid);
  expect(status?.blocks).toMatchObject([
    { hash: holder, height: 4, index: 1, state: 'applied', position: 4, blueConfirmations: 11 },
  ]);
  expect(await lab.tracker(limits, { blocksOf: () => [] }).status(payment.txid)).toBeUndefined();
});
