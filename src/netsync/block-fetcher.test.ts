import { describe, expect, test } from 'vitest';
import { InvType, Services } from '../wire/index.ts';
import { BlockFetcher } from './block-fetcher.ts';
import { BlockPlan } from './block-plan.ts';
import { PeerState } from './peer-state.ts';
import { FakeDag, makeBlock } from './testing/fake-dag.ts';
import { FakePeer } from './testing/fake-peer.ts';
import { chain, setup, tipsOf } from './testing/sync-setup.ts';

/** We have what both peers have; from now on one of them delivers nothing any more. */
async function twoOfWhichOneFallsSilent() {
  const { world, dag, remote } = setup();
  const other = chain(3);
  let quiet = false;
  const silent = remote(other, { serve: (block) => (quiet ? null : block) }).connect();
  const good = remote(other).connect();
  await world.advance(6000);
  quiet = true;
  return { world, dag, other, silent, good };
}

describe('announced blocks', () => {
  test('two peers announce the same block: it is fetched once; from the second if the first leaves', async () => {
    const { world, dag, other, silent, good } = await twoOfWhichOneFallsSilent();
    silent.log.length = 0;
    good.log.length = 0;
    const block = other.mine('new');
    silent.announce(block);
    await world.advance(50);
    good.announce(block);
    await world.advance(50);
    expect(silent.log).toEqual(['getdata 1']);
    expect(good.log).toEqual([]);
    silent.leave();
    await world.advance(100);
    expect(good.log[0]).toBe('getdata 1');
    expect(dag.haveBlock(block.hash)).toBe(true);
  });

  test('a silent announcer loses its turn when the request expires', async () => {
    const { world, dag, remote } = setup();
    const other = chain(3);
    for (let height = 1; height <= 3; height++) dag.processBlock(other.getBlock(other.blocksAtHeight(height)[0]!)!);
    const silent = remote(other, { serve: () => null }).connect();
    const good = remote(other).connect();
    await world.advance(10_000);
    const block = other.mine('new');
    silent.announce(block);
    good.announce(block);
    await world.advance(1000);
    expect(dag.haveBlock(block.hash)).toBe(false);
    await world.advance(5000);
    expect(dag.haveBlock(block.hash)).toBe(true);
  });

  test('who did not deliver what he announced has to give way to the next announcer at once', async () => {
    const { world, dag, other, silent, good } = await twoOfWhichOneFallsSilent();
    silent.announce(other.mine('lost'));
    await world.advance(6000);
    for (const name of ['first', 'second']) {
      const block = other.mine(name);
      silent.log.length = 0;
      silent.announce(block);
      await world.advance(100);
      expect(silent.log).toEqual(['getdata 1']);
      expect(dag.haveBlock(block.hash)).toBe(false);
      good.announce(block);
      await world.advance(100);
      expect(dag.haveBlock(block.hash)).toBe(true);
    }
  });
});

