import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../params/index.ts';
import { durationToMilliseconds, formatDuration } from './duration-text.ts';

test('milliseconds are fractional', () => {
  expect(durationToMilliseconds(parseDuration('1.5s'))).toBe(1500);
  expect(durationToMilliseconds(parseDuration('1us'))).toBe(0.001);
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
