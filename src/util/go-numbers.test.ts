import { describe, expect, test } from 'vitest';
import { parseFlexibleInteger, parseGoBool } from './go-numbers.ts';

test('boolean words', () => {
  expect(['1', 't', 'T', 'TRUE', 'true', 'True'].map(parseGoBool)).toEqual(Array(6).fill(true));
  expect(['0', 'f', 'F', 'FALSE', 'false', 'False'].map(parseGoBool)).toEqual(Array(6).fill(false));
  expect(['', 'yes', 'tRUE', '2'].map(parseGoBool)).toEqual(Array(4).fill(undefined));
});

describe('integers with base prefixes', () => {
  test.each([
    ['0', 0n],
    ['10', 10n],
    ['0x10', 16n],
    ['0XfF', 255n],
    ['010', 8n],
    ['0o17', 15n],
    ['0b101', 5n],
    ['1_000', 1000n],
    ['0x_ff', 255n],
    ['-5', -5n],
    ['+5', 5n],
    ['-0x10', -16n],
    ['18446744073709551616', 18446744073709551616n],
  ])('%s', (text, value) => {
    expect(parseFlexibleInteger(text, true)).toBe(value);
  });

  test.each(['', 'abc', '1.5', '1e3', '08', '0x', '_1', '1__0', '1_', '--1', ' 1'])('%s is none', (text) => {
    expect(parseFlexibleInteger(text, true)).toBeUndefined();
  });

  test('unsigned ones have no sign', () => {
    expect(parseFlexibleInteger('-1', false)).toBeUndefined();
    expect(parseFlexibleInteger('+1', false)).toBeUndefined();
  });
});
