import { describe, expect, test } from 'vitest';
import { ZERO_HASH } from '../util/hash.ts';
import { InvType, UNKNOWN_HEIGHT } from '../wire/index.ts';
import { FakeDag } from './testing/fake-dag.ts';
import { chain, setup, tipsOf } from './testing/sync-setup.ts';

describe('initial synchronisation', () => {
  test('small DAG: one getblocks, one getdata, then "anything more?"', async () => {
    const { world, dag, manager, remote } = setup();
    const other = chain(60);
    const peer = remote(other).connect();
    expect(manager.syncPeerId).toBe(peer.id);
    await world.advance(1000);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
    expect(peer.log).toEqual(['getblocks 0', 'getdata 60', 'getblocks 60']);
    expect(peer.requested[0]!.type).toBe(InvType.witnessBlock);
    expect(manager.syncPeerId).toBe(0);
    expect(manager.isCurrent()).toBe(true);
    expect(peer.connected).toBe(true);
  });

  test('505 blocks: a full batch, the zero inv, a second batch', async () => {
    const { world, dag, remote } = setup();
    const other = chain(505);
    const peer = remote(other).connect();
    await world.advance(4000);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
    expect(peer.log).toEqual(['getblocks 0', 'getdata 500', 'getblocks 500', 'getdata 5', 'getblocks 505']);
  });

  test('1200 blocks in four columns arrive completely', async () => {
    const { world, dag, remote } = setup();
    const other = new FakeDag();
    for (let i = 0; i < 300; i++) {
      const parents = [...other.tips];
      for (let column = 0; column < 4; column++) other.extend(parents, `${i}/${column}`);
    }
    const peer = remote(other).connect();
    expect(await world.runUntil(() => dag.blockCount === 1201, 60_000)).toBe(true);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
    expect(peer.connected).toBe(true);
  });

  test('two fresh nodes say nothing to each other in generation 2, ask in generation 4', async () => {
    const two = setup();
    const a = two.remote(new FakeDag()).connect();
    await two.world.advance(10_000);
    expect(a.log).toEqual([]);
    const four = setup({ generation: 4 });
    const b = four.remote(new FakeDag()).connect();
    await four.world.advance(1000);
    expect(b.log).toEqual(['getblocks 0']);
  });
});

