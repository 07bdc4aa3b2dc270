/**
 * Goal: what one remote does costs the node a bounded amount, and takes nothing from the others.
 */
import { describe, expect, test } from 'vitest';
import { FakeDag, makeBlock, TEST_PARAMS } from '../netsync/testing/fake-dag.ts';
import { networkParams, userAgent } from '../params/index.ts';
import { DEFAULT_LIMITS } from '../peer/index.ts';
import { ScriptedRemote } from '../peer/testing-remote.ts';
import { type Hash, ZERO_HASH } from '../util/hash.ts';
import { silentLogger } from '../util/log.ts';
import { InvType, type InvVector, ipFromString, type Message, Transaction, UNKNOWN_HEIGHT } from '../wire/index.ts';
import { FakePool, makeTransaction } from './testing/fake-pool.ts';
import { guest, tell } from './testing/guest.ts';
import { VirtualNetwork } from './testing/virtual-network.ts';

const vector = (type: number, hash: Hash): InvVector => ({ type, hash, height: UNKNOWN_HEIGHT });
const everything = {
  command: 'filterload',
  filter: Uint8Array.of(0xff),
  hashFunctions: 1,
  tweak: 0,
  flags: 0,
} as const;

/** Bytes of the transaction that makes a block large. */
const LARGE = 900_000;

/** A node with large blocks, a filled pool and filters of 10,000 bytes, whose lines hold 64 KiB. */
async function setup() {
  const network = new VirtualNetwork({ latency: 5, buffer: 64 * 1024 });
  const dag = new FakeDag();
  for (let i = 0; i < 1200; i++) dag.mine(`${i}`);
  const [{ inputs } = makeTransaction(0)] = [makeTransaction(1)];
  const outputs = [{ value: 1n, pkScript: new Uint8Array(LARGE) }];
  const transactions = [new Transaction({ version: 1, inputs, outputs, lockTime: 0 })];
  dag.processBlock(makeBlock(dag.tips, 'large', { transactions }));
  const pool = new FakePool();
  for (let i = 0; i < 3000; i++) pool.add(makeTransaction(i));
  const filters = {
    filter: () => new Uint8Array(10_000),
    filterHash: (block: Hash) => block,
    filterHeader: (block: Hash) => block,
  };
  const whitelist = ['198.51.100.0/24'];
  const node = await network.node('n', { services: 0x4dn, whitelist }, { pool, filters }, dag);
  return { network, dag, pool, node };
}

describe('amplification', () => {
  const stop = ZERO_HASH;
  const locator = { protocolVersion: 70_013, locatorHeights: [0], stopHash: stop };

  /** What is asked again and again, and how many bytes one answer may have. */
  const floods: readonly [string, (dag: FakeDag) => readonly Message[], number][] = [
    ['ping', () => [{ command: 'ping', nonce: 7n }], 40],
    ['getaddr', () => [{ command: 'getaddr' }], 0],
    ['getaddrcache', () => [{ command: 'getaddrcache' }], 0],
    ['getblocks', () => [{ command: 'getblocks', ...locator }], 21_000],
    ['getheaders', () => [{ command: 'getheaders', ...locator }], 100_000],
    ['mempool', () => [{ command: 'mempool' }], 121_000],
    ['mempool with a filter', () => [everything, { command: 'mempool' }], 121_000],
    [
      'getdata of large blocks',
      ({ tips }) => [{ command: 'getdata', inventory: Array(50).fill(vector(InvType.witnessBlock, tips[0]!.hash)) }],
      LARGE + 1000,
    ],
    [
      'getdata of filtered blocks',
      ({ tips }) => [
        everything,
        { command: 'getdata', inventory: Array(50).fill(vector(InvType.filteredBlock, tips[0]!.hash)) },
      ],
      LARGE + 1000,
    ],
    [
      'getdata of what is not there',
      () => [{ command: 'getdata', inventory: Array(5000).fill(vector(InvType.tx, ZERO_HASH)) }],
      201_000,
    ],
    [
      'getcfilters',
      (dag) => [{ command: 'getcfilters', filterType: 0, startHeight: 250, stopHash: dag.tips[0]!.hash }],
      31_000,
    ],
    [
      'getcfheaders',
      (dag) => [{ command: 'getcfheaders', filterType: 0, startHeight: 1, stopHash: dag.tips[0]!.hash }],
      40_000,
    ],
    ['getcfcheckpt', (dag) => [{ command: 'getcfcheckpt', filterType: 0, stopHash: dag.tips[0]!.hash }], 200],
  ];

  test.each(floods)('%s: who does not read gets one answer too many at most', async (_, messages, answer) => {
    const { network, dag, node } = await setup();
    const asker = await guest(network, node);
    const other = await guest(network, node, { ip: '198.51.100.8' });
    const before = node.handler.operations.netTotals().bytesSent;
    asker.transport.pause();
    for (let i = 0; i < 300; i++) for (const message of messages(dag)) asker.send(message);
    await network.world.advance(2000);
    const { queuedBytes, bufferedBytes } = node.handler.operations.load();
    expect(queuedBytes).toBeLessThan(DEFAULT_LIMITS.outputPause + answer + 64 * 1024);
    expect(bufferedBytes).toBeLessThan(DEFAULT_LIMITS.readAhead + 300_000);
    const sent = node.handler.operations.netTotals().bytesSent - before;
    // What was handed over, not what was asked for: the line's buffer, and the message that did not fit.
    expect(sent).toBeLessThan(128 * 1024 + answer);
    await tell(network, other, { command: 'ping', nonce: 1n });
    expect(other.commands).toEqual(['pong']);
    await network.world.advance(100_000);
    expect(node.failures).toEqual([]);
    expect(other.closed).toBe(false);
  });
});

