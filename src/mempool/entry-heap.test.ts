import { expect, test } from 'vitest';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { EntryHeap } from './entry-heap.ts';
import { PoolEntry } from './pool-entry.ts';
import { fakeHash } from './testing/fake-dag.ts';
import { pay } from './testing/payments.ts';

function entry(number: number, fee: number): PoolEntry {
  const transaction = pay([{ hash: fakeHash(number), index: 0 }]);
  const facts = { transaction, fee: BigInt(fee), sigOpCost: 0, startingPriority: 0, spent: [], height: 0, time: 0 };
  return new PoolEntry(facts, number);
}

test('under random additions, removals and changes the first is the one worth least, the youngest of equals', () => {
  const random = new SeededRandom('heap');
  const heap = new EntryHeap();
  const all: PoolEntry[] = [];
  for (let step = 0; step < 5000; step++) {
    const kind = random.below(10);
    if (kind < 5 || all.length === 0) {
      const added = entry(step, random.below(20));
      all.push(added);
      heap.add(added);
    } else if (kind < 8) {
      const [removed] = all.splice(random.below(all.length), 1);
      heap.remove(removed);
      expect(removed.heapIndex).toBe(-1);
    } else {
      const changed = random.pick(all);
      changed.familyFee = random.below(100);
      heap.update(changed);
    }
    expect(heap.size).toBe(all.length);
    const order = [...all].sort((a, b) => a.score - b.score || b.sequence - a.sequence);
    expect(heap.first).toBe(order[0]);
    expect(heap.firstScore).toBe(order[0]?.score ?? 0);
  }
});
