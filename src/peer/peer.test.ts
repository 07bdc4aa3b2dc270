import { describe, expect, test } from 'vitest';
import { InvType, type InvVector, type Message, type TxEncoding } from '../wire/index.ts';
import { harness } from './testing-harness.ts';

const HASH = new Uint8Array(32).fill(7);

function inv(type: number, seed: number, height = -1): InvVector {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, seed);
  return { type, hash, height };
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

  test('to a remote that has closed its end nothing is sent any more', async () => {
    const { world, peer, remote, shake, ends, far } = harness({
      handlers: { messages: { inv: () => new Promise((resolve) => world.timers.after(50, resolve)) } },
    });
    await shake();
    remote.send({ command: 'inv', inventory: [] });
    far.close();
    await world.advance(20);
    const { bytesSent } = peer.stats();
    await peer.sendAndWait({ command: 'getaddr' });
    expect([peer.connected, peer.stats().bytesSent - bytesSent, ends]).toEqual([false, 0, []]);
    await world.advance(100);
    expect(ends).toEqual(['closed by the remote']);
    expect(world.pendingTimers).toBe(0);
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
    peer.ping(77n);
    await world.advance(5000);
    remote.send({ command: 'pong', nonce: 77n });
    await world.advance(100);
    expect(peer.stats().lastPingMicros).toBeGreaterThan(micros);
    expect(peer.stats().bestPingMicros).toBe(micros);
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
