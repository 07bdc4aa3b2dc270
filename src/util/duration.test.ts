import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationToMilliseconds, formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  test.each([
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['24h', 86_400_000],
    ['1.5s', 1500],
    ['-2m', -120_000],
    ['+3s', 3000],
    ['.5s', 500],
    ['1us', 0.001],
    ['0', 0],
  ])('%s', (text, milliseconds) => {
    expect(durationToMilliseconds(parseDuration(text))).toBe(milliseconds);
  });

  test.each([
    ['5', 'time: missing unit in duration "5"'],
    ['', 'time: invalid duration ""'],
    ['x', 'time: invalid duration "x"'],
    ['1x', 'time: unknown unit "x" in duration "1x"'],
    ['.s', 'time: invalid duration ".s"'],
    ['1h-3m', 'time: unknown unit "h-" in duration "1h-3m"'],
    ['9999999999h', 'time: invalid duration "9999999999h"'],
  ])('%s is refused', (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });
});

describe('formatDuration', () => {
  test.each([
    ['500ms', '500ms'],
    ['90s', '1m30s'],
    ['24h', '24h0m0s'],
    ['1500ms', '1.5s'],
    ['1500ns', '1.5µs'],
    ['7ns', '7ns'],
    ['0', '0s'],
    ['-1ms', '-1ms'],
  ])('%s is shown as %s', (text, shown) => {
    expect(formatDuration(parseDuration(text))).toBe(shown);
  });

  test('is read back', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 62n), 2n ** 62n), (value) => {
        expect(parseDuration(formatDuration(value))).toBe(value);
      }),
    );
  });
});
