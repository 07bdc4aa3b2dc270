import { describe, expect, test } from 'vitest';
import { ZERO_HASH } from '../util/hash.ts';
import { InvType, type Message } from '../wire/index.ts';
import { type Harness, harness } from './testing-harness.ts';

const vector = { type: InvType.block, hash: new Uint8Array(32).fill(1), height: 1 };

/** Keeps the connection from being idle without answering anything. */
function chatter({ world, remote }: Harness): void {
  world.timers.every(7_000, () => remote.send({ command: 'ping', nonce: 1n }));
}

describe('idle', () => {
  test('five minutes without a message end the connection', async () => {
    const { world, shake, ends } = harness();
    await shake();
    const start = world.elapsed;
    await world.runUntil(() => ends.length > 0, 400_000);
    expect(world.elapsed - start).toBeGreaterThanOrEqual(299_999);
    expect(world.elapsed - start).toBeLessThanOrEqual(300_001);
    expect(ends).toEqual(['no message for too long']);
    await world.settle();
    expect(world.pendingTimers).toBe(0);
  });

  test('every message starts the five minutes anew', async () => {
    const { world, remote, shake, ends } = harness();
    await shake();
    for (let i = 0; i < 5; i++) {
      await world.advance(299_000);
      remote.send({ command: 'getaddr' });
    }
    await world.settle();
    expect(ends).toEqual([]);
    await world.advance(299_999);
    expect(ends).toEqual([]);
    await world.advance(2);
    expect(ends).toHaveLength(1);
  });

  test('the time of a handler does not count', async () => {
    const { world, remote, shake, ends } = harness({
      handlers: { messages: { inv: () => new Promise((resolve) => world.timers.after(400_000, resolve)) } },
    });
    await shake();
    remote.send({ command: 'inv', inventory: [] });
    await world.advance(699_000);
    expect(ends).toEqual([]);
    await world.advance(2_000);
    expect(ends).toEqual(['no message for too long']);
  });

  test('a handler that never finishes does not keep the connection for ever', async () => {
    const { world, remote, shake, ends } = harness({
      handlers: { messages: { inv: () => new Promise(() => undefined) } },
    });
    await shake();
    remote.send({ command: 'inv', inventory: [] });
    await world.advance(601_000);
    expect(ends).toEqual(['handler does not finish']);
  });

  test('skipped nonsense on regtest counts as a message', async () => {
    const { world, remote, shake, ends } = harness({ network: 'regtest', link: { first: 'localhost:1' } });
    await shake();
    await world.advance(200_000);
    remote.sendRaw(new Uint8Array(24));
    await world.advance(200_000);
    expect(ends).toEqual([]);
  });
});

