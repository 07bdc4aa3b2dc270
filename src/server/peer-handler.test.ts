import { describe, expect, test } from 'vitest';
import { FakeDag, makeBlock } from '../netsync/testing/fake-dag.ts';
import { tipsText, VirtualNetwork, type VirtualPeer } from './testing/virtual-network.ts';

function chain(length: number, salt = ''): FakeDag {
  const dag = new FakeDag();
  for (let i = 0; i < length; i++) dag.mine(`${salt}${i}`);
  return dag;
}

describe('a network of nodes', () => {
  test('a fresh node fetches 1200 blocks of four columns from its peer', async () => {
    const network = new VirtualNetwork();
    const full = new FakeDag();
    for (let i = 0; i < 300; i++) {
      const parents = [...full.tips];
      for (let column = 0; column < 4; column++) full.extend(parents, `${i}/${column}`);
    }
    const a = await network.node('a', {}, {}, full);
    const b = await network.node('b', { addPeers: [a.address] });
    expect(await network.agree([a, b], 60_000)).toBe(true);
    expect(b.dag.blockCount).toBe(1201);
    expect([...a.failures, ...b.failures]).toEqual([]);
  });

  test('a block mined here reaches the end of a line of four nodes', async () => {
    const network = new VirtualNetwork();
    const a = await network.node('a');
    const b = await network.node('b', { addPeers: [a.address] });
    const c = await network.node('c', { addPeers: [b.address] });
    const d = await network.node('d', { addPeers: [c.address] });
    await network.world.advance(1000);
    await a.handler.submitBlock(makeBlock(a.dag.tips, 'mined'));
    const start = network.world.elapsed;
    expect(await network.agree([a, b, c, d], 10_000)).toBe(true);
    expect(d.dag.blockCount).toBe(2);
    // Three hops of inv, getdata and block, 20 ms each.
    expect(network.world.elapsed - start).toBeLessThan(250);
  });

  test('two halves with forks of equal height merge when they are joined, without a new block', async () => {
    const network = new VirtualNetwork();
    const a = await network.node('a', {}, {}, chain(30, 'left'));
    const b = await network.node('b', { addPeers: [a.address] }, {}, chain(30, 'right'));
    expect(await network.agree([a, b], 20_000)).toBe(true);
    expect(a.dag.tips).toHaveLength(2);
    const block = a.dag.mine('merge');
    expect(await network.agree([a, b], 5000)).toBe(true);
    expect(b.dag.haveBlock(block.hash)).toBe(true);
  });

  test('a peer that vanishes in the middle of a synchronisation: another one goes on', async () => {
    const network = new VirtualNetwork({ latency: 20, bandwidth: 50_000 });
    const full = chain(600);
    const a = await network.node('a', {}, {}, full);
    const b = await network.node('b', {}, {}, full);
    const c = await network.node('c', { addPeers: [a.address, b.address] });
    expect(await network.world.runUntil(() => c.dag.blockCount > 100, 60_000)).toBe(true);
    const syncing = c.handler.operations.peers().find(({ isSyncPeer }) => isSyncPeer);
    const gone = syncing?.address === a.address ? a : b;
    await network.world.waitFor(gone.handler.stop(), 10_000);
    expect(await network.world.runUntil(() => c.dag.blockCount === 601, 60_000)).toBe(true);
  });

  test('blocks mined everywhere at once end in equal DAGs', async () => {
    const network = new VirtualNetwork();
    const first = await network.node('n0');
    const nodes = [first];
    for (let i = 1; i < 6; i++) {
      const others = nodes.slice(-2).map(({ address }) => address);
      nodes.push(await network.node(`n${i}`, { addPeers: others }));
    }
    await network.world.advance(3000);
    for (let round = 0; round < 40; round++) {
      const node = nodes[network.world.random.below(nodes.length)]!;
      node.dag.mine(`${round}`);
      await network.world.advance(network.world.random.below(100));
    }
    expect(await network.agree(nodes, 60_000)).toBe(true);
    expect(first.dag.blockCount).toBe(41);
    expect(nodes.flatMap(({ failures }) => failures)).toEqual([]);
  });
});

