import { expect, test } from 'vitest';
import { hashKey } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import type { Transaction } from '../wire/index.ts';
import { OrphanTransactions } from './orphan-pool.ts';
import { fakeHash } from './testing/fake-dag.ts';
import { outputOf, pay } from './testing/payments.ts';

const START = 1_800_000_000;

function orphan(number: number): Transaction {
  return pay([{ hash: fakeHash(number), index: 0 }]);
}

function has(orphans: OrphanTransactions, tx: Transaction): boolean {
  return orphans.has(hashKey(tx.txid));
}

test('a full pool drops one at random, not its descendants', () => {
  const dropped = new Set<number>();
  for (let seed = 0; seed < 50; seed++) {
    const orphans = new OrphanTransactions(3, new SeededRandom(seed), START);
    const parent = orphan(0);
    const all = [parent, pay([outputOf(parent)]), orphan(1), orphan(2)];
    for (const tx of all) orphans.add(tx, 1, START);
    expect(orphans.size).toBe(3);
    const missing = all.findIndex((tx) => !has(orphans, tx));
    dropped.add(missing);
  }
  expect([...dropped].sort()).toEqual([0, 1, 2]);
});

test('a limit of zero keeps nothing', () => {
  const orphans = new OrphanTransactions(0, new SeededRandom(0), START);
  orphans.add(orphan(0), 1, START);
  expect(orphans.size).toBe(0);
});

test('after 15 minutes orphans go with what builds on them, when five minutes passed since the last look', () => {
  const orphans = new OrphanTransactions(100, new SeededRandom(0), START);
  const old = orphan(0);
  orphans.add(old, 1, START);
  const child = pay([outputOf(old)]);
  orphans.add(child, 1, START + 700);
  orphans.add(orphan(1), 1, START + 850);
  orphans.add(orphan(2), 1, START + 901);
  expect(orphans.size, 'the last look was at 700 seconds').toBe(4);
  orphans.add(orphan(3), 1, START + 1001);
  expect([has(orphans, old), has(orphans, child), orphans.size]).toEqual([false, false, 3]);
});

test('the orphans of a peer go with what builds on them', () => {
  const orphans = new OrphanTransactions(100, new SeededRandom(0), START);
  const first = orphan(0);
  const second = pay([outputOf(first)]);
  const other = orphan(1);
  orphans.add(first, 7, START);
  orphans.add(second, 8, START);
  orphans.add(other, 8, START);
  orphans.removeOf(7);
  expect([has(orphans, first), has(orphans, second), has(orphans, other)]).toEqual([false, false, true]);
});

test('double spends go, the spender itself included, with what builds on them', () => {
  const orphans = new OrphanTransactions(100, new SeededRandom(0), START);
  const first = orphan(0);
  const rival = pay([{ hash: fakeHash(0), index: 0 }], { values: [7n] });
  const child = pay([outputOf(rival)]);
  for (const tx of [first, rival, child, orphan(1)]) orphans.add(tx, 1, START);
  expect(orphans.waitingFor({ hash: fakeHash(0), index: 0 })).toHaveLength(2);
  orphans.removeDoubleSpends(first);
  expect(orphans.size).toBe(1);
  expect(orphans.waitingFor({ hash: fakeHash(0), index: 0 })).toEqual([]);
});

test('orphans own their memory', () => {
  const orphans = new OrphanTransactions(100, new SeededRandom(0), START);
  const tx = orphan(0);
  orphans.add(tx, 1, START);
  const [kept] = orphans.waitingFor({ hash: fakeHash(0), index: 0 });
  expect(kept).not.toBe(tx);
  expect(kept.txid).toEqual(tx.txid);
});

test('under random changes who waits for what equals the list of all', () => {
  const random = new SeededRandom('orphans');
  const orphans = new OrphanTransactions(20, random, START);
  const made: Transaction[] = [];
  for (let step = 0; step < 3000; step++) {
    const prevouts = Array.from({ length: random.between(1, 3) }, () =>
      made.length > 0 && random.chance(0.5)
        ? outputOf(random.pick(made.slice(-10)), random.below(2))
        : { hash: fakeHash(random.below(50)), index: 0 },
    );
    const tx = pay(prevouts, { values: [BigInt(step), 1n] });
    made.push(tx);
    const kind = random.below(10);
    if (kind < 6) orphans.add(tx, random.below(3), START + step);
    else if (kind < 7) orphans.removeDoubleSpends(random.pick(made));
    else if (kind < 8) orphans.remove(random.pick(made).txid);
    else if (kind < 9) orphans.removeWithDescendants(random.pick(made).txid);
    else if (random.chance(0.1)) orphans.removeOf(random.below(3));
    const present = made.filter((each) => has(orphans, each));
    expect(orphans.size).toBe(present.length);
    expect(orphans.size).toBeLessThanOrEqual(20);
    for (const { prevout } of random.pick(made).inputs) {
      const waiting = orphans.waitingFor(prevout).map(({ txid }) => hashKey(txid));
      const expected = present.filter(({ inputs }) =>
        inputs.some(
          (input) => input.prevout.index === prevout.index && hashKey(input.prevout.hash) === hashKey(prevout.hash),
        ),
      );
      expect(waiting.sort()).toEqual(expected.map(({ txid }) => hashKey(txid)).sort());
    }
  }
});

test('the inputs of all orphans together are bounded, however few these are', () => {
  const orphans = new OrphanTransactions(100, new SeededRandom(0), START);
  const large = (first: number) => pay(Array.from({ length: 2400 }, (_, i) => ({ hash: fakeHash(first), index: i })));
  const all = Array.from({ length: 50 }, (_, i) => large(i));
  for (const tx of all) orphans.add(tx, 1, START);
  expect(orphans.size).toBe(8);
  expect(has(orphans, all[49])).toBe(true);
  // What left is not waited for any more.
  const waiting = all.filter((_, i) => orphans.waitingFor({ hash: fakeHash(i), index: 7 }).length > 0);
  expect(waiting.every((tx) => has(orphans, tx))).toBe(true);
  expect(waiting).toHaveLength(8);
  for (const tx of waiting) orphans.remove(tx.txid);
  orphans.add(large(60), 1, START);
  expect(orphans.size).toBe(1);
});

test('orphans come back as they came, those left out that were asked for already', () => {
  const orphans = new OrphanTransactions(100, new SeededRandom(0), START);
  const spent = { hash: fakeHash(1), index: 0 };
  const [one, other] = [pay([spent], { values: [1n] }), pay([spent], { values: [2n], witness: [Uint8Array.of(5)] })];
  for (const tx of [one, other]) orphans.add(tx, 1, START);
  expect(orphans.waitingFor(spent).map((tx) => tx.toBytes())).toEqual([one.toBytes(), other.toBytes()]);
  expect(orphans.waitingFor(spent, new Set([one.idKey])).map(({ idKey }) => idKey)).toEqual([other.idKey]);
});
