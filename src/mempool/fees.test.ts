import fc from 'fast-check';
import { expect, test } from 'vitest';
import { payToPubKeyHash, payToWitness } from '../script/index.ts';
import { feeRatePerKb, isDust, requiredFee } from './fees.ts';

test('the required fee is proportional, never zero, never above the money limit', () => {
  expect(requiredFee(226, 1000n)).toBe(226n);
  expect(requiredFee(226, 1999n)).toBe(451n);
  expect(requiredFee(1, 100n)).toBe(100n);
  expect(requiredFee(226, 0n)).toBe(0n);
  expect(requiredFee(100_000, 2_000_000_000_000_000n)).toBe(2_100_000_000_000_000n);
  expect(requiredFee(1000, -5n)).toBe(2_100_000_000_000_000n);
});

test('dust begins below three times the cost of an output and its spending', () => {
  const key = payToPubKeyHash(new Uint8Array(20));
  const witnessKey = payToWitness(new Uint8Array(20));
  expect([545n, 546n].map((value) => isDust({ value, pkScript: key }, 1000n))).toEqual([true, false]);
  expect([293n, 294n].map((value) => isDust({ value, pkScript: witnessKey }, 1000n))).toEqual([true, false]);
  expect(isDust({ value: 0n, pkScript: key }, 0n)).toBe(false);
});

test('dust is a threshold: what is above is no dust', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 6n), fc.bigInt(0n, 10n ** 6n), fc.bigInt(0n, 10_000n), (a, b, rate) => {
      const pkScript = payToPubKeyHash(new Uint8Array(20));
      const [low, high] = a < b ? [a, b] : [b, a];
      expect(isDust({ value: high, pkScript }, rate) && !isDust({ value: low, pkScript }, rate)).toBe(false);
    }),
  );
});

test('fee rates are rounded down', () => {
  expect(feeRatePerKb(999n, 1000)).toBe(999n);
  expect(feeRatePerKb(1n, 1001)).toBe(0n);
  expect(feeRatePerKb(2_100_000_000_000_000n, 3)).toBe(700_000_000_000_000_000n);
});