describe('answers that do not come', () => {
  const requests: [string, Message, string, number][] = [
    ['getblocks', { command: 'getblocks', protocolVersion: 1, locatorHeights: [], stopHash: ZERO_HASH }, 'inv', 30_000],
    ['mempool', { command: 'mempool' }, 'inv', 30_000],
    ['getdata', { command: 'getdata', inventory: [vector] }, 'block', 30_000],
    [
      'getheaders',
      { command: 'getheaders', protocolVersion: 0, locatorHeights: [], stopHash: ZERO_HASH },
      'headers',
      90_000,
    ],
  ];
  for (const [name, request, answer, deadline] of requests) {
    test(`${name} is waited for until the first check after ${deadline / 1000} s`, async () => {
      for (const phase of [1_000, 8_000, 14_000]) {
        const setup = harness();
        const { world, peer, shake, ends } = setup;
        await shake();
        chatter(setup);
        await world.advance(phase);
        peer.send(request);
        const sent = world.elapsed;
        await world.runUntil(() => ends.length > 0, 200_000);
        expect(ends).toEqual([`no ${answer} in time`]);
        expect(world.elapsed - sent).toBeGreaterThanOrEqual(deadline);
        expect(world.elapsed - sent).toBeLessThan(deadline + 15_000);
      }
    });
  }

  test('requests without a deadline', async () => {
    const setup = harness();
    const { world, peer, shake, ends } = setup;
    await shake();
    chatter(setup);
    peer.ping();
    peer.send({ command: 'getaddr' });
    peer.send({ command: 'getaddrcache' });
    await world.advance(200_000);
    expect(ends).toEqual([]);
  });

  test('an empty inv answers getblocks', async () => {
    const setup = harness();
    const { world, peer, remote, shake, ends } = setup;
    await shake();
    chatter(setup);
    peer.pushGetBlocks(0, ZERO_HASH);
    remote.send({ command: 'inv', inventory: [] });
    await world.advance(100_000);
    expect(ends).toEqual([]);
  });

  test('any of block, merkleblock, tx, notfound answers getdata as a whole', async () => {
    const setup = harness();
    const { world, peer, remote, shake, ends } = setup;
    await shake();
    chatter(setup);
    peer.send({ command: 'getdata', inventory: [vector, vector, vector] });
    await world.advance(29_000);
    remote.send({ command: 'notfound', inventory: [vector] });
    await world.advance(100_000);
    expect(ends).toEqual([]);
  });

  test('a later request moves the deadline', async () => {
    const setup = harness();
    const { world, peer, shake, ends } = setup;
    await shake();
    chatter(setup);
    for (let i = 0; i < 5; i++) {
      peer.send({ command: 'getdata', inventory: [vector] });
      await world.advance(25_000);
    }
    expect(ends).toEqual([]);
    await world.advance(30_000);
    expect(ends).toEqual(['no block in time']);
  });

  test('the time of our own handlers is added', async () => {
    const setup = harness({
      handlers: { messages: { ping: () => new Promise((resolve) => setup.world.timers.after(40_000, resolve)) } },
    });
    const { world, peer, remote, shake, ends } = setup;
    await shake();
    peer.send({ command: 'getdata', inventory: [vector] });
    remote.send({ command: 'ping', nonce: 1n });
    remote.send({ command: 'notfound', inventory: [vector] });
    await world.advance(100_000);
    expect(ends).toEqual([]);
  });

  test('time in which we did not read, because the remote does not take our output, is added', async () => {
    const { world, remote, peer, shake, ends } = harness({ link: { bandwidth: 20_000, buffer: 32_768 } });
    await shake();
    await world.advance(1000);
    peer.pushGetBlocks(5, ZERO_HASH);
    await world.advance(100);
    // A minute and a half of output for this line; the answer comes meanwhile and lies unread.
    peer.send({ command: 'alert', payload: new Uint8Array(1_800_000), signature: new Uint8Array(0) });
    remote.send({ command: 'inv', inventory: [] });
    await world.advance(120_000);
    expect(ends).toEqual([]);
    expect(peer.connected).toBe(true);
    // Without an answer the next request is waited for as usual.
    peer.pushGetBlocks(6, ZERO_HASH);
    await world.advance(46_000);
    expect(ends).toEqual(['no inv in time']);
  });

  test('a request counts from when it was written', async () => {
    const setup = harness({ link: { buffer: 50 } });
    const { world, peer, shake, ends, far } = setup;
    await shake();
    chatter(setup);
    far.pause();
    peer.send({ command: 'getaddr' });
    peer.send({ command: 'getaddr' });
    peer.send({ command: 'getaddr' });
    await world.advance(1);
    peer.send({ command: 'mempool' });
    await world.advance(50_000);
    expect(ends).toEqual([]);
    far.resume();
    await world.advance(29_000);
    expect(ends).toEqual([]);
    await world.advance(16_000);
    expect(ends).toEqual(['no inv in time']);
  });
});

describe('slow remotes', () => {
  test('a message that is begun must get on', async () => {
    const { world, remote, shake, ends } = harness();
    await shake();
    const frame = remote.frame({ command: 'alert', payload: new Uint8Array(100_000), signature: new Uint8Array(0) });
    remote.sendRaw(frame.subarray(0, 10));
    await world.advance(29_000);
    expect(ends).toEqual([]);
    await world.advance(1_001);
    expect(ends).toEqual(['message does not get on']);
  });

  test('trickled bytes are not enough, a slow but steady message is', async () => {
    for (const [perSecond, lives] of [
      [100, false],
      [1000, true],
    ] as const) {
      const { world, remote, shake, ends } = harness();
      await shake();
      const frame = remote.frame({ command: 'alert', payload: new Uint8Array(200_000), signature: new Uint8Array(0) });
      let offset = 0;
      const timer = world.timers.every(1_000, () => {
        remote.sendRaw(frame.subarray(offset, offset + perSecond));
        offset += perSecond;
        if (offset >= frame.length) timer.cancel();
      });
      await world.advance(250_000);
      expect(ends).toEqual(lives ? [] : ['message does not get on']);
    }
  });

  test('a message in slow pieces is still subject to the five minutes', async () => {
    const { world, remote, shake, ends } = harness();
    await shake();
    const frame = remote.frame({ command: 'alert', payload: new Uint8Array(900_000), signature: new Uint8Array(0) });
    let offset = 0;
    world.timers.every(1_000, () => {
      remote.sendRaw(frame.subarray(offset, offset + 1000));
      offset += 1000;
    });
    await world.advance(301_000);
    expect(ends).toEqual(['no message for too long']);
  });

  test('our own work is not held against a message that is partly here', async () => {
    const { world, remote, shake, ends } = harness({
      handlers: { messages: { ping: () => new Promise((resolve) => world.timers.after(100_000, resolve)) } },
    });
    await shake();
    const frame = remote.frame({ command: 'inv', inventory: [vector] });
    remote.send({ command: 'ping', nonce: 1n });
    remote.sendRaw(frame.subarray(0, 30));
    await world.advance(120_000);
    expect(ends).toEqual([]);
    remote.sendRaw(frame.subarray(30));
    await world.advance(100_000);
    expect(ends).toEqual([]);
  });
});
