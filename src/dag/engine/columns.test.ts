import { expect, test } from 'vitest';
import { Int32Column, Uint8Column, Uint32Column } from './columns.ts';

test.each([
  ['Int32Column', new Int32Column(), (row: number) => (row % 2 === 0 ? row : -row)],
  ['Uint32Column', new Uint32Column(), (row: number) => (row * 2_654_435_761) >>> 0],
  ['Uint8Column', new Uint8Column(), (row: number) => row & 0xff],
])('%s keeps every value while it grows, new rows read as 0', (_name, column, valueAt) => {
  const rows = 70_000;
  for (let row = 0; row < rows; row++) {
    column.ensure(row + 1);
    expect(column.get(row)).toBe(0);
    column.set(row, valueAt(row));
  }
  for (let row = 0; row < rows; row++) if (column.get(row) !== valueAt(row)) expect.fail(`row ${row}`);
});

test('growth by leaps, and little memory for little data', () => {
  const column = new Int32Column();
  expect(column.bytes).toBeLessThan(1024);
  column.ensure(1_000_000);
  column.set(999_999, 7);
  expect(column.get(999_999)).toBe(7);
  expect(column.get(500_000)).toBe(0);
  expect(column.bytes).toBeLessThan(4_100_000);
});
