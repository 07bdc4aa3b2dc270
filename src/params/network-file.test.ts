import { describe, expect, test } from 'vitest';
import { parseDuration } from './duration.ts';
import { parseNetworkFile } from './network-file.ts';

describe('custom network file', () => {
  const file = (...lines: string[]) => parseNetworkFile(lines.join('\n'), 'net.conf');

  test('changes the times of a built-in network', () => {
    const params = file('[Soter Net Options]', 'Name = regtest', 'TargetTimespan=1m', 'TargetTimePerBlock = "1500ms"');
    expect(params.name).toBe('regtest');
    expect([params.targetTimespan, params.targetTimePerBlock, params.blocksPerRetarget]).toEqual([60, 1.5, 40]);
    expect(params.p2pPort).toBe(18_444);
  });

  test.each([
    [['Name=simnet', 'TargetTimespan=1m'], 'net.conf: TargetTimePerBlock is missing'],
    [['Name=simnet', 'TargetTimePerBlock=1m'], 'net.conf: TargetTimespan is missing'],
    [
      ['Name=simnet', 'TargetTimespan=1m', 'TargetTimePerBlock=0s'],
      'TargetTimePerBlock must be at least one millisecond',
    ],
    [['Name=simnet', 'TargetTimespan=1s', 'TargetTimePerBlock=2s'], 'must not be shorter than TargetTimePerBlock'],
    [['Name=Simnet'], "doesn't know what to do with net name Simnet"],
    [['Name=simnet', '# comment', 'Bogus=1'], 'net.conf:3: unknown option: Bogus'],
  ])('%j is refused', (lines, message) => {
    expect(() => file(...lines)).toThrow(message);
  });
});

describe('durations', () => {
  test.each([
    ['336h0m0s', 1_209_600_000_000_000n],
    ['1h30m', 5_400_000_000_000n],
    ['1.5s', 1_500_000_000n],
    ['.5ms', 500_000n],
    ['5.s', 5_000_000_000n],
    ['-2us', -2000n],
    ['+3µs', 3000n],
    ['0', 0n],
    ['0.9ns', 0n],
  ])('%s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  test.each([
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['abc', 'time: invalid duration "abc"'],
    ['.s', 'time: invalid duration ".s"'],
    ['600', 'time: missing unit in duration "600"'],
    ['3x', 'time: unknown unit "x" in duration "3x"'],
    ['9999999h', 'time: invalid duration "9999999h"'],
    ['1h2', 'time: missing unit in duration "1h2"'],
  ])('%s is none', (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });
});
