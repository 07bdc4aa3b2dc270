import { describe, expect, test } from 'vitest';
import { systemWorld } from './system.ts';

const { random, timers } = systemWorld;

describe('system randomness', () => {
  test('below stays below and reaches every value', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 1000; i++) seen.add(random.below(5));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(() => random.below(0)).toThrow(RangeError);
    expect(() => random.below(2 ** 32 + 1)).toThrow(RangeError);
    expect(random.below(1)).toBe(0);
  });

  test('float is in [0, 1) and fills the range', () => {
    const values = Array.from({ length: 2000 }, () => random.float());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(values.filter((value) => value < 0.5).length).toBeGreaterThan(800);
  });

  test('bytes has the asked length', () => {
    expect(random.bytes(33)).toHaveLength(33);
  });
});

describe('system timers', () => {
  test('a cancelled timer does not fire', async () => {
    let fired = '';
    const keepAlive = setInterval(() => undefined, 50);
    await new Promise<void>((resolve) => {
      const cancelled = timers.after(1, () => {
        fired += 'cancelled';
      });
      cancelled.cancel();
      timers.soon(() => {
        fired += 'soon ';
      });
      timers.after(20, () => {
        fired += 'after';
        resolve();
      });
    });
    clearInterval(keepAlive);
    expect(fired).toBe('soon after');
  });
});
