import { expect, test } from 'vitest';
import { templatePolicy } from './policy.ts';

test('defaults', () => {
  expect(templatePolicy()).toEqual({
    blockMinWeight: 0,
    blockMaxWeight: 3_001_560,
    blockPrioritySize: 50_000,
    minFeeRate: 1000n,
  });
});

test('a changed size moves the weight, a changed weight frees the size, both changed stay', () => {
  expect(templatePolicy({ blockMaxSize: 10_000 })).toMatchObject({ blockMaxWeight: 40_000, blockPrioritySize: 10_000 });
  expect(templatePolicy({ blockMaxWeight: 8000, blockPrioritySize: 900_000 })).toMatchObject({
    blockMaxWeight: 8000,
    blockPrioritySize: 900_000,
  });
  expect(templatePolicy({ blockMaxSize: 2000, blockMaxWeight: 9000 })).toMatchObject({
    blockMaxWeight: 9000,
    blockPrioritySize: 2000,
  });
});

test('smaller limits are capped by larger ones', () => {
  expect(templatePolicy({ blockMinWeight: 50_000, blockMaxWeight: 8000 }).blockMinWeight).toBe(8000);
  expect(templatePolicy({ blockPrioritySize: 990_000 }).blockPrioritySize).toBe(750_000);
});
