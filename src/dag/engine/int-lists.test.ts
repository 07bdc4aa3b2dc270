import { expect, test } from 'vitest';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import { IntLists } from './int-lists.ts';

function read(lists: IntLists, id: number): number[] {
  const length = lists.length(id);
  if (length === 0) return [];
  const first = lists.baseOf(id) + 1;
  return Array.from(lists.dataOf(id).subarray(first, first + length));
}

test('many lists growing side by side, short and long, keep their entries', () => {
  const random = new SeededRandom('int-lists');
  const lists = new IntLists();
  const expected: number[][] = [];
  for (let step = 0; step < 60_000; step++) {
    if (step % 20 === 0) {
      expected.push([]);
      lists.ensure(expected.length);
    }
    // A few favourites grow long.
    const id = random.chance(0.3) ? random.below(3) % expected.length : random.below(expected.length);
    const list = expected[id]!;
    const at = random.below(list.length + 1);
    const value = random.uint32() | 0;
    lists.insertAt(id, at, value);
    list.splice(at, 0, value);
  }
  expected.forEach((list, id) => {
    expect(read(lists, id)).toEqual(list);
  });
  expect(expected[0]!.length).toBeGreaterThan(5000);
});

test('freed places are used again', () => {
  const lists = new IntLists();
  const count = 100_000;
  for (let id = 0; id < count; id++) {
    lists.ensure(id + 1);
    for (let entry = 0; entry < 16; entry++) lists.insertAt(id, entry, entry);
  }
  expect(lists.bytes / count).toBeLessThan(80);
});

test('empty lists cost their handle only', () => {
  const lists = new IntLists();
  lists.ensure(1_000_000);
  expect(lists.length(999_999)).toBe(0);
  expect(lists.bytes).toBeLessThan(4_100_000);
});
