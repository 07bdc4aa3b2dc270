import { describe, expect, test } from 'vitest';
import { MemoryFile } from '../addrmgr/testing.ts';
import { TEST_PARAMS } from '../netsync/testing/fake-dag.ts';
import { ScriptedRemote } from '../peer/testing-remote.ts';
import { silentLogger } from '../util/log.ts';
import { type EvictionCandidate, selectForEviction } from './eviction.ts';
import { guest, tell } from './testing/guest.ts';
import { VirtualNetwork } from './testing/virtual-network.ts';

const mempool = { command: 'mempool' } as const;

describe('who may connect', () => {
  test('a banned host is refused at accept time, in every spelling, until the ban ends', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { banDuration: 60_000 });
    const remote = await guest(network, node);
    await tell(network, remote, mempool, mempool, mempool, mempool);
    expect(remote.closed).toBe(true);
    const mapped = new ScriptedRemote(network.connect('[::ffff:c633:6407]', node.address), TEST_PARAMS);
    await network.world.advance(100);
    expect(mapped.closed).toBe(true);
    await network.world.advance(60_000);
    expect((await guest(network, node)).closed).toBe(false);
  });

  test('whitelisted hosts are never scored', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { whitelist: ['198.51.100.0/24'] });
    const remote = await guest(network, node);
    await tell(network, remote, mempool, mempool, mempool, mempool, mempool);
    expect(remote.closed).toBe(false);
    expect(node.handler.operations.peers()[0]!.banScore).toBe(0);
  });

  test('the whitelist concerns outgoing connections as well', async () => {
    const network = new VirtualNetwork();
    const [friend, other] = [await network.node('friend'), await network.node('other')];
    const node = await network.node('n', { whitelist: ['10.1.0.0/16'], addPeers: [friend.address, other.address] });
    await network.world.advance(1000);
    const { operations } = node.handler;
    operations.ban('10.0.0.0/8', 3_600_000);
    await network.world.advance(1000);
    expect(operations.peers().map(({ address }) => address)).toEqual([friend.address]);
    await network.world.advance(60_000);
    expect(operations.connectedCount()).toBe(1);
  });

  test('threshold: a score above it bans, one that reaches it does not', async () => {
    for (const [banThreshold, closed] of [
      [65, true],
      [66, false],
    ] as const) {
      const network = new VirtualNetwork();
      const node = await network.node('n', { banThreshold });
      const remote = await guest(network, node);
      remote.send(mempool);
      remote.send(mempool);
      await network.world.advance(100);
      expect(remote.closed).toBe(closed);
      expect(node.handler.operations.bans()).toHaveLength(closed ? 1 : 0);
    }
  });

  test('without banning nothing is scored', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { banning: false });
    const remote = await guest(network, node);
    await tell(network, remote, mempool, mempool, mempool, mempool, mempool);
    expect(remote.closed).toBe(false);
  });

  test('bans outlive a restart and can be listed and lifted', async () => {
    const network = new VirtualNetwork();
    const bansFile = new MemoryFile();
    const first = await network.node('a', {}, { bansFile });
    first.handler.operations.ban('198.51.100.7', 3_600_000);
    await network.world.waitFor(first.handler.stop(), 1000);
    const second = await network.node('b', {}, { bansFile });
    expect(second.handler.operations.bans().map(({ host }) => host)).toEqual(['198.51.100.7']);
    expect((await guest(network, second)).closed).toBe(true);
    expect(second.handler.operations.liftBan('::ffff:198.51.100.7')).toBe(true);
    expect(second.handler.operations.liftBan('198.51.100.7')).toBe(false);
    expect((await guest(network, second)).closed).toBe(false);
  });

  test.each(['{', '[]', '{"bans":7}', '', 'null'])(
    'a damaged file of bans, %j, is set aside, not overwritten',
    async (text) => {
      const network = new VirtualNetwork();
      const bansFile = new MemoryFile(text);
      const { handler } = await network.node('n', {}, { bansFile });
      expect(handler.operations.bans()).toEqual([]);
      handler.operations.ban('198.51.100.7', 3_600_000);
      await network.world.waitFor(handler.stop(), 1000);
      expect(bansFile.aside).toEqual([text]);
      expect(bansFile.content).toContain('198.51.100.7');
    },
  );

  test('of a file of bans what is understood is kept', async () => {
    const network = new VirtualNetwork();
    const good = { host: '198.51.100.7', until: 2 ** 45 };
    const bad = [{ host: 5 }, null, { host: '1.2.3.4' }, { host: '1.2.3.4', until: '1' }, { ...good, since: 'x' }];
    const bansFile = new MemoryFile(JSON.stringify({ version: 1, bans: [...bad, good] }));
    const node = await network.node('n', {}, { bansFile });
    expect(node.handler.operations.bans().map(({ host }) => host)).toEqual(['198.51.100.7']);
    expect((await guest(network, node)).closed).toBe(true);
  });

  test('a disk that takes nothing: bans hold, the log tells, and what is missing is written with the next one', async () => {
    const network = new VirtualNetwork();
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (line: string) => errors.push(line) };
    const files = { bansFile: new MemoryFile(), anchorsFile: new MemoryFile() };
    const node = await network.node('n', {}, { logger, ...files });
    const { operations } = node.handler;
    for (const file of Object.values(files)) file.failure = new Error('ENOSPC: no space left on device');
    operations.ban('198.51.100.7', 3_600_000);
    await network.world.advance(700_000);
    expect((await guest(network, node)).closed).toBe(true);
    expect(errors).toEqual(['cannot write the list of bans: ENOSPC: no space left on device']);
    files.bansFile.failure = undefined;
    operations.ban('198.51.100.8', 3_600_000);
    await network.world.waitFor(node.handler.stop(), 1000);
    expect(files.bansFile.content).toContain('198.51.100.7');
    expect(node.failures).toEqual([]);
  });

  test('a disk that gives nothing does not keep the node from starting', async () => {
    const network = new VirtualNetwork();
    const files = { bansFile: new MemoryFile('{}'), anchorsFile: new MemoryFile('1.2.3.4:5') };
    for (const file of Object.values(files)) file.failure = new Error('EIO: i/o error');
    const node = await network.node('n', {}, files);
    expect((await guest(network, node)).closed).toBe(false);
  });

  test('a ban ends the connections of the host', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n');
    const remote = await guest(network, node);
    node.handler.operations.ban('198.51.100.7', 1000);
    await network.world.advance(100);
    expect(remote.closed).toBe(true);
  });

  test('the table is full: refused without a version; permanent peers as well', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { maxPeers: 2 });
    await guest(network, node, { ip: '198.51.100.1' });
    await guest(network, node, { ip: '198.51.100.2' });
    const third = await guest(network, node, { ip: '198.51.100.3' });
    expect(third.closed).toBe(true);
    expect(node.handler.operations.connectedCount()).toBe(2);
    await expect(node.handler.operations.connect('10.1.1.1:1', true)).rejects.toThrow('max peers reached');
  });

  test('one host gets eight connections, this machine any number', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n');
    for (let i = 0; i < 10; i++) await guest(network, node);
    expect(node.handler.operations.connectedCount()).toBe(8);
    for (let i = 0; i < 10; i++) await guest(network, node, { ip: '127.0.0.1' });
    expect(node.handler.operations.connectedCount()).toBe(18);
  });

  test('an IPv6 network of 64 bits is one host', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n');
    for (let i = 1; i <= 10; i++) await guest(network, node, { ip: `[2001:db8:0:7:${i}::1]` });
    expect(node.handler.operations.connectedCount()).toBe(8);
    for (let i = 1; i <= 10; i++) await guest(network, node, { ip: `[2001:db8:0:${i + 10}::1]` });
    expect(node.handler.operations.connectedCount()).toBe(18);
  });

  test('who misbehaves from an IPv6 address is banned with the network that it can choose addresses in', async () => {
    const network = new VirtualNetwork();
    const bansFile = new MemoryFile();
    const node = await network.node('n', {}, { bansFile });
    const remote = await guest(network, node, { ip: '[2001:db8:0:7::1]' });
    await tell(network, remote, mempool, mempool, mempool, mempool);
    const { operations } = node.handler;
    expect(operations.bans().map(({ host }) => host)).toEqual(['2001:db8:0:7::/64']);
    const closed = async (ip: string, at = node) => (await guest(network, at, { ip })).closed;
    expect(await closed('[2001:db8:0:7:1234::2]')).toBe(true);
    expect(await closed('[2001:db8:0:8::1]')).toBe(false);
    await network.world.waitFor(node.handler.stop(), 1000);
    const again = await network.node('again', {}, { bansFile });
    expect(await closed('[2001:db8:0:7::3]', again)).toBe(true);
    expect(again.handler.operations.isListed('2001:db8:0:7::/64')).toBe(true);
    expect(again.handler.operations.liftBan('2001:db8:0:7::/64')).toBe(true);
    expect(await closed('[2001:db8:0:7::3]', again)).toBe(false);
    // Strangers share the networks of Teredo.
    const tunnelled = await guest(network, again, { ip: '[2001:0:1:2::1]' });
    await tell(network, tunnelled, mempool, mempool, mempool, mempool);
    expect(again.handler.operations.bans().map(({ host }) => host)).toEqual(['2001:0:1:2::1']);
  });

  test('a host that was banned and is whitelisted since may connect', async () => {
    const network = new VirtualNetwork();
    const text = JSON.stringify({ version: 1, bans: [{ host: '198.51.100.7', until: 2 ** 45 }] });
    const bansFile = { load: () => Promise.resolve(text), save: () => Promise.resolve() };
    const strict = await network.node('strict', {}, { bansFile });
    expect((await guest(network, strict)).closed).toBe(true);
    const node = await network.node('n', { whitelist: ['198.51.100.7'] }, { bansFile });
    expect((await guest(network, node)).closed).toBe(false);
  });

  test('who comes through a Tor service is dropped for misbehaviour, but this machine is not banned for it', async () => {
    for (const onionReachable of [true, false]) {
      const network = new VirtualNetwork();
      const node = await network.node('n', { onionReachable });
      const remote = await guest(network, node, { ip: '127.0.0.1' });
      await tell(network, remote, mempool, mempool, mempool, mempool);
      expect(remote.closed).toBe(true);
      expect(node.handler.operations.bans()).toHaveLength(onionReachable ? 0 : 1);
      expect((await guest(network, node, { ip: '127.0.0.1' })).closed).toBe(!onionReachable);
    }
  });

  test('half-open handshakes are bounded; the oldest gives way when it had its time', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { maxPendingInbound: 4, whitelist: ['203.0.113.99'] });
    const silent = Array.from({ length: 6 }, (_, i) => {
      return new ScriptedRemote(network.connect(`198.51.100.${i + 1}`, node.address), TEST_PARAMS);
    });
    await network.world.advance(100);
    expect(silent.map(({ closed }) => closed)).toEqual([false, false, false, false, true, true]);
    const friend = new ScriptedRemote(network.connect('203.0.113.99', node.address), TEST_PARAMS);
    await network.world.advance(100);
    expect([friend.closed, silent[0]!.closed]).toEqual([false, true]);
    friend.transport.destroy();
    await network.world.advance(3000);
    const honest = await guest(network, node, { ip: '203.0.113.5' });
    expect(honest.closed).toBe(false);
    expect(silent.map(({ closed }) => closed)).toEqual([true, false, false, false, true, true]);
  });

  test('who is refused after the handshake leaves no trace', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { maxPeers: 1 });
    const first = new ScriptedRemote(network.connect('198.51.100.1', node.address), TEST_PARAMS);
    const second = new ScriptedRemote(network.connect('198.51.100.2', node.address), TEST_PARAMS);
    await network.world.advance(50);
    first.introduce();
    second.introduce({ lastBlock: 1_000_000 });
    await network.world.advance(200);
    expect([first.closed, second.closed]).toEqual([false, true]);
    expect(node.handler.isCurrent()).toBe(true);
    expect(node.dag.timeSamples.size).toBe(1);
  });

  test('one time sample a host', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n');
    for (let i = 0; i < 5; i++) await guest(network, node);
    expect([...node.dag.timeSamples.keys()]).toEqual(['198.51.100.7']);
  });
});

