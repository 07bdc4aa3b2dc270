import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatShort, priorityAt, prioritySize } from './priority.ts';
import { outputOf, pay } from './testing/payments.ts';

const CONFIRMED = { value: 100_000_000n, pkScript: new Uint8Array(0), height: 100, isCoinbase: false };

test('numbers are printed like soterd 2.1.1 prints them', () => {
  const texts: [number, string][] = [
    [0, '0'],
    [1, '1'],
    [0.5, '0.5'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [123456, '123456'],
    [123456.75, '123456.75'],
    [999999.5, '999999.5'],
    [1000000, '1e+06'],
    [2272727.272727273, '2.272727272727273e+06'],
    [576000000, '5.76e+08'],
    [1e100, '1e+100'],
  ];
  for (const [value, text] of texts) expect(formatShort(value)).toBe(text);
});

test('printed numbers read back as the same number', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), (value) => {
      expect(Number(formatShort(value))).toBe(value);
    }),
  );
});

test('priority is value times age over the size without the free part of inputs', () => {
  const parent = pay([{ hash: new Uint8Array(32), index: 0 }]);
  const tx = pay([outputOf(parent), outputOf(parent, 1)], { signatureScript: new Uint8Array(107) });
  // 10 bytes, an output of 10 bytes, and of each input 149 bytes 41 + 107 are free.
  expect(prioritySize(tx)).toBe(tx.size - 2 * 148);
  const spent = [
    { output: CONFIRMED, parent: undefined },
    { output: { ...CONFIRMED, height: 90 }, parent: undefined },
  ];
  expect(priorityAt(tx, spent, 110)).toBe((100_000_000 * 10 + 100_000_000 * 20) / prioritySize(tx));
});

test('a signature script over 110 bytes counts, and free inputs can make the priority zero', () => {
  const outpoint = { hash: new Uint8Array(32), index: 0 };
  const long = pay([outpoint], { signatureScript: new Uint8Array(200) });
  expect(prioritySize(long)).toBe(long.size - 151);
  const many = pay(
    Array.from({ length: 30 }, (_, index) => ({ hash: new Uint8Array(32), index })),
    { values: [] },
  );
  expect(prioritySize(many)).toBe(10);
  const witness = pay([outpoint], { values: [], witness: [] });
  expect(priorityAt(witness, [{ output: CONFIRMED, parent: undefined }], 100)).toBe(0);
});
