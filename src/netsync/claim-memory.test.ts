import { expect, test } from 'vitest';
import { ClaimMemory } from './claim-memory.ts';

const record = (failures: number, distrustUntil = 0) => ({ failures, distrustUntil });

test('a record is kept for an hour and can be cleared', () => {
  const memory = new ClaimMemory();
  memory.left('a', record(3, 70), false, 0);
  expect(memory.recordOf('a', 3_599_999)).toEqual(record(3, 70));
  expect(memory.recordOf('a', 3_600_000).failures).toBe(0);
  expect(memory.recordOf('b', 0).failures).toBe(0);
  memory.left('a', record(0), true, 10);
  expect(memory.recordOf('a', 10).failures).toBe(0);
});

test('a second connection that claims nothing does not clear the record of the first', () => {
  const memory = new ClaimMemory();
  memory.left('a', record(3, 70), false, 0);
  memory.left('a', record(0), false, 1);
  memory.left('a', record(1, 90), false, 2);
  expect(memory.recordOf('a', 3)).toEqual(record(3, 90));
});

test('a thousand hosts are remembered, the oldest is forgotten first', () => {
  const memory = new ClaimMemory();
  for (let i = 0; i <= 1000; i++) memory.left(`host ${i}`, record(1), false, i);
  expect(memory.size).toBe(1000);
  expect(memory.recordOf('host 0', 2000).failures).toBe(0);
  expect(memory.recordOf('host 1', 2000).failures).toBe(1);
});
