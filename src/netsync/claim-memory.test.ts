import { expect, test } from 'vitest';
import { ClaimMemory } from './claim-memory.ts';

test('a record is kept for an hour and can be cleared', () => {
  const memory = new ClaimMemory();
  memory.left('a', { failures: 3, distrustUntil: 70 }, 0);
  expect(memory.recordOf('a', 3_599_999).failures).toBe(3);
  expect(memory.recordOf('a', 3_599_999).distrustUntil).toBe(70);
  expect(memory.recordOf('a', 3_600_000).failures).toBe(0);
  expect(memory.recordOf('b', 0).failures).toBe(0);
  memory.left('a', { failures: 0, distrustUntil: 0 }, 10);
  expect(memory.recordOf('a', 10).failures).toBe(0);
});

test('a thousand hosts are remembered, the oldest is forgotten first', () => {
  const memory = new ClaimMemory();
  for (let i = 0; i <= 1000; i++) memory.left(`host ${i}`, { failures: 1, distrustUntil: 0 }, i);
  expect(memory.size).toBe(1000);
  expect(memory.recordOf('host 0', 2000).failures).toBe(0);
  expect(memory.recordOf('host 1', 2000).failures).toBe(1);
});
