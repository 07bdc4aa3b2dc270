import { expect, test } from 'vitest';
import { hashKey } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import type { OutPoint, Transaction } from '../wire/index.ts';
import { MAX_COUNTED_ANCESTORS } from './families.ts';
import { PoolEntry } from './pool-entry.ts';
import { fakeHash } from './testing/fake-dag.ts';
import { pay } from './testing/payments.ts';
import { TransactionGraph } from './transaction-graph.ts';

function entryOf(transaction: Transaction, fee: number, sequence: number): PoolEntry {
  const facts = { transaction, fee: BigInt(fee), sigOpCost: 0, startingPriority: 0, spent: [], height: 0, time: 0 };
  const entry = new PoolEntry(facts, sequence);
  entry.valueSum = fee * 3;
  entry.valueHeightSum = fee * 7;
  return entry;
}

/** Adds an entry with the parents that the graph has. */
function add(graph: TransactionGraph, entry: PoolEntry, tx: Transaction): void {
  graph.add(
    entry,
    tx,
    tx.inputs.flatMap(({ prevout }) => graph.get(hashKey(prevout.hash)) ?? []),
  );
}

/** The sums of a family, counted one by one. */
function checkFamily(graph: TransactionGraph, entry: PoolEntry): void {
  const family = graph.withDescendants(entry);
  expect(entry.familyFee).toBe(family.reduce((sum, { feeValue }) => sum + feeValue, 0));
  expect(entry.familySize).toBe(family.reduce((sum, { virtualSize }) => sum + virtualSize, 0));
}

/** The table of figures, compared with the entries. */
function checkRanking({ ranking }: TransactionGraph, all: ReadonlyMap<string, PoolEntry>): void {
  expect(ranking.rows).toBe(all.size);
  for (const entry of all.values()) {
    const { row } = entry;
    expect(ranking.entry(row)).toBe(entry);
    expect([ranking.feeRates[row], ranking.weights[row], ranking.sequences[row], ranking.roots[row]]).toEqual([
      entry.feeRateValue,
      entry.weight,
      entry.sequence,
      entry.parents ? 0 : 1,
    ]);
    expect([ranking.valueSums[row], ranking.valueHeightSums[row]]).toEqual([entry.valueSum, entry.valueHeightSum]);
  }
}

test('links, sums, figures and the worst entry stay right under random changes', () => {
  const random = new SeededRandom('graph');
  const graph = new TransactionGraph();
  const all = new Map<string, PoolEntry>();
  const gone: PoolEntry[] = [];
  let funds = 0;
  for (let step = 0; step < 3000; step++) {
    if (all.size < 5 || (random.chance(0.6) && all.size < MAX_COUNTED_ANCESTORS)) {
      const free: OutPoint[] = [...all.values()].flatMap(({ transaction }) =>
        transaction.outputs.map((_, index) => ({ hash: transaction.txid, index })).filter((o) => !graph.spenderOf(o)),
      );
      const prevouts = new Map<string, OutPoint>();
      for (let left = random.between(1, 3); left > 0; left--) {
        const outpoint =
          free.length > 0 && random.chance(0.7) ? random.pick(free) : { hash: fakeHash(funds++), index: 0 };
        prevouts.set(`${outpoint.hash.join()} ${outpoint.index}`, outpoint);
      }
      const tx = pay([...prevouts.values()], { values: Array.from({ length: random.between(1, 3) }, () => 5n) });
      const entry = entryOf(tx, random.below(5000), step);
      add(graph, entry, tx);
      all.set(entry.key, entry);
    } else if (random.chance(0.5)) {
      for (const entry of graph.withDescendants(random.pick([...all.values()])).reverse()) {
        graph.remove(entry);
        all.delete(entry.key);
      }
    } else {
      // What is confirmed has no parents in the pool; its children stay. Later it may come back.
      const entry = random.pick([...all.values()].filter(({ parents }) => !parents));
      graph.remove(entry);
      all.delete(entry.key);
      gone.push(entry);
      if (random.chance(0.3)) {
        const returning = random.pick(gone.splice(0));
        const { transaction } = returning;
        if (!transaction.inputs.some(({ prevout }) => graph.spenderOf(prevout))) {
          const again = entryOf(transaction, returning.feeValue, step);
          add(graph, again, transaction);
          all.set(again.key, again);
        }
      }
    }
    expect([...graph.entries()].map(({ key }) => key).sort()).toEqual([...all.keys()].sort());
    expect(graph.usage).toBe([...all.values()].reduce((sum, { usage }) => sum + usage, 0));
    expect(graph.bytes).toBe([...all.values()].reduce((sum, { size }) => sum + size, 0));
    for (const entry of all.values()) checkFamily(graph, entry);
    if (step % 10 === 0) checkRanking(graph, all);
    const order = [...all.values()].sort((a, b) => a.score - b.score || b.sequence - a.sequence);
    expect(graph.worst).toBe(order[0]);
  }
});

test('a chain of any length costs each new member a bounded number of updates', () => {
  const graph = new TransactionGraph();
  let outpoint: OutPoint = { hash: fakeHash(0), index: 0 };
  const entries: PoolEntry[] = [];
  for (let i = 0; i < 2000; i++) {
    const tx = pay([outpoint]);
    const entry = entryOf(tx, 100, i);
    add(graph, entry, tx);
    entries.push(entry);
    outpoint = { hash: tx.txid, index: 0 };
  }
  expect(entries.at(-1)?.countedIn).toHaveLength(MAX_COUNTED_ANCESTORS);
  expect(entries[0].familyFee).toBe(100 * (MAX_COUNTED_ANCESTORS + 1));
  expect(graph.withDescendants(entries[0])).toHaveLength(2000);
  for (const entry of entries) graph.remove(entry);
  expect([graph.size, graph.usage, graph.bytes]).toEqual([0, 0, 0]);
});
