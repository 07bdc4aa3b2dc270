import { describe, expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { ZERO_HASH } from '../util/hash.ts';
import {
  encodeFrame,
  InvType,
  type InvVector,
  type Message,
  type NetAddress,
  type TxEncoding,
  UNKNOWN_IP,
} from '../wire/index.ts';
import { harness } from './testing-harness.ts';

const HASH = new Uint8Array(32).fill(7);

function inv(type: number, seed: number, height = -1): InvVector {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, seed);
  return { type, hash, height };
}

function addresses(count: number): NetAddress[] {
  return Array.from({ length: count }, (_, port) => ({ services: 1n, ip: UNKNOWN_IP, port, timestamp: 1 }));
}

describe('messages', () => {
  test('each message reaches its handler, in order; those without handler are ignored', async () => {
    const seen: Message[] = [];
    const note = (_: unknown, message: Message) => void seen.push(message);
    const { world, remote, shake, peer } = harness({
      handlers: { messages: { inv: note, getaddr: note, verack: note, sendheaders: note, reject: note } },
    });
    await shake();
    const messages: Message[] = [
      { command: 'inv', inventory: [inv(InvType.tx, 1)] },
      { command: 'getaddr' },
      { command: 'notfound', inventory: [] },
      { command: 'mempool' },
      { command: 'alert', payload: Uint8Array.of(1), signature: new Uint8Array(0) },
      { command: 'sendheaders' },
      { command: 'reject', rejectedCommand: 'tx', code: 1, reason: 'x', hash: HASH },
    ];
    for (const message of messages) remote.send(message);
    await world.settle();
    expect(seen.map(({ command }) => command)).toEqual(['verack', 'inv', 'getaddr', 'sendheaders', 'reject']);
    expect(peer.wantsHeaders).toBe(true);
    expect(remote.closed).toBe(false);
  });

  test('the next message waits until the handler of the one before has finished', async () => {
    const log: string[] = [];
    const { world, remote, shake } = harness({
      handlers: {
        messages: {
          inv: (_, { inventory }) => {
            log.push(`start ${inventory.length}@${world.elapsed}`);
            return new Promise((resolve) =>
              world.timers.after(100, () => {
                log.push(`end ${inventory.length}@${world.elapsed}`);
                resolve();
              }),
            );
          },
          ping: () => void log.push(`ping@${world.elapsed}`),
        },
      },
    });
    await shake();
    remote.send({ command: 'inv', inventory: [inv(1, 1)] });
    remote.send({ command: 'inv', inventory: [inv(1, 1), inv(1, 2)] });
    remote.send({ command: 'ping', nonce: 3n });
    await world.advance(1000);
    expect(log).toEqual(['start 1@1', 'end 1@101', 'start 2@101', 'end 2@201', 'ping@201']);
    expect(remote.commands.at(-1)).toBe('pong');
  });

  test('a failing handler ends this connection and is reported', async () => {
    for (const later of [false, true]) {
      const failures: unknown[] = [];
      const error = new Error('defect');
      const { world, remote, shake, ends } = harness({
        deps: { handlerFailed: (reason, command) => failures.push(reason, command) },
        handlers: {
          messages: {
            inv: () => {
              if (later) return Promise.reject(error);
              throw error;
            },
          },
        },
      });
      await shake();
      remote.send({ command: 'inv', inventory: [] });
      await world.settle();
      expect(failures).toEqual([error, 'inv']);
      expect(ends).toEqual(['handler of inv failed']);
    }
  });

  test('a message of the wrong protocol version cannot be sent', async () => {
    const { world, remote, ends, peer } = harness();
    remote.introduce({ protocolVersion: 70011 });
    await world.settle();
    let done = 0;
    peer.send({ command: 'feefilter', minFee: 1n }, { done: () => done++ });
    expect(ends).toEqual(['cannot send feefilter']);
    expect(done).toBe(1);
  });

  test('transactions are decoded in the form the services announce', async () => {
    const encodings: TxEncoding[] = [];
    for (const [services, flag] of [
      [0x0dn, true],
      [0x05n, false],
    ] as const) {
      const { remote, peer, world } = harness();
      remote.send(remote.version({ services }));
      await world.settle();
      expect(peer.witnessEnabled).toBe(flag);
      encodings.push(flag ? 'witness' : 'base');
    }
    expect(encodings).toEqual(['witness', 'base']);
  });

  test('sending is refused quietly before the version and after the end', async () => {
    const { remote, peer, shake } = harness();
    let done = 0;
    peer.send({ command: 'getaddr' }, { done: () => done++ });
    peer.queueInventory(inv(2, 1));
    expect(done).toBe(1);
    await shake();
    peer.disconnect('enough');
    peer.disconnect('again');
    await peer.sendAndWait({ command: 'getaddr' });
    expect(await peer.closed).toBe('enough');
    expect(remote.commands).toEqual(['version', 'verack']);
    expect(peer.connected).toBe(false);
  });

  test('a peer that never started can be disconnected', async () => {
    const { peer, ends, local, world } = harness();
    peer.disconnect('changed my mind');
    peer.start();
    await world.advance(100_000);
    expect(ends).toEqual(['changed my mind']);
    expect(local.ended).toBe(true);
    expect(world.pendingTimers).toBe(0);
  });

  test('messages that arrived before the remote closed are still handled', async () => {
    const seen: string[] = [];
    const { world, remote, shake, ends, far } = harness({
      handlers: {
        messages: {
          inv: (_, { inventory }) => {
            seen.push(`${inventory.length}`);
            return new Promise((resolve) => world.timers.after(50, resolve));
          },
        },
      },
    });
    await shake();
    for (let i = 1; i <= 3; i++) remote.send({ command: 'inv', inventory: Array.from({ length: i }, () => inv(1, i)) });
    far.close();
    await world.advance(1000);
    expect(seen).toEqual(['1', '2', '3']);
    expect(ends).toEqual(['closed by the remote']);
  });

  test('a broken connection ends at once', async () => {
    const { world, shake, ends, far } = harness();
    await shake();
    far.cut();
    await world.settle();
    expect(ends).toEqual(['connection lost: connection reset']);
    expect(world.pendingTimers).toBe(0);
  });
});

