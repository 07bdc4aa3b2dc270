import { expect, test } from 'vitest';
import { ZERO_HASH } from '../util/hash.ts';
import { InvType, inventoryKey } from './inventory.ts';

test('the key of inventory names type and hash, not the height somebody claims', () => {
  const vector = { type: InvType.block, hash: ZERO_HASH, height: 1 };
  expect(inventoryKey({ ...vector, height: 2 })).toBe(inventoryKey(vector));
  expect(inventoryKey({ ...vector, type: InvType.tx })).not.toBe(inventoryKey(vector));
  expect(inventoryKey({ ...vector, hash: ZERO_HASH.with(31, 1) })).not.toBe(inventoryKey(vector));
});