describe('missing parents', () => {
  test('a gap of a generation or two: parents are asked for, as known nodes do', async () => {
    const { world, dag, remote } = setup();
    const other = chain(2);
    const peer = remote(other, { claim: 0 }).connect();
    peer.announce(other.tips[0]!);
    await world.advance(1000);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
    expect(peer.log).toEqual(['getdata 1', 'getdata 1']);
    expect(peer.requested.map(({ height }) => height)).toEqual([2, -1]);
  });

  test('a larger gap: one list names all that is missing, not one generation a round trip', async () => {
    const { world, dag, remote } = setup();
    const other = chain(14);
    const peer = remote(other, { claim: 0 }).connect();
    peer.announce(other.tips[0]!);
    await world.advance(150);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
    expect(peer.log).toEqual(['getdata 1', 'getdata 1', 'getblocks 0', 'getdata 1', 'getdata 11']);
  });

  test('several missing parents go into one request, and none is asked twice', async () => {
    const { world, dag, remote } = setup();
    const other = new FakeDag();
    const parents = [1, 2, 3].map((n) => other.extend([other.genesis], `p${n}`));
    const merge = other.extend(parents, 'merge');
    const peer = remote(other, { claim: 0 }).connect();
    peer.announce(merge);
    await world.advance(1000);
    expect(peer.log).toEqual(['getdata 1', 'getdata 3']);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
  });

  test('a parent is asked of somebody else at once when its peer leaves', async () => {
    const { world, dag, remote } = setup({ reconcileDelay: 1e9 });
    const other = chain(2);
    const tip = other.tips[0]!;
    const first = remote(other, { claim: 0, serve: (block) => (block?.hash === tip.hash ? block : null) }).connect();
    first.announce(tip);
    await world.advance(500);
    expect(first.log).toEqual(['getdata 1', 'getdata 1']);
    const second = remote(other, { claim: 1 }).connect();
    expect(second.log).toEqual([]);
    first.leave();
    expect(second.log[0]).toBe('getdata 1');
    await world.advance(100);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
  });

  test('parents that do not exist are asked for a few times, not for as long as their orphans live', async () => {
    const { world, dag, manager, remote } = setup();
    const own = chain(20, '', dag);
    const honest = [1, 2, 3].map(() => remote(chain(20)).connect());
    await world.advance(20_000);
    for (const peer of honest) peer.requested.length = 0;
    const source = new FakeDag();
    const attacker = remote(source, { claim: 0 }).connect();
    for (let i = 0; i < 10; i++) {
      const parents = Array.from({ length: 50 }, (_, j) => source.extend([source.genesis], `${i}/${j}`));
      const orphan = source.extend(parents, `${i}`);
      attacker.announce(orphan);
    }
    attacker.onGetData = (vectors) => {
      for (const { hash } of vectors) {
        const block = source.getBlock(hash)!;
        if (block.parentHashes.length > 1) void manager.block(attacker, block);
      }
    };
    for (let second = 0; second < 600; second++) {
      await world.advance(1000);
      for (const peer of honest) peer.announce(own.tips[0]!);
    }
    const asked = honest.flatMap(({ requested }) => requested);
    expect(manager.load.missingParents).toBe(500);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThan(500 * 15);
  });

  test('notfound frees the request; the parent is asked of the next peer that can have it', async () => {
    const { world, dag, manager, remote } = setup();
    const other = chain(2);
    const [parent, tip] = [other.blocksAtHeight(1)[0]!, other.tips[0]!];
    const without = remote(other, {
      claim: 0,
      serve: (block) => (block && Buffer.compare(block.hash, parent) === 0 ? undefined : block),
    }).connect();
    without.announce(tip);
    await world.advance(500);
    expect(without.log).toEqual(['getdata 1', 'getdata 1']);
    expect(manager.load.openBlocks).toBe(0);
    const full = remote(other, { claim: 0 }).connect();
    full.announce(tip);
    await world.advance(500);
    expect(full.log).toEqual(['getdata 1']);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
  });
});

test('notfound breaks the promise of an announcer, and none of a peer that was asked for a list of somebody else', () => {
  const dag = new FakeDag();
  const [announcer, helper] = [1, 2].map(() => new PeerState(new FakePeer(1000), () => 0));
  const peers = new Map([announcer!, helper!].map((state) => [state.peer.id, state]));
  const plan = new BlockPlan();
  const fetcher = new BlockFetcher(dag, peers, plan, () => 0, 4000);
  const [announced, listed] = ['a', 'b'].map((salt) => makeBlock([dag.genesis], salt).hash);
  const type = (announcer!.peer.services & Services.witness) === 0n ? InvType.witnessBlock : InvType.block;
  expect(fetcher.requestAnnounced(announcer!, { type, hash: announced!, height: 1 })).toBeDefined();
  const [planned] = plan.add(announcer!, [{ hash: listed!, height: 1 }]);
  expect(fetcher.askPlanned(helper!, planned!, false)).toBeDefined();
  plan.give(planned!, helper!, 0);
  plan.clear();
  fetcher.notFound(announcer!, [announced!]);
  fetcher.notFound(helper!, [listed!]);
  expect([announcer!.keepsPromises, helper!.keepsPromises]).toEqual([false, true]);
});