describe('long answers', () => {
  test('a thousand filters, more than may ever wait, reach who reads slowly', async () => {
    const { network, dag, node } = await setup();
    network.lines.set(node.address, { latency: 5, bandwidth: 100_000, buffer: 64 * 1024 });
    const remote = await guest(network, node);
    const stopHash = dag.tips[0]!.hash;
    remote.send({ command: 'getcfilters', filterType: 0, startHeight: 202, stopHash });
    let most = 0;
    for (let i = 0; i < 120; i++) {
      await network.world.advance(1000);
      most = Math.max(most, node.handler.operations.load().queuedBytes);
    }
    expect(remote.all('cfilter')).toHaveLength(1000);
    expect(most).toBeLessThan(100_000);
  });

  test('a peer that leaves while it is served ends the work, and nothing is held against the node', async () => {
    const { network, dag, node } = await setup();
    const tip = dag.tips[0]!.hash;
    const requests: Message[] = [
      { command: 'getdata', inventory: Array(500).fill(vector(InvType.witnessBlock, tip)) },
      { command: 'getcfilters', filterType: 0, startHeight: 250, stopHash: tip },
      { command: 'getheaders', protocolVersion: 70_013, locatorHeights: [0], stopHash: ZERO_HASH },
      { command: 'mempool' },
    ];
    for (const request of requests) {
      const remote = await guest(network, node);
      remote.transport.pause();
      remote.send(request);
      await network.world.advance(50);
      remote.transport.destroy();
      await network.world.advance(1000);
      expect(node.handler.operations.load()).toMatchObject({ peers: 0, pending: 0, queuedBytes: 0 });
    }
    expect(node.failures).toEqual([]);
    await network.world.waitFor(node.handler.stop(), 1000);
    expect(network.world.pendingTimers).toBe(0);
  });

  test('who asks for much and closes its end is not served by work that nobody receives', async () => {
    const { network, dag, node } = await setup();
    const tip = dag.tips[0]!.hash;
    let read = 0;
    const { getBlock } = dag;
    dag.getBlock = (hash) => {
      read++;
      return getBlock.call(dag, hash);
    };
    const remote = await guest(network, node);
    remote.send({ command: 'getdata', inventory: Array(5000).fill(vector(InvType.witnessBlock, tip)) });
    remote.transport.close();
    await network.world.advance(5000);
    expect(read).toBeLessThan(5);
    expect(node.handler.operations.load()).toMatchObject({ peers: 0, pending: 0 });
  });

  test('stop in the middle of serving and of handshakes', async () => {
    const { network, dag, node } = await setup();
    const inventory = Array(500).fill(vector(InvType.witnessBlock, dag.tips[0]!.hash));
    const remotes = [await guest(network, node), await guest(network, node)];
    for (const remote of remotes) {
      remote.transport.pause();
      remote.send({ command: 'getdata', inventory });
    }
    const silent = new ScriptedRemote(network.connect('198.51.100.9', node.address), TEST_PARAMS);
    const halfway = new ScriptedRemote(network.connect('198.51.100.10', node.address), TEST_PARAMS);
    halfway.sendRaw(halfway.frame(halfway.version()).subarray(0, 60));
    await network.world.advance(50);
    await network.world.waitFor(node.handler.stop(), 1000);
    for (const remote of remotes) remote.transport.resume();
    await network.world.advance(100);
    expect([...remotes, silent, halfway].map(({ closed }) => closed)).toEqual([true, true, true, true]);
    expect(node.handler.operations.load()).toMatchObject({ peers: 0, pending: 0 });
    expect(node.failures).toEqual([]);
    expect(network.world.pendingTimers).toBe(0);
  });

  test('a line that is dead: given up when nothing is taken any more', async () => {
    const { network, dag, node } = await setup();
    const line = network.connect('198.51.100.7', node.address);
    const remote = new ScriptedRemote(line, TEST_PARAMS);
    remote.introduce();
    await network.world.advance(100);
    remote.transport.pause();
    remote.send({ command: 'getdata', inventory: [vector(InvType.witnessBlock, dag.tips[0]!.hash)] });
    await network.world.advance(50);
    line.silence();
    await network.world.advance(61_000);
    expect(node.handler.operations.load()).toMatchObject({ peers: 0, queuedBytes: 0 });
  });
});