describe('undecodable input', () => {
  const prefix = "Can't read message from 192.0.2.1:40000 (inbound): ";

  test('is answered with a reject of fixed form, then the end', async () => {
    const cases: [string, (frame: Uint8Array) => void][] = [
      ['ReadMessage: message from other network [MainNet]', (f) => f.set([0xf9, 0xbe, 0xb4, 0xd9])],
      ['ReadMessage: unhandled command [pinG]', (f) => f.set([0x47], 7)],
      [
        'ReadMessage: message payload is too large - header indicates 33554433 bytes, but max message payload is 33554432 bytes.',
        (f) => f.set([1, 0, 0, 2], 16),
      ],
      [
        'ReadMessage: payload exceeds max length - header indicates 9 bytes, but max payload size for messages of type [ping] is 8.',
        (f) => f.set([9], 16),
      ],
    ];
    for (const [text, spoil] of cases) {
      const { world, remote, shake } = harness();
      await shake();
      const frame = remote.frame({ command: 'ping', nonce: 1n });
      spoil(frame);
      remote.sendRaw(frame);
      await world.settle();
      expect(remote.all('reject')).toEqual([
        { command: 'reject', rejectedCommand: 'malformed', code: 1, reason: prefix + text },
      ]);
      expect(remote.closed).toBe(true);
    }
  });

  test('a payload that ends before a field closes silently, inside a field with a reject', async () => {
    for (const [cut, rejects] of [
      [40, 0],
      [39, 1],
    ] as const) {
      const { world, remote, shake } = harness();
      await shake();
      const whole = remote.frame({ command: 'inv', inventory: [inv(1, 1), inv(1, 2)] }).subarray(24);
      const { magic } = networkParams('simnet');
      const context = { magic, generation: 2, encoding: 'base', protocolVersion: 70013 } as const;
      remote.sendRaw(encodeFrame('inv', whole.subarray(0, 1 + cut), context));
      await world.settle();
      expect(remote.all('reject')).toHaveLength(rejects);
      if (rejects) expect(remote.all('reject')[0]?.reason).toBe(`${prefix}unexpected EOF`);
      expect(remote.closed).toBe(true);
    }
  });

  test('no reject is sent to protocol versions that do not know it', async () => {
    const { world, remote } = harness();
    remote.introduce({ protocolVersion: 60002 });
    await world.settle();
    remote.sendRaw(new Uint8Array(24));
    await world.settle();
    expect(remote.commands).toEqual(['version', 'verack']);
    expect(remote.closed).toBe(true);
  });

  test('a ping with nonce is too long at protocol version 60000, and pings are not answered there', async () => {
    const { world, remote } = harness();
    remote.introduce({ protocolVersion: 60000 });
    remote.send({ command: 'ping', nonce: 1n }, { protocolVersion: 60000 });
    await world.settle();
    expect(remote.commands).toEqual(['version', 'verack']);
    expect(remote.closed).toBe(false);
    remote.send({ command: 'ping', nonce: 1n });
    await world.settle();
    expect(remote.closed).toBe(true);
  });

  test('on regtest a remote on this machine may send nonsense and go on', async () => {
    for (const [address, tolerated] of [
      ['127.0.0.1:4000', true],
      ['192.0.2.1:4000', false],
    ] as const) {
      const { world, remote, shake } = harness({ network: 'regtest', link: { first: address } });
      await shake();
      const frame = remote.frame({ command: 'ping', nonce: 1n });
      frame.set([0x47], 7);
      remote.sendRaw(frame);
      remote.send({ command: 'ping', nonce: 2n });
      await world.settle();
      expect(remote.closed).toBe(!tolerated);
      expect(remote.commands.slice(2)).toEqual(tolerated ? ['pong'] : ['reject']);
    }
  });

  test('the reject is given up if the remote does not read it', async () => {
    const { world, remote, shake, far, ends, peer } = harness({ link: { buffer: 10 } });
    await shake();
    far.pause();
    peer.send({ command: 'getaddr' });
    remote.sendRaw(new Uint8Array(24));
    await world.advance(9_000);
    expect(peer.connected).toBe(false);
    expect(ends).toEqual([]);
    await world.advance(1_001);
    expect(ends).toEqual(['ReadMessage: message from other network [Unknown SoterNet (0)]']);
  });
});

