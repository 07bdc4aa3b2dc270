import { describe, expect, test } from 'vitest';
import { AdjustedTime } from './adjusted-time.ts';
import { formatTime } from './go-time.ts';
import { TestClock } from './testing/fixture.ts';

const clock = new TestClock();
const now = Math.floor(clock.now() / 1000);

function withSamples(offsets: readonly number[]): AdjustedTime {
  const time = new AdjustedTime(clock);
  for (const [i, offset] of offsets.entries()) time.addSample(`peer ${i}`, now + offset);
  return time;
}

describe('adjusted time', () => {
  test('moves by the median of five or more samples of an odd number', () => {
    expect(withSamples([10, 10, 10, 10]).now()).toBe(now);
    expect(withSamples([10, -7, 30, 20, 12]).now()).toBe(now + 12);
    // The sixth changes nothing, the seventh does.
    expect(withSamples([10, -7, 30, 20, 12, 500]).offset).toBe(12);
    expect(withSamples([10, -7, 30, 20, 12, 500, 500]).offset).toBe(20);
  });

  test('a median of 70 minutes and more is not believed', () => {
    expect(withSamples(Array(5).fill(4199)).offset).toBe(4199);
    expect(withSamples(Array(5).fill(4200)).offset).toBe(0);
    expect(withSamples([...Array(5).fill(-100), ...Array(8).fill(-5000)]).offset).toBe(0);
  });

  test('one sample a source, and nothing moves any more once there are 200', () => {
    const time = new AdjustedTime(clock);
    for (let i = 0; i < 9; i++) time.addSample('one', now + 100);
    expect(time.offset).toBe(0);
    for (let i = 0; i < 198; i++) time.addSample(`peer ${i}`, now + 50);
    expect(time.offset).toBe(50);
    for (let i = 0; i < 400; i++) time.addSample(`late ${i}`, now + 60);
    expect(time.offset).toBe(50);
  });
});

test('times are printed as reject texts have them', () => {
  expect(formatTime(1_700_006_240)).toBe('2023-11-14 23:57:20 +0000 UTC');
  expect(formatTime(0)).toBe('1970-01-01 00:00:00 +0000 UTC');
  expect(formatTime(4_294_967_295)).toBe('2106-02-07 06:28:15 +0000 UTC');
});