describe('damaged storage', () => {
  test('a block that cannot be read is not there for peers, and the node goes on', async () => {
    const network = new VirtualNetwork();
    const dag = new FakeDag();
    const [bad, good] = [dag.mine('bad').hash, dag.mine('good').hash];
    const { getBlock } = dag;
    dag.getBlock = (hash) => {
      if (Buffer.compare(hash, bad) === 0) throw new Error('the database is damaged');
      return getBlock.call(dag, hash);
    };
    const lines: string[] = [];
    const logger = { ...silentLogger, error: (line: string) => lines.push(line) };
    const filters = {
      filter: () => {
        throw new Error('a row of the committed filter index is too short');
      },
      filterHash: (block: Hash) => block,
      filterHeader: (block: Hash) => block,
    };
    const node = await network.node('n', { services: 0x4dn }, { logger, filters }, dag);
    const remote = await guest(network, node);
    const inventory = [InvType.block, InvType.witnessBlock].flatMap((type) => [vector(type, bad), vector(type, good)]);
    await tell(network, remote, { command: 'getdata', inventory });
    expect(remote.commands).toEqual(['block', 'block', 'notfound']);
    await tell(
      network,
      remote,
      { command: 'getheaders', protocolVersion: 70_013, locatorHeights: [0], stopHash: ZERO_HASH },
      { command: 'getcfilters', filterType: 0, startHeight: 1, stopHash: good },
    );
    expect(remote.all('headers')[0]!.headers).toHaveLength(1);
    expect(remote.all('cfilter')).toEqual([]);
    expect(remote.closed).toBe(false);
    expect(node.failures).toEqual([]);
    expect(lines.length).toBeGreaterThan(2);
  });
});

