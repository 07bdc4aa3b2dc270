import { expect, test } from 'vitest';
import { DynamicBanScore } from './ban-score.ts';

function setup() {
  const time = { seconds: 1_800_000_000 };
  return { time, score: new DynamicBanScore({ now: () => time.seconds * 1000, monotonic: () => 0 }) };
}

test('the persistent part stays, the transient part halves every minute', () => {
  const { time, score } = setup();
  expect(score.value).toBe(0);
  expect(score.increase(10, 64)).toBe(74);
  for (const expected of [42, 26, 18, 14, 12, 11, 10]) {
    time.seconds += 60;
    expect(score.value).toBe(expected);
  }
});

test('after half an hour nothing transient is left, and clocks may go back', () => {
  const { time, score } = setup();
  score.increase(1, 2 ** 40);
  time.seconds += 1_801;
  expect(score.value).toBe(1);
  score.increase(0, 50);
  time.seconds -= 10;
  expect(score.value).toBe(1);
  score.reset();
  expect(score.value).toBe(0);
});

test('four requests of 33 points within seconds exceed 100', () => {
  const { time, score } = setup();
  expect(
    [1, 2, 3, 4].map(() => {
      time.seconds++;
      return score.increase(0, 33) > 100;
    }),
  ).toEqual([false, false, false, true]);
});
