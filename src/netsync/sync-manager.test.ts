import { describe, expect, test } from 'vitest';
import { hashToHex } from '../util/hash.ts';
import { Transaction } from '../wire/index.ts';
import { StoppedError } from './block-queue.ts';
import { FakeDag, makeBadBlock, makeBlock } from './testing/fake-dag.ts';
import { FakePeer } from './testing/fake-peer.ts';
import { chain, setup } from './testing/sync-setup.ts';

describe('announcements', () => {
  test('far behind, only the newest block is announced, once a second', async () => {
    const { world, dag, announced, remote } = setup();
    dag.current = false;
    remote(chain(400)).connect();
    await world.advance(5000);
    expect(dag.blockCount).toBe(401);
    expect(announced.length).toBeLessThan(6);
    expect(announced.at(-1)!.height).toBe(400);
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

  test('far behind, an own block does not wait for those of peers, and is announced at once', async () => {
    const { world, dag, work, manager, announced, remote } = setup();
    dag.current = false;
    const process = dag.processBlock.bind(dag);
    dag.processBlock = (block) => {
      work.milliseconds += 5;
      return process(block);
    };
    remote(chain(400)).connect();
    expect(await world.runUntil(() => manager.load.queuedBlocks > 100, 10_000)).toBe(true);
    announced.length = 0;
    const own = makeBlock([dag.genesis], 'own');
    const submitted = manager.submitBlock(own);
    expect(await world.runUntil(() => announced.some(({ hash }) => hash === hashToHex(own.hash)), 100)).toBe(true);
    expect(manager.load.queuedBlocks).toBeGreaterThan(90);
    await submitted;
    await manager.stop();
  });

  test('submitBlock passes verdicts on', async () => {
    const { dag, manager } = setup();
    await expect(manager.submitBlock(makeBadBlock([dag.genesis]))).rejects.toMatchObject({ code: 'ErrTimeTooOld' });
  });
});

describe('what was not asked for', () => {
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
});

test('who sends what costs much and is refused has to wait before he may send more', async () => {
  const pool = {
    have: () => false,
    process: (tx: Transaction) => {
      work.milliseconds += tx.lockTime;
      throw Object.assign(new Error('refused'), { rejectCode: 0x10 });
    },
    blockConnected: () => [],
    removeOrphansOf: () => undefined,
  };
  const { world, work, manager } = setup({ pool });
  const peer = new FakePeer();
  manager.peerConnected(peer);
  const send = (milliseconds: number) =>
    manager.transaction(peer, new Transaction({ version: 1, inputs: [], outputs: [], lockTime: milliseconds }));
  expect(send(10)).toBeUndefined();
  let free = false;
  void send(300)?.then(() => {
    free = true;
  });
  await world.advance(1100);
  expect(free).toBe(false);
  await world.advance(200);
  expect(free).toBe(true);
  void send(100_000)?.then(() => {
    free = false;
  });
  await world.advance(5001);
  expect(free, 'never longer than five seconds').toBe(false);
  const last = send(300);
  await manager.stop();
  await last;
  await world.advance(100);
  expect(world.pendingTimers).toBe(0);
});

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

describe('in the middle of a download', () => {
  test.each([50, 120, 250, 400])(
    'stopped after %i ms: nothing is left over, and the next start goes on',
    async (after) => {
      const { world, dag, work, manager, remote, failures } = setup();
      const process = dag.processBlock.bind(dag);
      dag.processBlock = (block) => {
        work.milliseconds += 3;
        return process(block);
      };
      const source = chain(1200);
      const peers = [remote(source, { pace: 1 }).connect(), remote(source, { pace: 1 }).connect()];
      await world.advance(after);
      const submitted = manager.submitBlock(makeBlock([dag.genesis], 'own')).catch((error: unknown) => error);
      await manager.stop();
      for (const peer of peers) peer.connected = false;
      await world.advance(10_000);
      await submitted;
      expect(world.pendingTimers).toBe(0);
      expect(failures).toEqual([]);
      expect(dag.blockCount).toBeLessThan(1200);
      const again = setup({ dag });
      again.remote(source).connect();
      expect(await again.world.runUntil(() => source.tips.every(({ hash }) => dag.haveBlock(hash)), 60_000)).toBe(true);
      await again.manager.stop();
    },
  );
});
