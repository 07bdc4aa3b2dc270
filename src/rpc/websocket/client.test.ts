import { describe, expect, test } from 'vitest';
import { networkParams } from '../../params/index.ts';
import { silentLogger } from '../../util/log.ts';
import { VirtualWorld } from '../../util/testing/virtual-world.ts';
import type { RpcUser } from '../dispatcher.ts';
import type { Caller } from '../methods/define.ts';
import { DagFeed } from '../notifications/dag-feed.ts';
import { Notifier } from '../notifications/notifier.ts';
import { FakeChannel } from '../testing/fake-channel.ts';
import { genesisDag } from '../testing/idle-ports.ts';
import {
  LOG_IN_TIME,
  MAX_WAITING_BYTES,
  MAX_WAITING_MESSAGES,
  PING_INTERVAL,
  SILENT_INTERVALS,
  SocketClient,
} from './client.ts';

/** A client on a fake connection, whose requests are answered when the test says so. */
function connect({ user, maxRequests = 2 }: { user?: RpcUser; maxRequests?: number } = { user: 'admin' }) {
  const world = new VirtualWorld();
  const channel = new FakeChannel();
  const requests: { text: string; caller: Caller; answer: (text: string | undefined) => void }[] = [];
  const warnings: string[] = [];
  let left = 0;
  const notifier = new Notifier({ params: networkParams('simnet'), poolSpender: () => undefined });
  const dagFeed = new DagFeed({ dag: genesisDag(), events: undefined, timers: world.timers, random: world.random });
  const client = new SocketClient(
    channel,
    { id: 7n, maxRequests, user },
    {
      timers: world.timers,
      logger: { ...silentLogger, warn: (text) => warnings.push(text) },
      notifier,
      dagFeed,
      logIn: (text) => (text === 'sesame' ? { user: 'limited', answer: 'come in' } : undefined),
      answer: (text, _user, caller) =>
        new Promise((resolve) => {
          requests.push({ text, caller, answer: resolve });
        }),
      left: () => left++,
    },
  );
  client.start();
  return { world, channel, requests, warnings, client, notifier, leftCount: () => left };
}

describe('logging in', () => {
  test('comes first, in time, and lifts the limit for strangers', async () => {
    const { world, channel, requests } = connect({});
    await world.advance(LOG_IN_TIME - 1);
    expect(channel.ended).toBeUndefined();
    expect(channel.isTrusted).toBe(false);
    channel.receive('sesame');
    expect(channel.sent).toEqual(['come in']);
    expect(channel.isTrusted).toBe(true);
    channel.receive('question');
    expect(requests.map(({ text }) => text)).toEqual(['question']);
    await world.advance(LOG_IN_TIME);
    expect(channel.ended).toBeUndefined();
  });

  test('anything else first ends the connection without a word', async () => {
    const { world, channel, leftCount } = connect({});
    channel.receive('question');
    await world.settle();
    expect(channel.ended).toBe('cut');
    expect(channel.sent).toEqual([]);
    expect(leftCount()).toBe(1);
    expect(world.pendingTimers).toBe(0);
  });

  test('does not wait for ever', async () => {
    const { world, channel } = connect({});
    await world.advance(LOG_IN_TIME);
    expect(channel.ended).toBe('cut');
  });
});

