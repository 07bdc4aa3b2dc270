import { describe, expect, test } from 'vitest';
import { hashToHex } from '../util/hash.ts';
import { type Block, InvType } from '../wire/index.ts';
import { FIRST_WINDOW, PLAN_BLOCKS } from './limits.ts';
import { FakeDag, withFalseBody } from './testing/fake-dag.ts';
import type { Remote, RemoteOptions } from './testing/remote.ts';
import { setup as setupSync, tipsOf } from './testing/sync-setup.ts';

function setup() {
  const sync = setupSync({ confirmationWindow: 1_000_000 });
  const { world, dag } = sync;
  dag.current = false;
  /** Most orphans at any time: blocks that were processed before their parents. */
  const orphans = { most: 0 };
  const process = dag.processBlock.bind(dag);
  dag.processBlock = (block) => {
    const result = process(block);
    orphans.most = Math.max(orphans.most, dag.orphanCount);
    return result;
  };
  /** Milliseconds until everything of the source is here. */
  const synchronise = async (source: FakeDag, limit: number) => {
    const start = world.elapsed;
    expect(await world.runUntil(() => dag.blockCount === source.blockCount, limit)).toBe(true);
    expect(tipsOf(dag)).toEqual(tipsOf(source));
    return world.elapsed - start;
  };
  return { ...sync, synchronise, orphans };
}

/** A DAG of so many heights of three parallel blocks. */
function columns(heights: number): FakeDag {
  const dag = new FakeDag();
  for (let i = 0; i < heights; i++) {
    const parents = [...dag.tips];
    for (let column = 0; column < 3; column++) dag.extend(parents, `${i}/${column}`);
  }
  return dag;
}

/** Blocks asked of a peer. */
const askedOf = (peer: Remote) => peer.requested.filter(({ type }) => type === InvType.witnessBlock).length;

