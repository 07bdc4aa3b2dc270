import { describe, expect, test } from 'vitest';
import type { Hash } from '../util/hash.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { CATALOGUE } from './catalogue.ts';
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
    metrics.channels.solveTime.send(1.25);
    metrics.channels.solveCount.send(1);
    metrics.channels.solveHash.send(hashOf(7));
    expect(metrics.blockMetrics()).toEqual({ count: 1, hashes: [hashOf(7)], times: [1.25] });
  });

  test('are taken in by the scheduled turn', async () => {
    const { world, metrics } = setUp();
    metrics.channels.solveTime.send(2000);
    await world.settle();
    const [histogram] = await metrics.report('soterd_mining_solve_seconds');
    expect(histogram.values).toMatchObject([{ count: 1, sum: 2 }]);
  });

  test('keep the newest 5000 times in order', () => {
    const { metrics } = setUp();
    for (let i = 0; i < 12_345; i++) metrics.channels.solveTime.send(i);
    const { times } = metrics.blockMetrics();
    expect(times).toEqual(Array.from({ length: 5000 }, (_, i) => 12_345 - 5000 + i));
  });

  test('keep a bounded number of hashes and count on', () => {
    const { metrics } = setUp({ hashesKept: 3 });
    for (let i = 0; i < 8; i++) {
      metrics.channels.solveCount.send(1);
      metrics.channels.solveHash.send(hashOf(i));
    }
    expect(metrics.blockMetrics()).toMatchObject({ count: 8, hashes: [hashOf(5), hashOf(6), hashOf(7)] });
  });

  test('buffers are bounded and lose nothing when full', () => {
    const { world, metrics } = setUp({ channelCapacity: 4 });
    for (let i = 0; i < 10_001; i++) metrics.channels.solveCount.send(1);
    // One scheduled turn per drain at most, though no turn has run yet.
    expect(world.pendingTimers).toBeLessThanOrEqual(10_001 / 4 + 1);
    expect(metrics.blockMetrics().count).toBe(10_001);
  });

  test('nothing is counted before start and after stop, what was measured stays', async () => {
    const world = new VirtualWorld();
    const metrics = new MetricsManager({}, { timers: world.timers });
    metrics.channels.solveCount.send(1);
    metrics.start();
    metrics.channels.solveCount.send(1);
    await metrics.stop();
    await metrics.stop();
    metrics.channels.solveCount.send(1);
    expect(metrics.blockMetrics().count).toBe(1);
    expect(metrics.ignored).toBe(2);
    await world.settle();
    expect(world.pendingTimers).toBe(0);
  });
});

describe('metrics', () => {
  test('are those of the catalogue, in its order, and all begin empty', async () => {
    const { metrics } = setUp();
    const reports = await metrics.report();
    expect(reports.map(({ name }) => name)).toEqual(Object.keys(CATALOGUE));
    const [blocks, refusals] = await metrics.report('soterd_mining_blocks');
    expect(blocks).toEqual({
      name: 'soterd_mining_blocks_total',
      kind: 'counter',
      help: 'Blocks mined and accepted',
      values: [{ labels: {}, value: 0 }],
    });
    expect(refusals).toBeUndefined();
    expect((await metrics.report('soterd_dag_refusals'))[0].values).toEqual([]);
  });

  test('measurements are counted by their labels', async () => {
    const { metrics } = setUp();
    const { block, call } = metrics.channels;
    block.send({ milliseconds: 0.2, outcome: 'accepted', blocks: 3 });
    block.send({ milliseconds: 0.3, outcome: 'refused', blocks: 1, rule: 'ErrBadMerkleRoot' });
    block.send({ milliseconds: 4000, outcome: 'refused', blocks: 1, rule: 'ErrBadMerkleRoot' });
    call.send({ method: 'getblock', milliseconds: 1, failed: false });
    const [processed] = await metrics.report('soterd_dag_blocks_processed_total');
    expect(processed.values).toEqual([
      { labels: { outcome: 'accepted' }, value: 3 },
      { labels: { outcome: 'refused' }, value: 2 },
    ]);
    const [refusals] = await metrics.report('soterd_dag_refusals_total');
    expect(refusals.values).toEqual([{ labels: { rule: 'ErrBadMerkleRoot' }, value: 2 }]);
    const [seconds] = await metrics.report('soterd_dag_block_seconds');
    expect(seconds.values).toMatchObject([{ labels: {}, count: 3, sum: expect.closeTo(4.0005) }]);
    const [value] = seconds.values;
    if (!('buckets' in value)) throw new Error('not a histogram');
    const within = new Map(value.buckets.map(({ bound, count }) => [bound, count]));
    // Bounds are inclusive and counts cumulative.
    expect([within.get(0.0001), within.get(0.00025), within.get(0.0005), within.get(2.5), within.get(5)]).toEqual([
      0, 1, 2, 2, 3,
    ]);
  });

  test('figures that others keep are read when they are asked for, and forgotten when they are gone', async () => {
    const { metrics } = setUp();
    let peers = [{ labels: { direction: 'inbound' }, value: 2 }];
    metrics.addSource(() => ({ soterd_peers: peers, soterd_dag_height: 7, soterd_peers_sent_bytes_total: 100 }));
    const valuesOf = async (name: string) => (await metrics.report(name))[0].values;
    expect(await valuesOf('soterd_dag_height')).toEqual([{ labels: {}, value: 7 }]);
    expect(await valuesOf('soterd_peers_sent')).toEqual([{ labels: {}, value: 100 }]);
    expect(await valuesOf('soterd_peers_sent')).toEqual([{ labels: {}, value: 100 }]);
    expect(await valuesOf('soterd_peers')).toEqual(peers);
    peers = [];
    expect(await valuesOf('soterd_peers')).toEqual([]);
  });

  test('two nodes of one process measure apart', async () => {
    const [a, b] = [setUp().metrics, setUp().metrics];
    a.channels.poolAdded.send(1);
    expect(await a.text()).toContain('\nsoterd_mempool_added_total 1\n');
    expect(await b.text()).toContain('\nsoterd_mempool_added_total 0\n');
  });

  test('names, units and bounds keep the conventions of Prometheus', () => {
    for (const [name, { kind, help, ...rest }] of Object.entries(CATALOGUE)) {
      expect(name).toMatch(/^(?:soterd|process|nodejs)_[a-z][a-z0-9_]*$/u);
      expect(name.endsWith('_total'), name).toBe(kind === 'counter');
      expect(help, name).not.toBe('');
      if ('buckets' in rest) expect([...rest.buckets]).toEqual([...rest.buckets].sort((x, y) => x - y));
    }
  });
});