describe('a sync peer that is no good', () => {
  test('a liar with a huge height neither keeps us from being current nor from others', async () => {
    const { world, dag, manager, remote } = setup();
    const other = chain(2);
    const liar = remote(new FakeDag(), { claim: 1_000_000 }).connect();
    expect(manager.isCurrent()).toBe(false);
    await world.advance(100);
    expect(manager.syncPeerId).toBe(0);
    expect(manager.isCurrent()).toBe(true);
    const honest = remote(other, { claim: 0 }).connect();
    honest.announce(other.tips[0]!);
    await world.advance(1000);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
    expect(manager.isCurrent()).toBe(true);
    await world.advance(600_000);
    expect(liar.log.length).toBeLessThan(12);
    expect(manager.isCurrent()).toBe(true);
  });

  test('a liar that connects again and again is not believed each time, unless we dialled it', async () => {
    const { world, manager, remote } = setup();
    const honest = remote(chain(5)).connect();
    await world.advance(10_000);
    expect(manager.isCurrent()).toBe(true);
    const lie = (inbound: boolean, host: string) => {
      const liar = remote(new FakeDag());
      Object.assign(liar, { inbound, host });
      liar.raiseMaxHeight(1_000_000);
      liar.onGetBlocks = () => undefined;
      liar.connect();
      const believed = !manager.isCurrent();
      liar.leave();
      return believed;
    };
    expect(lie(true, '192.0.2.66')).toBe(true);
    expect(lie(true, '192.0.2.66')).toBe(false);
    expect(lie(true, '192.0.2.67')).toBe(true);
    expect(lie(false, '192.0.2.68')).toBe(true);
    expect(lie(false, '192.0.2.68')).toBe(true);
    await world.advance(3_600_000);
    expect(lie(true, '192.0.2.66')).toBe(true);
    expect(honest.connected).toBe(true);
  });

  test('a liar that comes back is trusted as little as when it left', async () => {
    const { world, manager, remote } = setup();
    remote(chain(5)).connect();
    await world.advance(10_000);
    const lie = () => {
      const liar = remote(new FakeDag(), { claim: 1000, list: () => [] });
      Object.assign(liar, { inbound: true, host: '192.0.2.66' });
      return liar.connect();
    };
    const first = lie();
    expect(manager.syncPeerId).toBe(first.id);
    await world.advance(1000);
    first.leave();
    const second = lie();
    await world.advance(30_000);
    expect(second.log).not.toContain('getblocks 5');
    await world.advance(60_000);
    expect(second.log).toContain('getblocks 5');
  });

  test('a liar that lists invented blocks is found out when it cannot deliver them', async () => {
    const { world, dag, manager, remote } = setup();
    const other = chain(40);
    const invented = Array.from({ length: 100 }, (_, i) => ({
      type: InvType.block,
      hash: Uint8Array.from(Buffer.alloc(32, i + 1)),
      height: i + 1,
    }));
    const liar = remote(new FakeDag(), { claim: 1000, list: () => invented }).connect();
    await world.advance(200);
    expect(manager.syncPeerId).toBe(liar.id);
    remote(other).connect();
    await world.advance(10_000);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
    expect(manager.isCurrent()).toBe(true);
  });

  test('a silent sync peer is replaced by one that delivers', async () => {
    const { world, dag, remote } = setup();
    const other = chain(700);
    remote(other, { claim: 9000, serve: () => null }).connect();
    const honest = remote(other).connect();
    expect(await world.runUntil(() => dag.blockCount === 701, 60_000)).toBe(true);
    expect(honest.connected).toBe(true);
  });

  test('no progress for three minutes ends the connection of a claimant', async () => {
    const { world, manager, remote } = setup();
    const liar = remote(chain(5), { claim: 9000, serve: () => null }).connect();
    expect(manager.syncPeerId).toBe(liar.id);
    await world.advance(170_000);
    expect(liar.connected).toBe(true);
    await world.advance(50_000);
    expect(liar.connected).toBe(false);
  });

  test('a sync peer that dribbles blocks is replaced when others can deliver', async () => {
    const { world, dag, manager, remote } = setup();
    const other = chain(300);
    const slow = remote(other);
    slow.maxHeight = 300;
    slow.onGetData = (vectors) => {
      for (const [i, { hash }] of vectors.entries()) {
        world.timers.after(15_000 * (i + 1), () => void manager.block(slow, other.getBlock(hash)!));
      }
    };
    slow.connect();
    remote(other).connect();
    expect(await world.runUntil(() => dag.blockCount === 301, 120_000)).toBe(true);
  });

  test('a peer vanishing in the middle: the next one goes on at once', async () => {
    const { world, dag, manager, remote } = setup();
    const other = chain(450);
    const first = remote(other, { serve: (block) => (dag.blockCount > 200 ? null : block) }).connect();
    await world.advance(1000);
    expect(dag.blockCount).toBeGreaterThan(200);
    expect(dag.blockCount).toBeLessThan(300);
    const second = remote(other).connect();
    first.leave();
    expect(manager.syncPeerId).toBe(second.id);
    await world.advance(1000);
    expect(dag.blockCount).toBe(451);
  });

  test('a peer that always answers "more" is not followed for ever', async () => {
    const { world, remote } = setup();
    const parrot = remote(new FakeDag(), {
      claim: 50,
      list: () => [{ type: InvType.block, hash: ZERO_HASH, height: UNKNOWN_HEIGHT }],
      latency: 500,
    }).connect();
    await world.advance(60_000);
    // One question an answer: the peer cannot make us send more than it sends.
    expect(parrot.log.length).toBeLessThan(130);
  });
});