describe('a list that several peers share', () => {
  test('a slow sync peer and fast others: a fraction of the time that it takes alone', async () => {
    const source = columns(400);
    const alone = setup();
    alone.remote(source, { pace: 50 }).connect();
    const slow = await alone.synchronise(source, 200_000);
    expect(slow).toBeGreaterThan(50_000);

    const together = setup();
    together.remote(source, { pace: 50 }).connect();
    const others = [together.remote(source, { pace: 5 }).connect(), together.remote(source, { pace: 5 }).connect()];
    expect(await together.synchronise(source, 200_000)).toBeLessThan(slow / 6);
    for (const other of others) {
      expect(askedOf(other)).toBeGreaterThan(200);
      expect(other.connected).toBe(true);
    }
    expect(together.orphans.most).toBe(0);
    expect(together.manager.load).toMatchObject({ sharedBlocks: 0, heldBytes: 0 });
  });

  test('others that come later are brought in while the sync peer owes a whole list', async () => {
    const source = columns(300);
    const { world, manager, remote, synchronise } = setup();
    const slow = remote(source, { pace: 200 }).connect();
    await world.advance(1000);
    expect(manager.syncPeerId).toBe(slow.id);
    expect(slow.log).toEqual(['getblocks 0', 'getdata 500']);
    remote(source, { pace: 2 }).connect();
    remote(source, { pace: 2 }).connect();
    expect(await synchronise(source, 100_000)).toBeLessThan(15_000);
    expect(slow.connected).toBe(true);
  });

  test('equally fast peers share the work, and hardly anything is fetched twice', async () => {
    const source = columns(500);
    const { remote, synchronise, orphans } = setup();
    const peers = [1, 2, 3, 4].map(() => remote(source, { pace: 10 }).connect());
    expect(await synchronise(source, 60_000)).toBeLessThan(7000);
    const counts = peers.map(askedOf);
    expect(Math.min(...counts)).toBeGreaterThan(150);
    expect(counts.reduce((a, b) => a + b)).toBeLessThan(1500 * 1.1);
    expect(orphans.most).toBe(0);
  });

  test('a peer alone is asked for the whole list at once, as known nodes do', async () => {
    const source = columns(200);
    const { remote, synchronise } = setup();
    const peer = remote(source).connect();
    await synchronise(source, 20_000);
    expect(peer.log.filter((line) => line.startsWith('getdata'))[0]).toBe('getdata 500');
  });

  test('a peer that never delivers gets a few blocks once and stops nobody', async () => {
    const source = columns(300);
    const { remote, synchronise } = setup();
    remote(source, { pace: 5 }).connect();
    remote(source, { pace: 5 }).connect();
    const withholding = remote(source, { serve: () => null }).connect();
    expect(await synchronise(source, 60_000)).toBeLessThan(12_000);
    expect(askedOf(withholding)).toBeLessThanOrEqual(2 * FIRST_WINDOW);
    expect(withholding.points).toBe(0);
  });

  test('a sync peer that lists and never delivers gives its place to another one', async () => {
    const source = columns(300);
    const { manager, remote, synchronise } = setup();
    const lister = remote(source, { serve: () => null }).connect();
    const honest = remote(source, { pace: 2 }).connect();
    expect(manager.syncPeerId).toBe(lister.id);
    expect(await synchronise(source, 60_000)).toBeLessThan(20_000);
    expect(honest.points).toBe(0);
  });

  test('a sync peer that does not even list gives its place to another one', async () => {
    const source = columns(300);
    const { manager, remote, synchronise } = setup();
    const mute = remote(source, { list: () => undefined }).connect();
    remote(source, { pace: 2 }).connect();
    remote(source, { pace: 2 }).connect();
    expect(manager.syncPeerId).toBe(mute.id);
    expect(await synchronise(source, 60_000)).toBeLessThan(10_000);
  });

  test('a peer that does not have what its height promises: the others are asked', async () => {
    const source = columns(300);
    const { remote, synchronise } = setup();
    remote(source, { pace: 5 }).connect();
    remote(source, { pace: 5 }).connect();
    const empty = remote(new FakeDag(), { claim: 300 }).connect();
    expect(await synchronise(source, 60_000)).toBeLessThan(10_000);
    expect(empty.connected).toBe(true);
  });

  test('invented blocks in a list delay for seconds', async () => {
    const source = columns(300);
    const { remote, synchronise } = setup();
    const list = Array.from({ length: 500 }, (_, i) => {
      const hash = Buffer.alloc(32, 0xee);
      hash.writeUInt32LE(i, 0);
      return { type: InvType.block, hash: Uint8Array.from(hash), height: 1 + (i >> 1) };
    });
    remote(new FakeDag(), { claim: 5000, list: () => list, serve: () => null }).connect();
    const honest = [remote(source, { pace: 2 }).connect(), remote(source, { pace: 2 }).connect()];
    expect(await synchronise(source, 120_000)).toBeLessThan(60_000);
    for (const { points, connected } of honest) expect([points, connected]).toEqual([0, true]);
  });

  /** Lists hashes of nothing, as many as asked for. */
  const invention = () => {
    let count = 0;
    return (from: number) =>
      Array.from({ length: 500 }, (_, i) => {
        const hash = Buffer.alloc(32, 0xcc);
        hash.writeUInt32LE(count++, 0);
        return { type: InvType.block, hash: Uint8Array.from(hash), height: from + 1 + i };
      });
  };

  test('invented lists cost others two questions a block, and their lister its place', async () => {
    const source = columns(300);
    const { world, manager, remote, synchronise } = setup();
    const honest = Array.from({ length: 6 }, () => remote(source).connect());
    await synchronise(source, 60_000);
    await world.advance(10_000);
    for (const peer of honest) {
      peer.requested.length = 0;
      peer.maxHeight = 10_000;
    }
    const list = invention();
    const liar = remote(new FakeDag(), { claim: 10_000, list: () => list(300), serve: () => null });
    for (const peer of honest) Object.assign(peer, { maxHeight: 300 });
    liar.connect();
    expect(manager.syncPeerId).toBe(liar.id);
    // They once claimed as much, so each of them may have it.
    for (const peer of honest) peer.maxHeight = 10_000;
    await world.advance(8000);
    expect(manager.syncPeerId).not.toBe(liar.id);
    const times = new Map<string, number>();
    for (const { hash } of honest.flatMap(({ requested }) => requested)) {
      times.set(hashToHex(hash), (times.get(hashToHex(hash)) ?? 0) + 1);
    }
    expect(times.size).toBeGreaterThan(400);
    expect(Math.max(...times.values())).toBe(2);
    for (const { connected, points } of honest) expect([connected, points]).toEqual([true, 0]);
  });

  test('who is not asked itself does not list for others', async () => {
    const source = columns(100);
    const { world, manager, remote, synchronise } = setup();
    const honest = remote(source).connect();
    await synchronise(source, 60_000);
    const list = invention();
    const liar = remote(new FakeDag(), { claim: 0, list: () => list(100), serve: () => null }).connect();
    liar.announce({ hash: Uint8Array.from(Buffer.alloc(32, 1)), height: 100 });
    await world.advance(7000);
    honest.requested.length = 0;
    honest.maxHeight = 10_000;
    liar.announce({ hash: Uint8Array.from(Buffer.alloc(32, 2)), height: 9000 });
    await world.advance(100_000);
    expect(liar.log).toContain('getblocks 100');
    expect(askedOf(honest)).toBe(0);
    expect(manager.load.sharedBlocks).toBe(0);
  });

  test('a peer that leaves: what it owed is asked of others at once', async () => {
    const source = columns(300);
    const { world, remote, synchronise } = setup();
    remote(source, { pace: 5 }).connect();
    const leaving = remote(source, { serve: () => null }).connect();
    await world.advance(200);
    expect(askedOf(leaving)).toBe(FIRST_WINDOW);
    leaving.leave();
    remote(source, { pace: 5 }).connect();
    expect(await synchronise(source, 60_000)).toBeLessThan(8000);
  });

  test('the sync peer leaves in the middle: the rest is listed by another one', async () => {
    const source = columns(500);
    const { world, dag, remote, synchronise } = setup();
    const first = remote(source, { pace: 5 }).connect();
    remote(source, { pace: 5 }).connect();
    remote(source, { pace: 5 }).connect();
    await world.advance(1000);
    expect(dag.blockCount).toBeGreaterThan(50);
    first.leave();
    expect(await synchronise(source, 60_000)).toBeLessThan(10_000);
  });

  test('a copy with a false body is replaced by the true block of somebody else', async () => {
    const source = columns(200);
    const { remote, synchronise } = setup();
    const spoil = (block: Block | undefined) => block && withFalseBody(block);
    remote(source, { pace: 5 }).connect();
    remote(source, { pace: 5 }).connect();
    const forger = remote(source, { pace: 1, serve: spoil }).connect();
    await synchronise(source, 60_000);
    expect(forger.points).toBeGreaterThan(0);
  });

  test('is bounded, whatever is listed', async () => {
    const { world, manager, remote } = setup();
    let page = 0;
    const endless = () => {
      page++;
      return Array.from({ length: 500 }, (_, i) => {
        const hash = Buffer.alloc(32, 0xdd);
        hash.writeUInt32LE(page * 500 + i, 0);
        return { type: InvType.block, hash: Uint8Array.from(hash), height: page * 500 + i };
      });
    };
    remote(new FakeDag(), { claim: 10_000_000, list: endless, serve: () => null }).connect();
    remote(new FakeDag(), { claim: 10_000_000, serve: () => null }).connect();
    let most = 0;
    for (let i = 0; i < 300; i++) {
      await world.advance(1000);
      most = Math.max(most, manager.load.sharedBlocks);
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(PLAN_BLOCKS);
    expect(manager.load.openBlocks).toBeLessThan(3000);
  });
});

describe('whatever the others do', () => {
  /** What may be wrong with a peer. */
  const FAULTS: readonly ((chance: () => number, source: FakeDag) => RemoteOptions)[] = [
    () => ({ serve: () => null }),
    () => ({ list: () => undefined }),
    () => ({ pace: 700 }),
    () => ({ latency: 3000 }),
    (chance) => ({ serve: (block) => (chance() < 0.3 ? null : block) }),
    (chance) => ({ serve: (block) => (chance() < 0.3 ? undefined : block) }),
    (chance) => ({ serve: (block) => (chance() < 0.1 && block ? withFalseBody(block) : block) }),
    (chance) => ({ list: (entries) => entries.filter(() => chance() < 0.7) }),
    (chance) => ({ list: (entries) => entries.map((entry) => ({ ...entry, height: Math.floor(chance() * 500) })) }),
    (chance) => ({ list: (entries) => [...entries].sort(() => chance() - 0.5) }),
    (_, source) => ({ claim: source.snapshot().maxHeight + 1000 }),
    () => ({ claim: 1_000_000, list: () => [] }),
  ];

  test.each(Array.from({ length: 25 }, (_, i) => i + 1))('seed %i: one honest peer is enough', async (seed) => {
    const { world, manager, dag, remote } = setup();
    const random = world.random.fork(seed);
    const chance = () => random.float();
    const source = columns(200);
    const honest = remote(source, { pace: 20 });
    const others = Array.from({ length: 5 }, () => {
      const fault = FAULTS[random.below(FAULTS.length)]!;
      const own = chance() < 0.8 ? source : columns(100);
      return remote(own, { pace: random.below(30), latency: 1 + random.below(200), ...fault(chance, source) });
    });
    const all = [...others.slice(0, 3), honest, ...others.slice(3)];
    for (const peer of all) {
      world.timers.after(random.below(2000), () => peer.connect());
      if (peer !== honest && chance() < 0.3)
        world.timers.after(2000 + random.below(8000), () => peer.connected && peer.leave());
    }
    expect(await world.runUntil(() => dag.blockCount === source.blockCount, 300_000)).toBe(true);
    expect([honest.connected, honest.points]).toEqual([true, 0]);
    await world.advance(120_000);
    expect(manager.load).toMatchObject({ sharedBlocks: 0, heldBytes: 0 });
    await manager.stop();
  });
});
