import { expect, test } from 'vitest';
import { sipHash24, sipKey } from './siphash.ts';

/** Of the reference implementation: key 00..0f, messages 00, 00 01, … of the lengths 0 to 15. */
const VECTORS = [
  '726fdb47dd0e0e31',
  '74f839c593dc67fd',
  '0d6c8009d9a94f5a',
  '85676696d7fb7e2d',
  'cf2794e0277187b7',
  '18765564cd99a68d',
  'cbc9466e58fee3ce',
  'ab0200f58b01d137',
  '93f5f5799a932462',
  '9e0082df0ba9e4b0',
  '7a5dbbc594ddb9f3',
  'f4b32f46226bada7',
  '751e8fbc860ee5fb',
  '14ea5627c0843d90',
  'f723ca908e7af2ee',
  'a129ca6149be45e5',
];

test.each(VECTORS.map((hash, length) => [length, hash] as const))('SipHash-2-4 of %i bytes', (length, hash) => {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => i);
  expect(sipHash24(sipKey(bytes), bytes.subarray(0, length)).toString(16).padStart(16, '0')).toBe(hash);
});
