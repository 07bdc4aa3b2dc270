import { describe, expect, test } from 'vitest';
import { FakeDag } from './testing/fake-dag.ts';
import { chain, setup } from './testing/sync-setup.ts';

describe('forks of equal height', () => {
  test('are reconciled after connecting, without a new block', async () => {
    const { world, dag, remote } = setup({ dag: chain(12, 'own') });
    const other = chain(12, 'other');
    const peer = remote(other).connect();
    await world.advance(1000);
    expect(peer.log).toEqual(['getblocks 12']);
    await world.advance(10_000);
    expect(dag.blockCount).toBe(25);
    expect(dag.tips).toHaveLength(2);
    expect(peer.log.slice(0, 3)).toEqual(['getblocks 12', 'getblocks 0', 'getdata 12']);
  });

  test('deeper than the first look: the next ones go further down', async () => {
    const { world, dag, remote } = setup({ dag: chain(350, 'own') });
    const other = chain(350, 'other');
    remote(other).connect();
    await world.advance(30_000);
    expect(dag.blockCount).toBe(701);
  });
});

test('forks of thousands of blocks are compared completely', async () => {
  const { world, dag, remote } = setup({ dag: chain(2500, 'own') });
  const peer = remote(chain(2500, 'other')).connect();
  expect(await world.runUntil(() => dag.blockCount === 5001, 300_000)).toBe(true);
  expect(peer.log.length).toBeLessThan(400);
});

test('a mute peer in the place of the sync peer does not keep forks from being compared', async () => {
  const { world, dag, manager, remote } = setup({ dag: chain(12, 'own') });
  const mute = remote(new FakeDag(), { claim: 1000, list: () => undefined }).connect();
  remote(chain(12, 'other')).connect();
  await world.advance(20_000);
  expect(manager.syncPeerId).toBe(mute.id);
  expect(dag.blockCount).toBe(25);
});

describe('forks below', () => {
  test('a fork below: after a few generations the rest is listed', async () => {
    const { world, dag, remote } = setup({ dag: chain(13, 'own'), reconcileDelay: 1e9 });
    const other = chain(14, 'other');
    const peer = remote(other, { claim: 0 }).connect();
    peer.announce(other.tips[0]!);
    // The block, four generations of parents, the list and what is on it: 40 ms a round trip.
    await world.advance(320);
    expect(dag.blockCount).toBe(1 + 14 + 13);
    expect(peer.log.slice(0, 6)).toEqual([...Array<string>(4).fill('getdata 1'), 'getblocks 0', 'getdata 1']);
  });

  test('a peer that does not answer with a list: parents are still asked for one by one', async () => {
    const { world, dag, remote } = setup({ dag: chain(13, 'own'), reconcileDelay: 1e9 });
    const other = chain(14, 'other');
    const peer = remote(other, { claim: 0, list: () => undefined }).connect();
    peer.announce(other.tips[0]!);
    await world.advance(1000);
    expect(dag.blockCount).toBe(1 + 14 + 13);
    expect(peer.log.filter((line) => line === 'getdata 1')).toHaveLength(14);
  });

  test('a fork deeper than parents should be walked is listed from further down', async () => {
    const { world, dag, remote } = setup({ dag: chain(390, 'own'), reconcileDelay: 1e9 });
    const other = chain(400, 'other');
    const peer = remote(other).connect();
    expect(await world.runUntil(() => dag.haveBlock(other.blocksAtHeight(1)[0]!), 60_000)).toBe(true);
    await world.advance(2000);
    expect(dag.blockCount).toBe(1 + 400 + 390);
    expect(peer.log.length).toBeLessThan(30);
  });
});
