import { describe, expect, test } from 'vitest';
import { networkParams, userAgent } from '../params/index.ts';
import { silentLogger } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { InvType, type InvVector } from '../wire/index.ts';
import { Announcer } from './announcer.ts';
import { Deadline } from './deadline.ts';
import { KnownInventory } from './known-inventory.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { SentNonces } from './nonces.ts';
import { Peer } from './peer.ts';
import { addressListMessages, sample } from './push.ts';
import { transportPair } from './testing.ts';
import { harness } from './testing-harness.ts';
import type { Transport } from './transport.ts';

function item(type: number, seed: number): InvVector {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, seed);
  return { type, hash, height: -1 };
}

const large = (size: number) =>
  ({ command: 'alert', payload: new Uint8Array(size), signature: new Uint8Array(0) }) as const;

describe('input', () => {
  test('while a handler runs only a bounded amount is read ahead, then the transport is paused', async () => {
    let release: () => void = () => undefined;
    const handled: number[] = [];
    const { world, remote, shake, local } = harness({
      link: { chunk: 16_384, buffer: 1 << 30 },
      handlers: {
        messages: {
          inv: () =>
            new Promise((resolve) => {
              release = resolve;
            }),
          alert: (_, { payload }) => void handled.push(payload.length),
        },
      },
    });
    await shake();
    const before = local.bytesRead;
    remote.send({ command: 'inv', inventory: [] });
    for (let i = 0; i < 20; i++) remote.send(large(100_000 + i));
    await world.advance(1_000);
    expect(handled).toEqual([]);
    expect(local.paused).toBe(true);
    expect(local.bytesRead - before).toBeLessThanOrEqual(DEFAULT_LIMITS.readAhead + 16_384 + 25);
    release();
    await world.advance(1_000);
    expect(handled).toEqual(Array.from({ length: 20 }, (_, i) => 100_000 + i));
    expect(local.paused).toBe(false);
    expect(remote.closed).toBe(false);
  });

  test('a fast handler never pauses the transport', async () => {
    let pauses = 0;
    const { world, remote, shake, local } = harness({ link: { chunk: 1000 } });
    const pause = local.pause.bind(local);
    local.pause = () => {
      pauses++;
      pause();
    };
    await shake();
    for (let i = 0; i < 50; i++) remote.send(large(10_000));
    await world.advance(10);
    expect(pauses).toBe(0);
  });

  test('messages arrive whole whatever the chunks', async () => {
    for (const chunk of [1, 7, 24, 25, 1000]) {
      const seen: number[] = [];
      const { world, remote, shake } = harness({
        link: { chunk },
        handlers: { messages: { inv: (_, { inventory }) => void seen.push(inventory.length) } },
      });
      await shake();
      for (let n = 0; n < 10; n++) {
        remote.send({ command: 'inv', inventory: Array.from({ length: n }, (_, i) => item(1, i)) });
      }
      await world.advance(10);
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });
});

describe('output', () => {
  test('a message is done when it has been written, not before', async () => {
    const { world, peer, shake, far } = harness({ link: { buffer: 1_000 } });
    await shake();
    far.pause();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) peer.send(large(900), { done: () => log.push(name) });
    await world.settle();
    expect(log).toEqual(['a']);
    far.resume();
    await world.settle();
    expect(log).toEqual(['a', 'b', 'c']);
  });

  test('everything outstanding is done when the connection ends', async () => {
    const { world, peer, shake, far } = harness({ link: { buffer: 100 } });
    await shake();
    far.pause();
    const waits = [peer.sendAndWait(large(900)), peer.sendAndWait(large(901)), peer.sendAndWait(large(902))];
    expect(peer.queuedBytes).toBeGreaterThan(1_800);
    await world.settle();
    peer.disconnect('test');
    await Promise.all(waits);
    expect(peer.queuedBytes).toBe(0);
  });

  test('a remote that requests but does not read is no longer read, then given up', async () => {
    const { world, remote, peer, shake, far, local, ends } = harness({
      link: { buffer: 32_768 },
      handlers: { messages: { getaddr: (self) => self.send(large(50_000)) } },
    });
    await shake();
    far.pause();
    const before = local.bytesRead;
    for (let i = 0; i < 20_000; i++) remote.send({ command: 'getaddr' });
    await world.advance(10_000);
    expect(peer.queuedBytes).toBeGreaterThan(DEFAULT_LIMITS.outputPause);
    expect(peer.queuedBytes).toBeLessThan(DEFAULT_LIMITS.outputPause + 60_000);
    expect(local.bytesRead - before).toBeLessThan(DEFAULT_LIMITS.readAhead + 100_000);
    expect(ends).toEqual([]);
    await world.advance(51_000);
    expect(ends).toEqual(['remote does not read']);
  });

  test('reading goes on when the remote has caught up', async () => {
    const answered: number[] = [];
    const { world, remote, shake, far, ends } = harness({
      link: { buffer: 32_768 },
      handlers: {
        messages: {
          getaddr: (self) => {
            answered.push(world.elapsed);
            self.send(large(300_000));
          },
        },
      },
    });
    await shake();
    far.pause();
    for (let i = 0; i < 10; i++) remote.send({ command: 'getaddr' });
    await world.advance(30_000);
    expect(answered).toHaveLength(4);
    far.resume();
    await world.advance(30_000);
    expect(answered).toHaveLength(10);
    expect(remote.all('alert')).toHaveLength(10);
    expect(ends).toEqual([]);
  });

  test('a slow reader that makes progress is kept, and its silence meanwhile is our doing', async () => {
    const { world, remote, peer, shake, ends } = harness({ link: { bandwidth: 8_000, buffer: 32_768 } });
    await shake();
    await world.advance(1_000);
    const done: number[] = [];
    for (let i = 0; i < 4; i++) peer.send(large(1_000_000), { done: () => done.push(i) });
    await world.advance(480_000);
    expect(ends).toEqual([]);
    await world.advance(60_000);
    expect(done).toEqual([0, 1, 2, 3]);
    expect(remote.all('alert')).toHaveLength(4);
  });

  test('waiting output is bounded even when nothing is requested', async () => {
    const { world, peer, shake, far, ends } = harness();
    await shake();
    far.pause();
    let sent = 0;
    while (peer.connected && sent < 100) {
      peer.send(large(1_000_000));
      sent++;
    }
    await world.settle();
    expect(sent).toBe(17);
    expect(ends).toEqual(['too much output waits for a slow reader']);
    expect(peer.queuedBytes).toBe(0);
  });

  test('tiny messages count with their overhead', async () => {
    const { peer, shake, far, ends } = harness({ options: { limits: { outputLimit: 100_000 } } });
    await shake();
    far.pause();
    for (let i = 0; i < 5_000; i++) peer.send({ command: 'getaddr' });
    expect(ends).toEqual(['too much output waits for a slow reader']);
  });

  test('a done callback may send', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    let left = 2_000;
    const again = () => {
      if (left-- > 0) peer.send({ command: 'getaddr' }, { done: again });
    };
    again();
    await world.settle();
    expect(remote.all('getaddr')).toHaveLength(2_000);
  });
});