describe('connections', () => {
  test('to ourselves: both ends close, nobody is added, and a wish for it is tried every five seconds at most', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { addPeers: ['10.1.0.1:18555'] });
    await network.world.advance(4000);
    expect(network.links).toHaveLength(1);
    expect(node.handler.operations.load()).toMatchObject({ peers: 0, pending: 0 });
    await network.world.advance(600_000);
    expect(network.links.length).toBeLessThanOrEqual(121);
    expect(node.dag.timeSamples.size).toBe(0);
  });

  test('messages before the version, versions and veracks again: the connection ends, the host is not banned', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n');
    const firsts: Message[] = [{ command: 'verack' }, { command: 'getaddr' }, { command: 'mempool' }];
    for (const first of firsts) {
      const remote = new ScriptedRemote(network.connect('198.51.100.7', node.address), TEST_PARAMS);
      remote.send(first);
      await network.world.advance(100);
      expect([remote.commands, remote.closed]).toEqual([['reject'], true]);
    }
    for (const again of ['verack', 'version'] as const) {
      const remote = await guest(network, node);
      remote.send(again === 'verack' ? { command: 'verack' } : remote.version());
      await network.world.advance(100);
      expect(remote.closed).toBe(true);
    }
    expect(node.handler.operations.load()).toMatchObject({ peers: 0, pending: 0, bans: 0 });
  });

  test('a full table of incoming peers does not keep the node from connecting outwards', async () => {
    const network = new VirtualNetwork();
    const other = await network.node('other');
    const node = await network.node('n', { maxPeers: 6, addPeers: ['10.99.0.1:18555'] });
    for (let i = 0; i < 6; i++) await guest(network, node, { ip: `198.51.100.${i}` });
    expect(node.handler.operations.connectedCount()).toBe(6);
    network.alias('10.99.0.1:18555', other.address);
    await network.world.advance(120_000);
    const peers = node.handler.operations.peers();
    expect(peers).toHaveLength(6);
    expect(peers.filter(({ inbound }) => !inbound).map(({ address }) => address)).toEqual(['10.99.0.1:18555']);
    // And the next incoming one does not take the place back.
    const late = await guest(network, node, { ip: '203.0.113.9' });
    expect(late.closed).toBe(true);
    expect(node.handler.operations.peers().filter(({ inbound }) => !inbound)).toHaveLength(1);
  });

  test('what a remote calls itself, or its commands, cannot forge lines of the log', async () => {
    const network = new VirtualNetwork();
    const lines: string[] = [];
    const note = (line: string) => lines.push(line);
    const node = await network.node('n', {}, { logger: { ...silentLogger, debug: note, info: note, warn: note } });
    const forged = '/x/\n2027-01-01 00:00:00.000 [CRT] SOTERD: all is lost\x1b[2J';
    const remote = await guest(network, node, { version: { userAgent: forged } });
    const bytes = Buffer.from(remote.frame({ command: 'getaddr' }));
    bytes.write('a\nb\x1b', 4, 'latin1');
    remote.sendRaw(bytes);
    await network.world.advance(100);
    expect(lines.some((line) => line.includes('all is lost'))).toBe(true);
    expect(lines.some((line) => line.includes('unhandled command [a?b?'))).toBe(true);
    for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
  });

  test('neighbours behind one address: a ban ends what misbehaved; others of the host stay until they leave', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n');
    const neighbour = await guest(network, node);
    const culprit = await guest(network, node);
    const mempool = { command: 'mempool' } as const;
    await tell(network, culprit, mempool, mempool, mempool, mempool);
    expect([culprit.closed, neighbour.closed]).toEqual([true, false]);
    expect((await guest(network, node)).closed).toBe(true);
    node.handler.operations.liftBan('198.51.100.7');
    expect((await guest(network, node)).closed).toBe(false);
  });
});

test('addresses that peers told do not make an answer that nobody can take', async () => {
  const network = new VirtualNetwork();
  const params = networkParams('simnet', 4);
  const node = await network.node('n', { params, userAgent: userAgent(4), services: 0x4dn });
  const greet = async (ip: string) => {
    const remote = new ScriptedRemote(network.connect(ip, node.address), params);
    remote.introduce();
    await network.world.advance(100);
    remote.received.length = 0;
    return remote;
  };
  for (let teller = 0; teller < 8; teller++) {
    const remote = await greet(`198.51.100.${teller}`);
    for (let start = 0; start < 5000; start += 1000) {
      const known = Array.from({ length: 1000 }, (_, i) => {
        const n = start + i;
        return { services: 1n, ip: ipFromString(`${20 + teller}.${n >> 8}.${n & 255}.1`)!, port: 1, timestamp: 1 };
      });
      remote.send({ command: 'addrcache', inbound: [], outbound: [], known });
    }
    await network.world.advance(100);
  }
  const asker = await greet('203.0.113.1');
  await tell(network, asker, { command: 'getaddrcache' });
  const told = asker
    .all('addrcache')
    .flatMap((message) => ('known' in message ? [...message.inbound, ...message.known] : []));
  expect(told).toHaveLength(25_000);
  expect(asker.closed).toBe(false);
});
