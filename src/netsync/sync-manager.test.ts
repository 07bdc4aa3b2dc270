import { describe, expect, test } from 'vitest';
import { type Hash, hashToHex, ZERO_HASH } from '../util/hash.ts';
import { silentLogger } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { InvType, Transaction, UNKNOWN_HEIGHT } from '../wire/index.ts';
import { StoppedError } from './block-queue.ts';
import type { SyncManagerOptions } from './ports.ts';
import { SyncManager } from './sync-manager.ts';
import { FakeDag, makeBadBlock, makeBlock, withFalseBody, withFalseParents } from './testing/fake-dag.ts';
import { FakePeer } from './testing/fake-peer.ts';
import { Remote, type RemoteOptions } from './testing/remote.ts';

interface Announced {
  readonly hash: string;
  readonly height: number;
}

function setup(options: Partial<SyncManagerOptions> = {}) {
  const world = new VirtualWorld();
  const dag = new FakeDag();
  const announced: Announced[] = [];
  const heights: string[] = [];
  const manager = new SyncManager(
    { generation: 2, regtest: false, confirmationWindow: 100, ...options },
    {
      dag,
      world,
      logger: silentLogger,
      announcer: {
        announceBlock: (hash: Hash, height: number) => announced.push({ hash: hashToHex(hash), height }),
        announceTransactions: () => undefined,
        peerHeight: (_hash, height, origin) => heights.push(`${height} of ${origin}`),
      },
    },
  );
  manager.start();
  const remote = (remoteDag: FakeDag, remoteOptions?: RemoteOptions) =>
    new Remote(manager, world, remoteDag, remoteOptions);
  return { world, dag, manager, announced, heights, remote };
}

function chain(length: number, salt = ''): FakeDag {
  const dag = new FakeDag();
  for (let i = 0; i < length; i++) dag.mine(`${salt}${i}`);
  return dag;
}

const tipsOf = (dag: FakeDag) => dag.tips.map(({ hash }) => hashToHex(hash)).sort();

test('who sends what costs much and is refused has to wait before he may send more', async () => {
  const virtual = new VirtualWorld();
  let worked = 0;
  const clock = { now: () => virtual.clock.now(), monotonic: () => virtual.clock.monotonic() + worked };
  const pool = {
    have: () => false,
    process: (tx: Transaction) => {
      worked += tx.lockTime;
      throw Object.assign(new Error('refused'), { rejectCode: 0x10 });
    },
    blockConnected: () => [],
    removeOrphansOf: () => undefined,
  };
  const announcer = { announceBlock: () => 0, announceTransactions: () => undefined, peerHeight: () => undefined };
  const manager = new SyncManager(
    { generation: 2, regtest: false, confirmationWindow: 100 },
    {
      dag: new FakeDag(),
      world: { ...virtual, clock, timers: virtual.timers, random: virtual.random },
      logger: silentLogger,
      announcer,
      pool,
    },
  );
  manager.start();
  const peer = new FakePeer();
  manager.peerConnected(peer);
  const send = (milliseconds: number) =>
    manager.transaction(peer, new Transaction({ version: 1, inputs: [], outputs: [], lockTime: milliseconds }));
  expect(send(10)).toBeUndefined();
  let free = false;
  void send(300)?.then(() => {
    free = true;
  });
  await virtual.advance(1100);
  expect(free).toBe(false);
  await virtual.advance(200);
  expect(free).toBe(true);
  void send(100_000)?.then(() => {
    free = false;
  });
  await virtual.advance(5001);
  expect(free, 'never longer than five seconds').toBe(false);
  await manager.stop();
});

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

  test('far behind, only the newest block is announced, once a second', async () => {
    const { world, dag, announced, remote } = setup();
    dag.current = false;
    remote(chain(400)).connect();
    await world.advance(5000);
    expect(dag.blockCount).toBe(401);
    expect(announced.length).toBeLessThan(6);
    expect(announced.at(-1)!.height).toBe(400);
  });
});

