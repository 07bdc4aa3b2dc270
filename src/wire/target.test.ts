import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashFromHex } from '../util/hash.ts';
import { compactToTarget, hashToTarget, targetToCompact, workFromBits } from './target.ts';

test('a compact target keeps the leading digits and never grows', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.nat(255), (value, shift) => {
      const target = value >> BigInt(shift);
      const back = compactToTarget(targetToCompact(target));
      expect(back <= target).toBe(true);
      expect((target - back) * 0x8000n <= target).toBe(true);
      expect(targetToCompact(back)).toBe(targetToCompact(target));
      expect(compactToTarget(targetToCompact(-target))).toBe(-back);
    }),
  );
});

test.each([
  [0x1d00ffff, 0xffffn << 208n],
  [0x207fffff, 0x7fffffn << 232n],
  [0x01010000, 1n],
  [0x04923456, -0x12345600n],
  [0, 0n],
])('%i is a target', (bits, target) => {
  expect(compactToTarget(bits)).toBe(target);
});

test('work falls as the target grows, and is 0 for a target that no hash can meet', () => {
  expect(workFromBits(0x1d00ffff)).toBe(0x100010001n);
  expect(workFromBits(0x207fffff)).toBe(2n);
  expect(workFromBits(0x04923456)).toBe(0n);
});

test('the integer of a hash is the hex of its display form', () => {
  const display = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f';
  expect(hashToTarget(hashFromHex(display))).toBe(BigInt(`0x${display}`));
});
