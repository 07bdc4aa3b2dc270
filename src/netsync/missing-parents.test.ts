import { expect, test } from 'vitest';
import { hashKey } from '../util/hash.ts';
import { MAX_MISSING_PARENTS } from './limits.ts';
import { MissingParents } from './missing-parents.ts';

const hash = (n: number) => {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32LE(n);
  return bytes;
};

test('a hole is listed once however many orphans wait for it, and goes with the last of them', () => {
  const missing = new MissingParents();
  missing.add(hash(1), [hash(10), hash(11)], 0);
  missing.add(hash(2), [hash(10)], 0);
  expect(missing.due(0)).toEqual([hashKey(hash(10)), hashKey(hash(11))]);
  missing.prune((orphan) => orphan[0] === 2, 0);
  expect(missing.due(0)).toEqual([hashKey(hash(10))]);
  missing.remove(hashKey(hash(10)));
  expect(missing.size).toBe(0);
});

test('with more orphans than are remembered a hole stays until none of them can live any more', () => {
  const missing = new MissingParents();
  for (let i = 0; i < 20; i++) missing.add(hash(i), [hash(100)], 1000);
  missing.prune(() => false, 2000);
  expect(missing.size).toBe(1);
  missing.prune(() => false, 3_700_000);
  expect(missing.size).toBe(0);
});

test('is bounded: the oldest are forgotten, so nobody can keep others out', () => {
  const missing = new MissingParents();
  for (let i = 0; i < 100; i++) {
    const parents = Array.from({ length: 400 }, (_, j) => hash(1000 + i * 400 + j));
    missing.add(hash(i), parents, 0);
  }
  expect(missing.size).toBe(MAX_MISSING_PARENTS);
  expect(missing.has(hashKey(hash(1000)))).toBe(false);
  expect(missing.has(hashKey(hash(1000 + 99 * 400)))).toBe(true);
});

test('what nobody has is asked for ever more rarely, until another orphan names it', () => {
  const missing = new MissingParents();
  const key = hashKey(hash(1));
  missing.add(hash(9), [hash(1)], 0);
  const asked: number[] = [];
  const ask = (now: number) => {
    asked.push(now);
    missing.asked(key, now, 4000);
    missing.freed(key, now + 1);
  };
  for (let now = 0; now < 3_600_000; now += 1000) if (missing.due(now).length > 0) ask(now);
  expect(asked.slice(0, 12)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 15, 31, 63, 127].map((seconds) => seconds * 1000));
  expect(asked.length).toBeLessThan(22);
  missing.add(hash(10), [hash(1)], 3_600_000);
  expect(missing.due(3_600_000)).toEqual([key]);
});
