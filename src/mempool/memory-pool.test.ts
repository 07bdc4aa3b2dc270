import { expect, test } from 'vitest';
import type { TransactionSource } from '../mining/index.ts';
import type { TransactionPool } from '../netsync/index.ts';
import { refusalOf } from '../netsync/rejects.ts';
import { hashToHex } from '../util/hash.ts';
import { RejectCode, type Transaction } from '../wire/index.ts';
import { FeeEstimator } from './fee-estimator.ts';
import type { MemoryPool } from './memory-pool.ts';
import { fakeHash } from './testing/fake-dag.ts';
import { outputOf, pay, testPool } from './testing/payments.ts';

const COIN = 100_000_000n;

/** The text with which a transaction is refused; undefined if it is taken. */
function refusal(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return refusalOf(error).reason;
  }
}

function contents(pool: MemoryPool): string[] {
  return Array.from(pool.entries(), ({ txid }) => hashToHex(txid));
}

test('is what the sync manager and templates ask for', () => {
  const { pool } = testPool();
  const asPool: TransactionPool = pool;
  const asSource: TransactionSource = pool;
  expect([asPool.have(fakeHash(0)), asSource.ranking.rows, asSource.version]).toEqual([false, 0, 0]);
});

test('refusals bring the code of the reject message', () => {
  const { pool } = testPool();
  const error = (() => {
    try {
      return pool.submit(pay([{ hash: fakeHash(9), index: 0 }]));
    } catch (caught) {
      return caught;
    }
  })();
  expect(refusalOf(error).code).toBe(RejectCode.duplicate);
});

test('an accepted transaction is described, counted and given back as it came', () => {
  const { pool, dag, world } = testPool();
  const outpoint = dag.fund({ height: 150 });
  const tx = pay([outpoint], { values: [COIN - 500n] });
  expect(pool.submit(tx)).toEqual([tx]);
  const entry = pool.entry(tx.txid);
  expect(entry?.transaction.toBytes()).toEqual(tx.toBytes());
  expect([entry?.fee, entry?.feeRate]).toEqual([500n, (500n * 1000n) / BigInt(tx.virtualSize)]);
  expect([pool.count, pool.bytes, pool.version, pool.lastUpdated]).toEqual([
    1,
    tx.size,
    1,
    Math.floor(world.clock.now() / 1000),
  ]);
  expect(pool.spenderOf(outpoint)).toBe(entry);
  const child = pay([outputOf(tx)], { values: [COIN - 1000n] });
  pool.submit(child);
  expect(pool.describe(pool.entry(child.txid)!)).toEqual({
    txid: child.txid,
    size: child.size,
    virtualSize: child.virtualSize,
    fee: 500n,
    time: Math.floor(world.clock.now() / 1000),
    height: 200,
    startingPriority: 0,
    currentPriority: 0,
    depends: [tx.txid],
  });
  expect(pool.describe(entry!).startingPriority).toBe((Number(COIN) * 50) / (tx.size - 41));
  expect(pool.describe(entry!).currentPriority).toBe((Number(COIN) * 51) / (tx.size - 41));
  expect(entry?.priorityAt(201)).toBeCloseTo(pool.describe(entry!).currentPriority, 3);
});

test('orphans wait for their parents, in chains and over several outputs, and enter together', () => {
  const { pool, dag } = testPool();
  const root = pay([dag.fund()], { values: [COIN / 2n, COIN / 4n] });
  const left = pay([outputOf(root, 0)], { values: [COIN / 2n - 1000n] });
  const right = pay([outputOf(root, 1)], { values: [COIN / 4n - 1000n] });
  const both = pay([outputOf(left), outputOf(right)], { values: [1000n] });
  const last = pay([outputOf(both)], { values: [10n] });
  for (const tx of [last, both, right, left]) expect(pool.process(tx, 7)).toEqual([]);
  expect([pool.orphanCount, pool.count, pool.have(last.txid), pool.entry(last.txid)]).toEqual([4, 0, true, undefined]);
  expect(refusal(() => pool.submit(last))).toBe(`already have transaction ${hashToHex(last.txid)}`);
  const entered = pool.submit(root).map(({ txid }) => hashToHex(txid));
  expect(entered).toEqual([root, left, right, both, last].map(({ txid }) => hashToHex(txid)));
  expect([pool.orphanCount, pool.count]).toEqual([0, 5]);
});

test('a block brings orphans in as well, and an invalid orphan goes with its descendants', () => {
  const { pool, dag } = testPool();
  const root = pay([dag.fund()], { values: [1000n, 1000n] });
  const good = pay([outputOf(root, 0)], { values: [1n] });
  const bad = pay([outputOf(root, 1)], { values: [COIN] });
  const child = pay([outputOf(bad)], { values: [1n] });
  for (const tx of [good, bad, child]) pool.process(tx, 7);
  expect(dag.connect([root], pool).map(({ txid }) => hashToHex(txid))).toEqual([hashToHex(good.txid)]);
  expect([pool.orphanCount, contents(pool)]).toEqual([0, [hashToHex(good.txid)]]);
});