describe('pings', () => {
  test('are answered with the same nonce', async () => {
    const { world, remote, shake } = harness();
    await shake();
    remote.send({ command: 'ping', nonce: 0xffff_ffff_ffff_ffffn });
    await world.settle();
    expect(remote.all('pong')).toEqual([{ command: 'pong', nonce: 0xffff_ffff_ffff_ffffn }]);
  });

  test('go out every two minutes and measure the round trip', async () => {
    const { world, remote, peer, shake } = harness({ link: { latency: 20 } });
    await shake();
    await world.advance(119_000);
    expect(remote.all('ping')).toHaveLength(0);
    await world.advance(2_000);
    const [ping] = remote.all('ping');
    expect(ping?.nonce).not.toBe(0n);
    expect(peer.stats().lastPingNonce).toBe(ping?.nonce);
    remote.send({ command: 'pong', nonce: 5n });
    await world.advance(100);
    expect(peer.stats().lastPingNonce).toBe(ping?.nonce);
    const sent = peer.stats().lastPingTime;
    remote.send({ command: 'pong', nonce: ping!.nonce });
    await world.advance(100);
    const micros = peer.stats().lastPingMicros;
    expect(peer.stats().lastPingNonce).toBe(0n);
    expect(micros).toBe(Math.round((world.now - 80 - sent) * 1000));
  });

  test('missing pongs have no consequence; a later ping replaces the earlier', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    remote.onMessage = (message) => message.command === 'ping' && remote.send({ command: 'getaddr' });
    await world.advance(600_000);
    expect(remote.all('ping')).toHaveLength(5);
    expect(remote.closed).toBe(false);
    peer.ping(77n);
    expect(peer.stats().lastPingNonce).toBe(77n);
  });

  test('below protocol version 60001 they carry no nonce and measure nothing', async () => {
    const { world, remote, peer } = harness();
    remote.send(remote.version({ protocolVersion: 60000 }));
    await world.settle();
    peer.ping(77n);
    expect(peer.stats().lastPingNonce).toBe(0n);
  });
});

