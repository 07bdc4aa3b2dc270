import { expect, test } from 'vitest';
import { FreeRelayLimiter } from './free-relay-limiter.ts';

test('takes what fits into the decaying window', () => {
  const limiter = new FreeRelayLimiter(0.04);
  const start = 1_800_000_000;
  // A limit of 400 bytes: the counter is compared before a transaction is added to it.
  expect([191, 191, 192, 191].map((size) => limiter.take(size, start))).toEqual([true, true, true, false]);
  expect(limiter.take(191, start + 100)).toBe(false);
  expect(limiter.take(191, start + 300)).toBe(true);
});

test('a limit of zero lets nothing pass', () => {
  expect(new FreeRelayLimiter(0).take(1, 1_800_000_000)).toBe(false);
});