describe('parts', () => {
  test('a deadline fires once, at its last time', async () => {
    const world = new VirtualWorld();
    const fired: number[] = [];
    const deadline = new Deadline(world, () => fired.push(world.elapsed));
    deadline.set(100);
    await world.advance(50);
    deadline.set(100);
    await world.advance(99);
    expect(deadline.armed).toBe(true);
    await world.advance(1);
    expect(fired).toEqual([150]);
    deadline.set(100);
    deadline.set(10);
    await world.advance(200);
    expect(fired).toEqual([150, 160]);
    deadline.set(100);
    deadline.clear();
    await world.advance(200);
    deadline.set(5);
    deadline.stop();
    expect(world.pendingTimers).toBe(0);
    expect(fired).toHaveLength(2);
  });

  test('inventory that waits is bounded: the oldest is dropped', async () => {
    const world = new VirtualWorld();
    const sent: InvVector[] = [];
    const announcer = new Announcer(new KnownInventory(10), 5, (batch) => sent.push(...batch));
    announcer.start(world, 1000);
    for (let i = 0; i < 8; i++) announcer.add(item(InvType.tx, i));
    announcer.add(item(InvType.tx, 7));
    expect(announcer.waiting).toBe(5);
    await world.advance(1000);
    expect(sent).toEqual([3, 4, 5, 6, 7].map((i) => item(InvType.tx, i)));
    announcer.add(item(InvType.tx, 9));
    announcer.stop();
    await world.advance(5000);
    expect(sent).toHaveLength(5);
    expect(world.pendingTimers).toBe(0);
  });

  test('known inventory is bounded, least recently used first', () => {
    const known = new KnownInventory(3);
    for (let i = 0; i < 3; i++) known.add(item(1, i));
    expect(known.has(item(1, 0))).toBe(true);
    known.add(item(1, 3));
    expect([0, 1, 2, 3].map((i) => known.has(item(1, i)))).toEqual([true, false, true, true]);
    expect(known.size).toBe(3);
  });

  test('a sample has no repetitions and is the list itself if that is short', () => {
    const world = new VirtualWorld();
    const list = Array.from({ length: 50 }, (_, i) => i);
    expect(sample(list, 50, world.random)).toBe(list);
    const chosen = sample(list, 20, world.random);
    expect(new Set(chosen).size).toBe(20);
    expect(list.slice(0, 20)).not.toEqual(chosen);
  });

  test('address lists keep every address once and in order', () => {
    const make = (count: number, services: bigint) =>
      Array.from({ length: count }, (_, port) => ({ services, ip: new Uint8Array(16), port }));
    for (const [o, i, k] of [
      [0, 0, 1],
      [1000, 0, 0],
      [1000, 1000, 1000],
      [999, 2, 2500],
      [0, 2001, 3],
    ] as const) {
      const messages = addressListMessages({ outbound: make(o, 1n), inbound: make(i, 2n), known: make(k, 3n) });
      const joined = { outbound: [] as number[], inbound: [] as number[], known: [] as number[] };
      for (const message of messages) {
        if (!('known' in message)) throw new Error('wrong form');
        const size = message.outbound.length + message.inbound.length + message.known.length;
        expect(size).toBeLessThanOrEqual(1000);
        for (const name of ['outbound', 'inbound', 'known'] as const) {
          joined[name].push(...message[name].map(({ port }) => port));
        }
      }
      const upTo = (n: number) => Array.from({ length: n }, (_, port) => port);
      expect(joined).toEqual({ outbound: upTo(o), inbound: upTo(i), known: upTo(k) });
      expect(messages).toHaveLength(Math.ceil((o + i + k) / 1000));
    }
  });
});

