import { expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { encodeMessage, FrameDecoder, type WireContext } from '../wire/index.ts';
import { Input } from './input.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { transportPair } from './testing.ts';

test('long work leaves the event loop its turns, and messages their order', () => {
  const virtual = new VirtualWorld();
  let time = 0;
  const turns: (() => void)[] = [];
  const world = {
    ...{ random: virtual.random, clock: { now: () => time, monotonic: () => time } },
    timers: {
      after: () => ({ cancel: () => undefined }),
      every: () => ({ cancel: () => undefined }),
      soon: (callback: () => void) => void turns.push(callback),
    },
  };
  const { magic, generation } = networkParams('simnet');
  const context: WireContext = { magic, generation, protocolVersion: 70013, encoding: 'witness' };
  const log: string[] = [];
  const [local] = transportPair(virtual);
  const input = new Input(local, new FrameDecoder(context), DEFAULT_LIMITS, world, {
    message: (message) => {
      // Each takes two milliseconds.
      time += 2;
      if (message.command === 'ping') log.push(String(message.nonce));
    },
    undecodable: () => false,
    ended: () => void log.push('end'),
    stalled: () => void log.push('stalled'),
  });
  input.data(
    Buffer.concat(Array.from({ length: 7 }, (_, i) => encodeMessage({ command: 'ping', nonce: BigInt(i) }, context))),
  );
  input.end();
  expect(log).toEqual(['0', '1', '2']);
  expect([input.waiting, input.blocked]).toEqual([false, false]);
  turns.shift()?.();
  expect(log).toEqual(['0', '1', '2', '3', '4', '5']);
  turns.shift()?.();
  expect(log.slice(6)).toEqual(['6', 'end']);
  expect(turns).toEqual([]);
});
