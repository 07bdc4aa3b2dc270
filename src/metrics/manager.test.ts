import { describe, expect, test } from 'vitest';
import type { Hash } from '../util/hash.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { Histogram, Registry } from './instruments.ts';
import { MetricsManager, type MetricsOptions } from './manager.ts';

function setUp(options: MetricsOptions = {}) {
  const world = new VirtualWorld();
  const metrics = new MetricsManager(options, { timers: world.timers });
  metrics.start();
  return { world, metrics };
}

const hashOf = (n: number): Hash => new Uint8Array(32).fill(n);

describe('block metrics', () => {
  test('start empty', () => {
    const { metrics } = setUp();
    expect(metrics.blockMetrics()).toEqual({ count: 0, hashes: [], times: [] });
  });

  test('are visible at once, before the scheduled turn', () => {
    const { metrics } = setUp();
    metrics.solveTime.send(1.25);
    metrics.solveCount.send(1);
    metrics.solveHash.send(hashOf(7));
    expect(metrics.blockMetrics()).toEqual({ count: 1, hashes: [hashOf(7)], times: [1.25] });
  });

  test('are taken in by the scheduled turn', async () => {
    const { world, metrics } = setUp();
    metrics.solveTime.send(2000);
    await world.settle();
    const histogram = metrics.registry.snapshot().find(({ name }) => name === 'soterd_mining_solve_seconds');
    expect(histogram).toMatchObject({ count: 1, sum: 2 });
  });

  test('keep the newest 5000 times in order', () => {
    const { metrics } = setUp();
    for (let i = 0; i < 12_345; i++) metrics.solveTime.send(i);
    const { times } = metrics.blockMetrics();
    expect(times).toEqual(Array.from({ length: 5000 }, (_, i) => 12_345 - 5000 + i));
  });

  test('keep a bounded number of hashes and count on', () => {
    const { metrics } = setUp({ hashesKept: 3 });
    for (let i = 0; i < 8; i++) {
      metrics.solveCount.send(1);
      metrics.solveHash.send(hashOf(i));
    }
    expect(metrics.blockMetrics()).toMatchObject({ count: 8, hashes: [hashOf(5), hashOf(6), hashOf(7)] });
  });

  test('buffers are bounded and lose nothing when full', () => {
    const { world, metrics } = setUp({ channelCapacity: 4 });
    for (let i = 0; i < 10_001; i++) metrics.solveCount.send(1);
    // One scheduled turn per drain at most, though no turn has run yet.
    expect(world.pendingTimers).toBeLessThanOrEqual(10_001 / 4 + 1);
    expect(metrics.blockMetrics().count).toBe(10_001);
  });

  test('nothing is counted before start and after stop, what was measured stays', async () => {
    const world = new VirtualWorld();
    const metrics = new MetricsManager({}, { timers: world.timers });
    metrics.solveCount.send(1);
    metrics.start();
    metrics.solveCount.send(1);
    await metrics.stop();
    await metrics.stop();
    metrics.solveCount.send(1);
    expect(metrics.blockMetrics().count).toBe(1);
    expect(metrics.ignored).toBe(2);
    await world.settle();
    expect(world.pendingTimers).toBe(0);
  });
});

describe('instruments', () => {
  test('snapshot in order of registration', () => {
    const registry = new Registry();
    const counter = registry.counter('a_total', 'A');
    const gauge = registry.gauge('b', 'B');
    let read = 0;
    registry.observed('gauge', 'c', 'C', () => read);
    counter.add();
    counter.add(2);
    gauge.set(5);
    read = 9;
    expect(registry.snapshot()).toEqual([
      { kind: 'counter', name: 'a_total', help: 'A', value: 3 },
      { kind: 'gauge', name: 'b', help: 'B', value: 5 },
      { kind: 'gauge', name: 'c', help: 'C', value: 9 },
    ]);
  });

  test('a histogram counts cumulatively, bounds inclusive', () => {
    const registry = new Registry();
    const histogram = registry.histogram('h', 'H', [1, 2, 4]);
    for (const value of [0.5, 1, 1.5, 4, 4.1]) histogram.observe(value);
    expect(registry.snapshot()).toEqual([
      {
        kind: 'histogram',
        name: 'h',
        help: 'H',
        count: 5,
        sum: 11.1,
        buckets: [
          { bound: 1, count: 2 },
          { bound: 2, count: 3 },
          { bound: 4, count: 4 },
        ],
      },
    ]);
  });

  test('names are unique and plain, bounds ascend', () => {
    const registry = new Registry();
    registry.counter('x', '');
    expect(() => registry.gauge('x', '')).toThrow('already registered');
    expect(() => registry.gauge('Not a name', '')).toThrow('bad metric name');
    expect(() => new Histogram([1, 1])).toThrow('ascend');
  });
});