test('two peers shake hands and talk', async () => {
  const world = new VirtualWorld();
  const params = networkParams('regtest');
  const [near, far] = transportPair(world, { latency: 30, chunk: () => world.random.between(1, 50) });
  const heard: string[] = [];
  const make = (transport: Transport, inbound: boolean, height: number) =>
    new Peer(
      { params, inbound, services: 0x0dn, userAgent: userAgent(2) },
      {
        transport,
        world: world.node(height),
        logger: silentLogger,
        nonces: new SentNonces(),
        nextId: () => height,
        newestHeight: () => height,
        handlers: {
          version: (peer) => void heard.push(`${peer.id} sees ${peer.startHeight}`),
          messages: { getaddr: (peer) => void heard.push(`${peer.id} is asked`) },
        },
      },
    );
  const dialler = make(near, false, 5);
  const listener = make(far, true, 9);
  dialler.start();
  listener.start();
  await world.advance(500);
  expect(heard).toEqual(['9 sees 5', '5 sees 9']);
  expect([dialler.verackReceived, listener.verackReceived]).toEqual([true, true]);
  listener.send({ command: 'getaddr' });
  await world.advance(600_000);
  expect(heard.at(-1)).toBe('5 is asked');
  expect(dialler.stats().lastPingMicros).toBe(60_000);
  dialler.disconnect('done');
  await world.advance(100);
  expect(await listener.closed).toBe('closed by the remote');
  expect(world.pendingTimers).toBe(0);
});