test('an invalid orphan does not keep out a valid one that spends the same output', () => {
  const { pool, dag } = testPool();
  const root = pay([dag.fund()], { values: [5000n] });
  const bad = pay([outputOf(root)], { values: [COIN] });
  const good = pay([outputOf(root)], { values: [1n] });
  for (const tx of [bad, good]) pool.process(tx, 7);
  pool.submit(root);
  expect([pool.orphanCount, contents(pool)]).toEqual([0, [root, good].map(({ txid }) => hashToHex(txid))]);
});

test('an orphan that waits for more is tried once a parent, however many of its outputs it spends', () => {
  const { pool, dag } = testPool();
  const root = pay([dag.fund({ value: COIN })], { values: Array.from({ length: 100 }, () => 1000n) });
  const unknown = { hash: fakeHash(77), index: 0 };
  const outputs = root.outputs.map((_, index) => outputOf(root, index));
  for (const value of [1n, 2n, 3n]) pool.process(pay([...outputs, unknown], { values: [value] }), 7);
  let asked = 0;
  const outputRecord = dag.outputRecord.bind(dag);
  dag.outputRecord = (outpoint) => {
    if (outpoint.hash[0] === 77) asked++;
    return outputRecord(outpoint);
  };
  pool.submit(root);
  expect([pool.orphanCount, pool.count]).toEqual([3, 1]);
  expect(asked).toBeLessThan(20);
});

test('a peer that leaves takes its orphans along', () => {
  const { pool } = testPool();
  pool.process(pay([{ hash: fakeHash(1), index: 0 }]), 7);
  pool.process(pay([{ hash: fakeHash(2), index: 0 }]), 8);
  pool.removeOrphansOf(7);
  expect(pool.orphanCount).toBe(1);
});

test('orphans over 100,000 bytes are refused; without room for orphans nothing is kept and nobody is told', () => {
  const { pool } = testPool();
  const outpoint = { hash: fakeHash(1), index: 0 };
  const large = pay([outpoint], { signatureScript: new Uint8Array(99_940) });
  expect(refusal(() => pool.process(large, 7))).toBe(
    'orphan transaction size of 100005 bytes is larger than max allowed size of 100000 bytes',
  );
  const none = testPool({ maxOrphans: 0 }).pool;
  expect(none.process(pay([outpoint]), 7)).toEqual([]);
  expect(none.orphanCount).toBe(0);
});

test('a block takes out what it confirms, keeps what builds on it, and drops what conflicts', () => {
  const { pool, dag } = testPool();
  const [first, second] = [dag.fund(), dag.fund()];
  const confirmed = pay([first], { values: [COIN - 1000n] });
  const child = pay([outputOf(confirmed)], { values: [COIN - 2000n] });
  const loser = pay([second], { values: [COIN - 1000n] });
  const grandchild = pay([outputOf(loser), outputOf(child)], { values: [1000n] });
  for (const tx of [confirmed, child, loser, grandchild]) pool.submit(tx);
  const reasons: string[] = [];
  pool.events.on('removed', ({ reason }) => reasons.push(reason));
  const rival = pay([second], { values: [5n] });
  dag.connect([confirmed, rival], pool);
  expect(contents(pool)).toEqual([hashToHex(child.txid)]);
  expect(reasons).toEqual(['confirmed', 'conflict', 'conflict']);
  expect(pool.entry(child.txid)?.priorityAt(211)).toBe((Number(COIN - 1000n) * 10) / (child.size - 41));
  expect(refusal(() => pool.submit(confirmed))).toBe('transaction already exists');
  expect(refusal(() => pool.submit(loser))).toMatch(/^orphan transaction .* of unknown or fully-spent transaction /u);
});

test('a transaction without spendable outputs is confirmed by its block as well', () => {
  const { pool, dag } = testPool();
  const tx = pay([dag.fund()], { pkScript: Uint8Array.of(0x6a), values: [0n] });
  pool.submit(tx);
  const reasons: string[] = [];
  pool.events.on('removed', ({ reason }) => reasons.push(reason));
  dag.connect([tx], pool);
  expect([pool.count, reasons]).toEqual([0, ['confirmed']]);
});

test('a full pool lets the worst go, with what builds on it, and refuses what is worse', () => {
  const { pool, dag } = testPool({ maxUsage: 3_800 });
  const fees = [5000n, 300n, 9000n, 700n, 8000n, 6000n, 7000n, 5500n, 6500n, 7500n, 8500n, 9500n];
  const made = fees.map((fee) => pay([dag.fund()], { values: [COIN - fee] }));
  const evicted: string[] = [];
  pool.events.on('removed', ({ entry, reason }) => evicted.push(`${entry.fee} ${reason}`));
  expect(pool.minimumFeeRate).toBe(1000n);
  for (const tx of made) pool.submit(tx);
  expect(evicted.slice(0, 2)).toEqual([`300 evicted`, `700 evicted`]);
  for (let i = 0; i < 4; i++) pool.submit(pay([dag.fund()], { values: [COIN - 10_000n] }));
  expect(pool.usage).toBeLessThanOrEqual(3_800);
  expect([...pool.entries()].every(({ fee }) => fee >= 7000n)).toBe(true);
  const cheap = pay([dag.fund()], { values: [COIN - 800n] });
  expect(refusal(() => pool.submit(cheap))).toBe(
    `transaction ${hashToHex(cheap.txid)} pays too little for the full memory pool`,
  );
  expect(pool.have(cheap.txid)).toBe(false);
});

