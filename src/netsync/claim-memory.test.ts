import { expect, test } from 'vitest';
import { ClaimMemory } from './claim-memory.ts';

test('a record is kept for an hour and can be cleared', () => {
  const memory = new ClaimMemory();
  memory.left('a', 3, 0);
  expect(memory.failuresOf('a', 3_599_999)).toBe(3);
  expect(memory.failuresOf('a', 3_600_000)).toBe(0);
  expect(memory.failuresOf('b', 0)).toBe(0);
  memory.left('a', 0, 10);
  expect(memory.failuresOf('a', 10)).toBe(0);
});

test('a thousand hosts are remembered, the oldest is forgotten first', () => {
  const memory = new ClaimMemory();
  for (let i = 0; i <= 1000; i++) memory.left(`host ${i}`, 1, i);
  expect(memory.size).toBe(1000);
  expect(memory.failuresOf('host 0', 2000)).toBe(0);
  expect(memory.failuresOf('host 1', 2000)).toBe(1);
});