describe('eviction', () => {
  const rank = (group: string) => group.length;
  const candidate = (id: number, changes: Partial<EvictionCandidate> = {}): EvictionCandidate => ({
    id,
    connectedAt: id,
    pingMicros: 0,
    usefulAt: Number.NEGATIVE_INFINITY,
    group: `g${id}`,
    ...changes,
  });

  test('small tables are left alone', () => {
    expect(selectForEviction([], rank)).toBeUndefined();
    expect(
      selectForEviction(
        Array.from({ length: 12 }, (_, i) => candidate(i)),
        rank,
      ),
    ).toBeUndefined();
  });

  test('the youngest of the most crowded network goes', () => {
    const crowd = Array.from({ length: 60 }, (_, i) => candidate(i + 100, { group: 'crowd crowd crowd' }));
    const others = Array.from({ length: 40 }, (_, i) => candidate(i));
    expect(selectForEviction([...crowd, ...others], rank)).toBe(159);
  });

  test('near, useful and old peers stay', () => {
    const crowd = Array.from({ length: 60 }, (_, i) => {
      const merits = i >= 56 ? { usefulAt: i } : i >= 48 ? { pingMicros: 1 } : {};
      return candidate(i, { group: 'the same group', ...merits });
    });
    const gone = selectForEviction(crowd, rank)!;
    expect(gone).toBeLessThan(48);
    expect(gone).toBeGreaterThan(20);
  });

  test('a full table lets a newcomer in by giving up its least missed incoming peer', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { maxPeers: 40, maxInboundPerHost: 1000 });
    const remotes = [];
    for (let i = 0; i < 40; i++) remotes.push(await guest(network, node, { ip: `198.51.100.${i}` }));
    const newcomer = await guest(network, node, { ip: '203.0.113.1' });
    expect(newcomer.closed).toBe(false);
    expect(node.handler.operations.connectedCount()).toBe(40);
    expect(remotes.filter(({ closed }) => closed)).toHaveLength(1);
    expect(remotes.slice(0, 20).some(({ closed }) => closed)).toBe(false);
  });
});