test('a child that pays for its parent keeps it; a chain cannot be kept by one member', () => {
  const { pool, dag } = testPool({ maxUsage: 4_500 });
  const parent = pay([dag.fund()], { values: [COIN - 100n] });
  const child = pay([outputOf(parent)], { values: [COIN - 20_000n] });
  pool.submit(parent);
  pool.submit(child);
  for (let i = 0; i < 20; i++) pool.submit(pay([dag.fund()], { values: [COIN - 5000n - BigInt(i)] }));
  expect([pool.have(parent.txid), pool.have(child.txid)]).toEqual([true, true]);
  expect(pool.usage).toBeLessThanOrEqual(4_500);
});

test('what is thrown out at once is refused, and nobody hears of it', () => {
  const { pool, dag } = testPool({ maxUsage: 1500 });
  const events: string[] = [];
  pool.events.on('added', ({ fee }) => events.push(`added ${fee}`));
  pool.events.on('removed', ({ entry: { fee }, reason }) => events.push(`removed ${fee} ${reason}`));
  const parent = pay([dag.fund()], { values: [COIN - 100n] });
  pool.submit(parent);
  pool.submit(pay([dag.fund()], { values: [COIN - 900n] }));
  // Pays more than the parent, but the two together pay less than the other: both go.
  const child = pay([outputOf(parent)], { values: [COIN - 300n] });
  expect(refusal(() => pool.submit(child))).toMatch(/pays too little for the full memory pool$/u);
  expect(events).toEqual(['added 100', 'added 900', 'removed 100 evicted']);
  expect(pool.count).toBe(1);
});

test('after 14 days transactions leave with what builds on them', async () => {
  const { pool, dag, world } = testPool();
  const old = pay([dag.fund()], { values: [COIN - 1000n] });
  pool.submit(old);
  await world.advance(13 * 86_400_000);
  const child = pay([outputOf(old)], { values: [COIN - 2000n] });
  const other = pay([dag.fund()], { values: [COIN - 1000n] });
  pool.submit(child);
  pool.submit(other);
  await world.advance(86_401_000);
  dag.connect([], pool);
  expect(contents(pool)).toEqual([hashToHex(other.txid)]);
});

test('the estimator hears of what enters and of every block', () => {
  const estimator = new FeeEstimator({ below: () => 0 });
  const { pool, dag } = testPool({}, { estimator });
  for (let i = 0; i < 3; i++) dag.connect([], pool);
  const tx = pay([dag.fund()], { values: [COIN - 6100n] });
  pool.submit(tx);
  dag.connect([tx], pool);
  expect(estimator.lastHeight).toBe(204);
  expect(estimator.estimate(1)).toBe((6100 / tx.virtualSize) * 1000 * 1e-9);
});

test('random traffic in a small pool: bounded, and no transaction without its parents', () => {
  const { pool, dag, world } = testPool({ maxUsage: 40_000 });
  const { random } = world;
  const outputs: ReturnType<typeof outputOf>[] = [];
  const known: Transaction[] = [];
  for (let step = 0; step < 3000; step++) {
    if (random.chance(0.4)) outputs.push(dag.fund());
    if (random.chance(0.03)) dag.connect(applicable(pool, random.below(8)), pool);
    if (outputs.length === 0) continue;
    const outpoint = random.pick(outputs.slice(-30));
    const values = Array.from({ length: random.between(1, 2) }, () => BigInt(random.between(1000, 40_000_000)));
    const tx = pay([outpoint], { values });
    known.push(tx);
    outputs.push(...tx.outputs.map((_, index) => outputOf(tx, index)));
    refusal(() => (random.chance(0.5) ? pool.submit(tx) : pool.process(random.pick(known.slice(-5)), 1)));
    expect(pool.usage).toBeLessThanOrEqual(40_000);
    for (const entry of pool.entries()) {
      for (const { prevout } of entry.transaction.inputs) {
        expect(pool.spenderOf(prevout)).toBe(entry);
        expect(pool.entry(prevout.hash) !== undefined || dag.outputRecord(prevout).state === 1).toBe(true);
      }
    }
  }
});

/** The first transactions of a pool with those that they need, in an order in which a block may have them. */
function applicable(pool: MemoryPool, count: number): Transaction[] {
  const chosen: Transaction[] = [];
  for (const entry of pool.entries()) if (chosen.length < count && !entry.parents) chosen.push(entry.transaction);
  return chosen;
}