describe('pushes', () => {
  test('at most 1000 addresses, chosen at random; none, no message', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    expect(peer.pushAddresses([])).toEqual([]);
    const all = addresses(1500);
    const sent = peer.pushAddresses(all);
    expect(sent).toHaveLength(1000);
    expect(new Set(sent).size).toBe(1000);
    expect(sent.some(({ port }) => port >= 1000)).toBe(true);
    expect(peer.pushAddresses(all.slice(0, 2))).toEqual(all.slice(0, 2));
    await world.settle();
    expect(remote.all('addr').map((message) => message.addresses.length)).toEqual([1000, 2]);
  });

  test('the address cache: one list in generation 2, three in generation 4, 1000 addresses a message', async () => {
    const lists = { outbound: addresses(700), inbound: addresses(600), known: addresses(900) };
    const two = harness();
    await two.shake();
    two.peer.pushAddressCache({ outbound: [], inbound: [], known: [] });
    two.peer.pushAddressCache(lists);
    await two.world.settle();
    const sizes = two.remote
      .all('addrcache')
      .map((message) => ('addresses' in message ? message.addresses.length : undefined));
    expect(sizes).toEqual([1000, 1000, 200]);

    const four = harness({ generation: 4 });
    await four.shake();
    four.peer.pushAddressCache({ outbound: [], inbound: [], known: [] });
    four.peer.pushAddressCache(lists);
    await four.world.settle();
    const triples = four.remote
      .all('addrcache')
      .map((m) => ('known' in m ? [m.outbound.length, m.inbound.length, m.known.length] : undefined));
    expect(triples).toEqual([
      [700, 300, 0],
      [0, 300, 700],
      [0, 0, 200],
    ]);
  });

  test('a repeated getblocks or getheaders is skipped only if it has an end', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    const push = (height: number | undefined, stop: Uint8Array) => {
      peer.pushGetBlocks(height, stop);
      peer.pushGetHeaders(height, stop);
    };
    push(5, ZERO_HASH);
    push(5, ZERO_HASH);
    push(5, HASH);
    push(5, HASH);
    push(6, HASH);
    push(5, HASH);
    push(undefined, HASH);
    push(undefined, HASH);
    await world.settle();
    const expected = [[5], [5], [5], [6], [5], [], []];
    expect(remote.all('getblocks').map((message) => message.locatorHeights)).toEqual(expected);
    expect(remote.all('getheaders').map((message) => message.locatorHeights)).toEqual(expected);
    expect(remote.all('getblocks')[0]?.protocolVersion).toBe(70013);
    expect(remote.all('getheaders')[0]?.protocolVersion).toBe(0);
  });

  test('rejects name a hash for blocks and transactions only', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    void peer.pushReject('tx', 0x10, 'bad', HASH);
    void peer.pushReject('block', 0x10, 'bad');
    await peer.pushReject('version', 0x11, 'old', HASH);
    await world.settle();
    const hashes = remote.all('reject').map(({ hash }) => hash && Buffer.from(hash).toString('hex'));
    expect(hashes).toEqual(['07'.repeat(32), '00'.repeat(32), undefined]);
  });

  test('rejects are not sent to remotes that do not know them', async () => {
    const { world, remote, peer } = harness();
    remote.send(remote.version({ protocolVersion: 70001 }));
    await world.settle();
    await peer.pushReject('tx', 0x10, 'bad', HASH);
    await world.settle();
    expect(remote.commands).toEqual(['version', 'verack']);
  });
});