describe('lines that break, blocks that are mined everywhere', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i: equal DAGs in the end, nobody banned', async (seed) => {
    const network = new VirtualNetwork({ latency: 30, bandwidth: 200_000 }, seed);
    const { world } = network;
    const nodes: VirtualPeer[] = [];
    for (let i = 0; i < 6; i++) {
      const others = world.random.shuffle(nodes).slice(0, 2);
      nodes.push(await network.node(`n${i}`, { addPeers: others.map(({ address }) => address) }));
    }
    for (let step = 0; step < 250; step++) {
      const node = world.random.pick(nodes);
      for (let burst = world.random.chance(0.1) ? 30 : 1; burst > 0; burst--) node.dag.mine(`${step}/${burst}`);
      // Dead, cut, or fine: a line that is cut is dialled again after some seconds.
      const [end] = world.random.pick(network.links);
      if (world.random.chance(0.2)) end.cut();
      await world.advance(world.random.below(2000));
    }
    expect(await network.agree(nodes, 240_000)).toBe(true);
    for (const { handler, failures } of nodes) {
      expect(failures).toEqual([]);
      expect(handler.operations.bans()).toEqual([]);
      expect(handler.operations.load().sync).toMatchObject({ openBlocks: 0, missingParents: 0, queuedBlocks: 0 });
    }
  });
});

describe('the life of a peer handler', () => {
  test('stop ends everything, once, and leaves no timer', async () => {
    const network = new VirtualNetwork();
    const a = await network.node('a');
    const b = await network.node('b', { addPeers: [a.address] });
    await network.world.advance(1000);
    expect(a.handler.operations.connectedCount()).toBe(1);
    await network.world.waitFor(Promise.all([b.handler.stop(), b.handler.stop()]), 5000);
    await network.world.advance(100);
    expect(a.handler.operations.connectedCount()).toBe(0);
    await network.world.waitFor(a.handler.stop(), 5000);
    expect(network.world.pendingTimers).toBe(0);
  });

  test('stop before start, and during it', async () => {
    const network = new VirtualNetwork();
    const a = await network.node('a');
    await network.world.waitFor(a.handler.stop(), 1000);
    await network.world.waitFor(a.handler.start(), 1000);
    expect(network.world.pendingTimers).toBe(0);
  });

  test('a permanent peer is dialled again after it was lost, and not after it was removed', async () => {
    const network = new VirtualNetwork();
    const a = await network.node('a');
    const b = await network.node('b', { addPeers: [a.address] });
    await network.world.advance(1000);
    network.links[0]![0].cut();
    await network.world.advance(100);
    expect(b.handler.operations.persistentPeers()).toEqual([{ address: a.address, connected: false, inbound: false }]);
    await network.world.advance(6000);
    expect(b.handler.operations.connectedCount()).toBe(1);
    b.handler.operations.removeByAddress(a.address);
    await network.world.advance(60_000);
    expect(b.handler.operations.connectedCount()).toBe(0);
    expect(b.handler.operations.persistentPeers()).toEqual([]);
  });

  test('events tell who comes and goes', async () => {
    const network = new VirtualNetwork();
    const a = await network.node('a');
    const log: string[] = [];
    a.handler.events.on('added', (id) => log.push(`added ${id}`));
    a.handler.events.on('removed', (id) => log.push(`removed ${id}`));
    const b = await network.node('b', { addPeers: [a.address] });
    await network.world.advance(1000);
    await network.world.waitFor(b.handler.stop(), 1000);
    await network.world.advance(1000);
    expect(log).toEqual(['added 1', 'removed 1']);
    expect(tipsText(a.dag)).toBe(tipsText(b.dag));
  });
});