describe('requests', () => {
  test('run at a time as allowed; what follows is neither read nor lost nor overtaken', async () => {
    const { world, channel, requests } = connect();
    for (const text of ['a', 'b', 'c', 'd']) channel.receive(text);
    expect(requests.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(channel.isPaused).toBe(true);
    requests[1].answer('B');
    await world.settle();
    expect(requests.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    expect(channel.isPaused).toBe(true);
    requests[0].answer('A');
    requests[2].answer(undefined);
    await world.settle();
    expect(requests.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
    expect(channel.isPaused).toBe(false);
    expect(channel.sent).toEqual(['B', 'A']);
  });

  test('count until their answer is taken: who does not read is not read', async () => {
    const { world, channel, requests } = connect();
    channel.isSlow = true;
    channel.receive('a');
    channel.receive('b');
    requests[0].answer('A');
    requests[1].answer('B');
    await world.settle();
    channel.receive('c');
    expect(requests).toHaveLength(2);
    expect(channel.isPaused).toBe(true);
    channel.takeAll();
    await world.settle();
    expect(requests).toHaveLength(3);
  });

  test('a limit of none means one', () => {
    const { channel, requests } = connect({ user: 'admin', maxRequests: 0 });
    channel.receive('a');
    expect(requests).toHaveLength(1);
  });

  test('are aborted when the client goes', async () => {
    const { world, channel, requests, client } = connect();
    channel.receive('a');
    client.cut();
    await world.settle();
    expect(requests[0].caller.signal.aborted).toBe(true);
    requests[0].answer('A');
    await world.settle();
    expect(channel.sent).toEqual([]);
  });
});

describe('notifications', () => {
  test('too many bytes that wait end the connection, which is said once', async () => {
    const { world, channel, client, warnings, leftCount } = connect();
    channel.isSlow = true;
    const text = 'x'.repeat(MAX_WAITING_BYTES / 4);
    for (let i = 0; i < 4; i++) client.notify(text);
    expect(channel.ended).toBeUndefined();
    for (let i = 0; i < 3; i++) client.notify('y');
    await world.settle();
    expect(channel.ended).toBe('cut');
    expect(channel.sent).toHaveLength(4);
    expect(warnings).toEqual([
      'WebSocket client 127.0.0.1:5000 disconnected: it reads too slowly, 4 notifications wait',
    ]);
    expect(leftCount()).toBe(1);
    expect(world.pendingTimers).toBe(0);
  });

  test('so do too many messages', () => {
    const { channel, client } = connect();
    channel.isSlow = true;
    for (let i = 0; i < MAX_WAITING_MESSAGES; i++) client.notify('');
    expect(channel.ended).toBeUndefined();
    client.notify('');
    expect(channel.ended).toBe('cut');
  });

  test('what was taken does not count', () => {
    const { channel, client } = connect();
    channel.isSlow = true;
    for (let i = 0; i < 40; i++) {
      client.notify('x'.repeat(MAX_WAITING_BYTES / 8));
      if (i >= 7) channel.takeOne();
    }
    expect(channel.ended).toBeUndefined();
  });

  test('work that tells much waits until the client has read', async () => {
    const { world, channel, client } = connect();
    channel.isSlow = true;
    client.notify('x'.repeat(2 * 1024 * 1024));
    let drained = false;
    void client.drained().then(() => {
      drained = true;
    });
    await world.settle();
    expect(drained).toBe(false);
    channel.takeAll();
    await world.settle();
    expect(drained).toBe(true);
  });

  test('and does not wait for who has gone', async () => {
    const { world, channel, client } = connect();
    channel.isSlow = true;
    client.notify('x'.repeat(2 * 1024 * 1024));
    const drained = client.drained();
    client.cut();
    await world.settle();
    await drained;
    await client.drained();
  });
});

describe('signs of life', () => {
  test('are asked for; without any the connection ends', async () => {
    const { world, channel } = connect();
    await world.advance(SILENT_INTERVALS * PING_INTERVAL);
    expect(channel.pings).toBe(SILENT_INTERVALS);
    expect(channel.ended).toBeUndefined();
    channel.live();
    await world.advance(SILENT_INTERVALS * PING_INTERVAL);
    channel.receive('question');
    await world.advance(SILENT_INTERVALS * PING_INTERVAL);
    expect(channel.ended).toBeUndefined();
    await world.advance(PING_INTERVAL);
    expect(channel.ended).toBe('cut');
  });

  test('are not missed while the client is not read', async () => {
    const { world, channel } = connect();
    for (const text of ['a', 'b', 'c']) channel.receive(text);
    expect(channel.isPaused).toBe(true);
    await world.advance(10 * SILENT_INTERVALS * PING_INTERVAL);
    expect(channel.ended).toBeUndefined();
  });
});

describe('stopping', () => {
  test('lets what runs end, takes nothing new, and says goodbye', async () => {
    const { world, channel, requests, client } = connect();
    channel.receive('a');
    client.stop();
    channel.receive('b');
    client.notify('news');
    expect(requests).toHaveLength(1);
    expect(channel.ended).toBeUndefined();
    requests[0].answer('A');
    await world.settle();
    expect(channel.sent).toEqual(['A']);
    expect(channel.ended).toBe(1001);
    expect(world.pendingTimers).toBe(0);
  });

  test('is at once where nothing runs', () => {
    const { channel, client } = connect();
    client.stop();
    expect(channel.ended).toBe(1001);
  });
});

test('work in turn runs one after the other, also after a failure', async () => {
  const { world, client } = connect();
  const log: string[] = [];
  let finish: (() => void) | undefined;
  const first = client.inTurn(async () => {
    log.push('first');
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    throw new Error('failed');
  });
  const second = client.inTurn(async () => log.push('second'));
  await world.settle();
  expect(log).toEqual(['first']);
  finish?.();
  await expect(first).rejects.toThrow('failed');
  await second;
  expect(log).toEqual(['first', 'second']);
});
