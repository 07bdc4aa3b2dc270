import { expect, test } from 'vitest';
import { Latency } from './latency.ts';

test('quantiles of the newest durations', () => {
  const latency = new Latency(100);
  expect(latency.quantile(0.5)).toBe(0);
  for (let i = 1000; i > 0; i--) latency.add(i);
  expect(latency.quantile(0)).toBe(1);
  expect(latency.quantile(0.5)).toBe(51);
  expect(latency.quantile(0.95)).toBe(96);
  expect(latency.quantile(1)).toBe(100);
});
