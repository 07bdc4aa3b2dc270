import { expect, test } from 'vitest';
import { RateMeter } from './rate-meter.ts';

test('averages over ten seconds and forgets what is older', () => {
  let now = 500;
  const meter = new RateMeter({ monotonic: () => now });
  expect(meter.perSecond()).toBe(0);
  meter.count();
  meter.count();
  expect(meter.perSecond()).toBe(2);
  now += 4000;
  for (let i = 0; i < 8; i++) meter.count();
  expect(meter.perSecond()).toBe(2);
  now += 8000;
  expect(meter.perSecond()).toBe(0.8);
  now += 60_000;
  expect(meter.perSecond()).toBe(0);
  meter.count();
  expect(meter.perSecond()).toBe(0.1);
});