describe('relay', () => {
  test('an announced block is fetched, passed on, and followed by "anything more?"', async () => {
    const { world, dag, announced, heights, remote } = setup();
    const other = chain(3);
    const peer = remote(other).connect();
    await world.advance(1000);
    peer.log.length = 0;
    announced.length = 0;
    const block = other.mine('new');
    peer.announce(block);
    await world.advance(200);
    expect(peer.log).toEqual(['getdata 1', 'getblocks 4']);
    expect(dag.haveBlock(block.hash)).toBe(true);
    expect(announced).toEqual([{ hash: hashToHex(block.hash), height: 4 }]);
    expect(heights.at(-1)).toBe(`4 of ${peer.id}`);
    peer.announce(block);
    await world.advance(200);
    expect(peer.log).toHaveLength(2);
  });

  test('two peers announce the same block: it is fetched once; from the second if the first leaves', async () => {
    const { world, dag, remote } = setup();
    const other = chain(3);
    let quiet = false;
    const silent = remote(other, { serve: (block) => (quiet ? null : block) }).connect();
    const good = remote(other).connect();
    await world.advance(6000);
    quiet = true;
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
    const { world, dag, remote } = setup();
    const other = chain(3);
    let quiet = false;
    const silent = remote(other, { serve: (block) => (quiet ? null : block) }).connect();
    const good = remote(other).connect();
    await world.advance(6000);
    quiet = true;
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

  test('an own block is announced before submitBlock returns; its missing parents are asked for', async () => {
    const { world, dag, manager, announced, remote } = setup();
    const result = await manager.submitBlock(makeBlock([dag.genesis], 'own'));
    expect(result.status).toBe('accepted');
    expect(announced.map(({ height }) => height)).toEqual([1]);
    const other = new FakeDag();
    const parent = other.mine('unknown parent');
    const peer = remote(other, { claim: 0 }).connect();
    const orphan = makeBlock([parent], 'own orphan');
    const second = await manager.submitBlock(orphan);
    expect(second.status).toBe('orphan');
    expect(peer.log).toEqual(['getdata 1']);
    await world.advance(100);
    expect(dag.haveBlock(orphan.hash)).toBe(true);
    expect(dag.isOrphan(orphan.hash)).toBe(false);
  });

  test('submitBlock passes verdicts on', async () => {
    const { dag, manager } = setup();
    await expect(manager.submitBlock(makeBadBlock([dag.genesis]))).rejects.toMatchObject({ code: 'ErrTimeTooOld' });
  });
});

describe('orphans', () => {
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

  test('a fork below: after a few generations the rest is listed', async () => {
    const { world, dag, remote } = setup({ reconcileDelay: 1e9 });
    const other = chain(14, 'other');
    for (let i = 0; i < 13; i++) dag.mine(`own${i}`);
    const peer = remote(other, { claim: 0 }).connect();
    peer.announce(other.tips[0]!);
    // The block, four generations of parents, the list and what is on it: 40 ms a round trip.
    await world.advance(320);
    expect(dag.blockCount).toBe(1 + 14 + 13);
    expect(peer.log.slice(0, 6)).toEqual([...Array<string>(4).fill('getdata 1'), 'getblocks 0', 'getdata 1']);
  });

  test('a peer that does not answer with a list: parents are still asked for one by one', async () => {
    const { world, dag, remote } = setup({ reconcileDelay: 1e9 });
    const other = chain(14, 'other');
    for (let i = 0; i < 13; i++) dag.mine(`own${i}`);
    const peer = remote(other, { claim: 0, list: () => undefined }).connect();
    peer.announce(other.tips[0]!);
    await world.advance(1000);
    expect(dag.blockCount).toBe(1 + 14 + 13);
    expect(peer.log.filter((line) => line === 'getdata 1')).toHaveLength(14);
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

  test('a fork deeper than parents should be walked is listed from further down', async () => {
    const { world, dag, remote } = setup({ reconcileDelay: 1e9 });
    const other = chain(400, 'other');
    for (let i = 0; i < 390; i++) dag.mine(`own${i}`);
    const peer = remote(other).connect();
    expect(await world.runUntil(() => dag.haveBlock(other.blocksAtHeight(1)[0]!), 60_000)).toBe(true);
    await world.advance(2000);
    expect(dag.blockCount).toBe(1 + 400 + 390);
    expect(peer.log.length).toBeLessThan(30);
  });

  test('a false coinbase height does not raise what the peer is believed to have', async () => {
    const { world, remote } = setup();
    const other = chain(3);
    const peer = remote(other, { claim: 0 }).connect();
    peer.announce({ hash: other.tips[0]!.hash, height: 3 });
    await world.advance(1000);
    expect(peer.maxHeight).toBe(3);
  });
});

describe('forks of equal height', () => {
  test('are reconciled after connecting, without a new block', async () => {
    const { world, dag, remote } = setup();
    const other = chain(12, 'other');
    for (let i = 0; i < 12; i++) dag.mine(`own${i}`);
    const peer = remote(other).connect();
    await world.advance(1000);
    expect(peer.log).toEqual(['getblocks 12']);
    await world.advance(10_000);
    expect(dag.blockCount).toBe(25);
    expect(dag.tips).toHaveLength(2);
    expect(peer.log.slice(0, 3)).toEqual(['getblocks 12', 'getblocks 0', 'getdata 12']);
  });

  test('deeper than the first look: the next ones go further down', async () => {
    const { world, dag, remote } = setup();
    const other = chain(350, 'other');
    for (let i = 0; i < 350; i++) dag.mine(`own${i}`);
    remote(other).connect();
    await world.advance(30_000);
    expect(dag.blockCount).toBe(701);
  });
});

describe('hostile peers', () => {
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

  test('an unrequested block ends the connection, except on regtest', async () => {
    const { world, dag, manager, remote } = setup();
    const peer = remote(new FakeDag()).connect();
    await manager.block(peer, makeBlock([dag.genesis], 'x'));
    expect(peer.connected).toBe(false);
    expect(dag.blockCount).toBe(1);
    const local = setup({ regtest: true });
    const friend = local.remote(new FakeDag()).connect();
    await local.manager.block(friend, makeBlock([dag.genesis], 'x'));
    await world.settle();
    expect(friend.connected).toBe(true);
    expect(local.dag.blockCount).toBe(2);
  });

  test('headers end the connection', () => {
    const { manager, remote } = setup();
    const peer = remote(new FakeDag()).connect();
    manager.headers(peer);
    expect(peer.connected).toBe(false);
  });

  test('an invalid block is rejected with code and text and is not punished if honest nodes may differ', async () => {
    const { world, dag, remote } = setup();
    const bad = makeBadBlock([dag.genesis]);
    const peer = remote(new FakeDag(), { claim: 0, serve: () => bad }).connect();
    peer.announce({ hash: bad.hash, height: 1 });
    await world.advance(100);
    expect(peer.log).toEqual(['getdata 1', 'reject block 16 bad in context']);
    expect(peer.points).toBe(0);
    expect(dag.blockCount).toBe(1);
  });

  test.each([
    ['parents', withFalseParents],
    ['body', withFalseBody],
  ])('a copy with false %s costs its sender points and does not shut the true block out', async (_, spoil) => {
    const { world, dag, remote } = setup();
    const other = chain(1);
    const block = other.tips[0]!;
    const forger = remote(other, { claim: 0, serve: (own) => own && spoil(own) }).connect();
    const honest = remote(other, { claim: 0 }).connect();
    forger.announce(block);
    honest.announce(block);
    await world.advance(500);
    expect(forger.points).toBeGreaterThan(0);
    expect(honest.points).toBe(0);
    expect(honest.log[0]).toBe('getdata 1');
    expect(tipsOf(dag)).toEqual(tipsOf(other));
  });

  test('45,000 invented blocks in one inv: bounded, and another peer is served meanwhile', async () => {
    const { world, dag, manager, remote } = setup();
    const flood = Array.from({ length: 45_000 }, (_, i) => {
      const hash = Buffer.alloc(32, 7);
      hash.writeUInt32LE(i, 0);
      return { type: InvType.block, hash, height: 1 };
    });
    const attacker = remote(new FakeDag(), { claim: 0, serve: () => null }).connect();
    attacker.inv(flood);
    expect(manager.load.openBlocks).toBeLessThanOrEqual(2000);
    const other = chain(3);
    remote(other).connect();
    await world.advance(1000);
    expect(tipsOf(dag)).toEqual(tipsOf(other));
    attacker.leave();
    expect(manager.load.openBlocks).toBe(0);
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

describe('expensive blocks', () => {
  /** A DAG in which blocks on `old` take seconds, with a height above it that makes them old. */
  function expensive() {
    const virtual = new VirtualWorld();
    let worked = 0;
    const { clock, timers, random } = virtual;
    const world = { timers, random, clock: { now: clock.now, monotonic: () => clock.monotonic() + worked } };
    const dag = chain(1500);
    const announced: number[] = [];
    const process = dag.processBlock.bind(dag);
    const old = dag.genesis;
    dag.processBlock = (block) => {
      if (block.parentHashes.includes(old.hash)) worked += 4000;
      return process(block);
    };
    const manager = new SyncManager(
      { generation: 2, regtest: false, confirmationWindow: 100 },
      {
        dag,
        world,
        logger: silentLogger,
        announcer: {
          announceBlock: (_hash, height) => announced.push(height),
          announceTransactions: () => undefined,
          peerHeight: () => undefined,
        },
      },
    );
    manager.start();
    return { virtual, world, dag, manager, old };
  }

  test('old branches are delayed, never refused; their sender gets points and nobody else waits', async () => {
    const { virtual, world, dag, manager, old } = expensive();
    const source = new FakeDag();
    const blocks = Array.from({ length: 12 }, (_, i) => source.extend([source.genesis], `old ${i}`));
    expect(blocks[0]!.block.parentHashes[0]).toEqual(old.hash);
    const attacker = new Remote(manager, virtual, source, { claim: 0, latency: 1 }).connect();
    const before = dag.blockCount;
    const top = dag.tips[0]!;
    attacker.announce(...blocks);
    await virtual.advance(10);
    const done = dag.blockCount - before;
    // Four of four seconds each are within the share and one beyond; then come pauses.
    expect(done).toBeGreaterThan(2);
    expect(done).toBeLessThan(7);
    const honestDag = new FakeDag();
    const honest = new Remote(manager, world, honestDag, { claim: 0, latency: 1 }).connect();
    const news = makeBlock([top], 'news');
    honest.onGetData = () => void manager.block(honest, news);
    honest.inv([{ type: InvType.block, hash: news.hash, height: top.height + 1 }]);
    expect(dag.haveBlock(news.hash)).toBe(true);
    await virtual.advance(120_000);
    expect(dag.blockCount - before).toBe(13);
    expect(attacker.burden).toBeGreaterThan(0);
    expect(attacker.points).toBe(0);
    expect(honest.burden).toBe(0);
    expect(attacker.connected).toBe(true);
    await manager.stop();
  });
});

describe('life cycle', () => {
  test('stop is idempotent, refuses what comes later and leaves no timer', async () => {
    const { world, dag, manager, remote } = setup();
    const peer = remote(chain(5)).connect();
    await Promise.all([manager.stop(), manager.stop()]);
    await expect(manager.submitBlock(makeBlock([dag.genesis], 'late'))).rejects.toThrow(StoppedError);
    await manager.block(peer, makeBlock([dag.genesis], 'late'));
    await world.advance(100);
    expect(world.pendingTimers).toBe(0);
    expect(dag.blockCount).toBe(1);
  });
});
