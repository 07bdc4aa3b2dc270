import fc from 'fast-check';
import { expect, test } from 'vitest';
import { amountToUnit, coinsToNano, formatAmount } from './amount.ts';

test('every valid amount survives the way through coins', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -2_100_000_000_000_000n, max: 2_100_000_000_000_000n }), (nano) => {
      expect(coinsToNano(amountToUnit(nano))).toBe(nano);
      expect(coinsToNano(Number(formatAmount(nano).split(' ')[0]))).toBe(nano);
    }),
  );
});

test('text has no exponent, however small or large', () => {
  expect(formatAmount(1n)).toBe('0.000000001 SOTO');
  expect(formatAmount(-1n, 6)).toBe('-0.000000000000001 MSOTO');
  expect(formatAmount(9_223_372_036_854_775_807n, -30, 4)).toMatch(/^\d+\.0{21} 1e-30 SOTER$/u);
});

test('what is no number is no amount', () => {
  expect(() => coinsToNano(Number.NaN)).toThrow('invalid soter amount');
});