describe('inventory', () => {
  test('blocks are announced at once, one message each', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    peer.queueInventory(inv(InvType.block, 1, 10));
    peer.queueInventory(inv(InvType.witnessBlock, 2, 11));
    await world.settle();
    expect(remote.all('inv').map(({ inventory }) => inventory.length)).toEqual([1, 1]);
    expect(remote.all('inv')[0]?.inventory[0]?.height).toBe(10);
  });

  test('transactions wait for the trickle, at most 1000 a message', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    for (let i = 0; i < 1500; i++) peer.queueInventory(inv(InvType.tx, i));
    await world.advance(9_990);
    expect(remote.all('inv')).toHaveLength(0);
    await world.advance(20);
    expect(remote.all('inv').map(({ inventory }) => inventory.length)).toEqual([1000, 500]);
    expect(remote.all('inv')[0]?.inventory[3]).toEqual(inv(InvType.tx, 3));
    await world.advance(30_000);
    expect(remote.all('inv')).toHaveLength(2);
  });

  test('the trickle interval can be chosen; 0 means the usual one', async () => {
    for (const [trickleInterval, sent] of [
      [500, 1],
      [0, 0],
    ] as const) {
      const { world, remote, peer, shake } = harness({ options: { trickleInterval } });
      await shake();
      peer.queueInventory(inv(InvType.tx, 1));
      await world.advance(600);
      expect(remote.all('inv')).toHaveLength(sent);
    }
  });

  test('what the remote knows is not announced, whatever height or form it was known by', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    peer.addKnownInventory(inv(InvType.block, 1, -1));
    peer.addKnownInventory(inv(InvType.witnessTx, 2));
    expect(peer.knowsInventory(inv(InvType.witnessBlock, 1, 99))).toBe(true);
    peer.queueInventory(inv(InvType.block, 1, 12));
    peer.queueInventory(inv(InvType.tx, 2));
    peer.queueInventory(inv(InvType.tx, 3));
    peer.addKnownInventory(inv(InvType.tx, 3));
    await world.advance(11_000);
    expect(remote.all('inv')).toHaveLength(0);
  });

  test('the same item is announced once, also after the trickle', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    for (let round = 0; round < 3; round++) {
      peer.queueInventory(inv(InvType.tx, 1));
      peer.queueInventory(inv(InvType.block, 1, round));
      await world.advance(11_000);
    }
    expect(remote.all('inv').map(({ inventory }) => inventory.map(({ type }) => type))).toEqual([[2], [1]]);
  });
});

test('statistics', async () => {
  const traffic = { received: 0, sent: 0 };
  const { world, remote, peer, shake, local } = harness({
    handlers: {
      received: (_, bytes) => {
        traffic.received += bytes;
      },
      sent: (_, bytes) => {
        traffic.sent += bytes;
      },
    },
  });
  await world.advance(5_000);
  const start = Math.floor(world.epoch / 1000);
  expect(peer.stats()).toMatchObject({ id: 0, connectedAt: start, lastSend: 0, lastReceive: 0, bytesSent: 0 });
  await shake();
  await world.advance(2_000);
  remote.send({ command: 'ping', nonce: 1n });
  await world.settle();
  const stats = peer.stats();
  expect(stats).toMatchObject({
    id: 1,
    address: '192.0.2.1:40000',
    localAddress: '192.0.2.2:18555',
    inbound: true,
    services: 0x0dn,
    version: 70013,
    connectedAt: start,
    lastSend: start + 7,
    lastReceive: start + 7,
    queuedBytes: 0,
  });
  expect([stats.bytesSent, stats.bytesReceived]).toEqual([local.bytesWritten, local.bytesRead]);
  expect(traffic).toEqual({ received: local.bytesRead, sent: local.bytesWritten });
  peer.raiseMaxHeight(20);
  peer.raiseMaxHeight(10);
  expect(peer.stats().lastBlock).toBe(20);
});
