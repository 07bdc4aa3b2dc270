import { expect, test } from 'vitest';
import { ProgressMeter } from './progress.ts';

/** Ticks once a second, with so many blocks in between, one a height. @returns the lines for the log. */
function run(meter: ProgressMeter, seconds: number, pace: number, goal: number, start = 0): (string | undefined)[] {
  const lines: (string | undefined)[] = [];
  for (let second = 0; second < seconds; second++) {
    lines.push(meter.tick(1000 * (start + second), (start + second) * pace, goal));
    for (let i = 0; i < pace; i++) meter.accepted(3);
  }
  return lines;
}

test('says every ten seconds what was done and how long it will take', () => {
  const meter = new ProgressMeter();
  const lines = run(meter, 20, 100, 10_000).filter((line) => line !== undefined);
  expect(lines).toEqual([
    'Processed 900 blocks in the last 9.0s (2700 transactions, height 900 of 10000, 100 blocks/s, about 1m31s left)',
    'Processed 1000 blocks in the last 10.0s (3000 transactions, height 1900 of 10000, 100 blocks/s, about 1m21s left)',
  ]);
});

test('says nothing while nothing happens', () => {
  expect(run(new ProgressMeter(), 30, 0, 10_000)).toEqual(Array.from({ length: 30 }));
});

test('knows no pace before the second sample and after a reset', () => {
  const meter = new ProgressMeter();
  expect(meter.progress(5, 10)).toEqual({ blocksPerSecond: 0, heightsLeft: 5, secondsLeft: undefined });
  run(meter, 3, 10, 100);
  expect(meter.progress(20, 100)).toEqual({ blocksPerSecond: 10, heightsLeft: 80, secondsLeft: 8 });
  meter.reset();
  expect(meter.progress(30, 20)).toEqual({ blocksPerSecond: 0, heightsLeft: 0, secondsLeft: undefined });
});

test.each([
  [0, '0s'],
  [44.2, '45s'],
  [60, '1m'],
  [3600 * 3 + 300, '3h5m'],
  [86_400 * 2 + 3600 * 4, '2d4h'],
])('%d seconds are told as %s', (seconds, text) => {
  const meter = new ProgressMeter();
  const goal = 9 + seconds;
  let line: string | undefined;
  for (let second = 0; second < 10; second++) {
    line = meter.tick(1000 * second, second, goal);
    meter.accepted(1);
  }
  expect(line).toContain(`about ${text} left`);
});
