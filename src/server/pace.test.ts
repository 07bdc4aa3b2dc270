import { describe, expect, test } from 'vitest';
import type { Peer } from '../peer/index.ts';
import { silentLogger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { Pace } from './pace.ts';
import { readable } from './readable.ts';

/** A world whose clock the test moves while code runs, as work does. */
function working() {
  const { timers, random } = new VirtualWorld();
  let now = 0;
  const waits: number[] = [];
  const world: World = {
    clock: { now: () => now, monotonic: () => now },
    timers: {
      ...timers,
      after: (milliseconds, callback) => {
        waits.push(milliseconds);
        queueMicrotask(callback);
        return { cancel: () => undefined };
      },
      soon: (callback) => {
        waits.push(0);
        queueMicrotask(callback);
      },
    },
    random,
  };
  const work = (milliseconds: number) => {
    now += milliseconds;
  };
  return { world, waits, work };
}

function peerWith(fields: { connected?: boolean; queuedBytes?: number }): Pick<Peer, 'connected' | 'queuedBytes'> {
  return { connected: true, queuedBytes: 0, ...fields };
}

describe('Pace', () => {
  test('others have a turn after 10 ms of work', async () => {
    const { world, waits, work } = working();
    const pace = new Pace(peerWith({}), world);
    for (let i = 0; i < 10; i++) {
      expect(await pace.next()).toBe(true);
      work(4);
    }
    expect(waits).toEqual([0, 0, 0]);
  });

  test('for costly work the peer waits several times as long', async () => {
    const { world, waits, work } = working();
    const pace = new Pace(peerWith({}), world);
    for (const milliseconds of [100, 3, 3, 3000]) {
      pace.costly(() => work(milliseconds));
      await pace.next();
    }
    expect(waits).toEqual([400, 5000]);
  });

  test('a few messages are on their way, and fewer if they are large', async () => {
    const { world } = working();
    for (const [queuedBytes, expected] of [
      [0, 3],
      [2_000_000, 1],
    ] as const) {
      const pace = new Pace(peerWith({ queuedBytes }), world);
      const written: (() => void)[] = [];
      let made = 0;
      const run = (async () => {
        for (; made < 6; made++) {
          await pace.next();
          pace.sent(new Promise((resolve) => written.push(resolve)));
        }
        await pace.done();
      })();
      await new Promise(setImmediate);
      expect(made).toBe(expected);
      for (let i = 0; i < 6; i++) {
        written.shift()?.();
        await new Promise(setImmediate);
      }
      await run;
    }
  });

  test('ends when the peer has left', async () => {
    const { world } = working();
    expect(await new Pace(peerWith({ connected: false }), world).next()).toBe(false);
  });
});

test('what cannot be read is missing, and told some times', () => {
  const lines: string[] = [];
  const read = readable({ ...silentLogger, error: (line) => lines.push(line) });
  for (let i = 0; i < 100; i++) {
    const found = read<number>(() => {
      throw new Error(`row ${i}`);
    });
    expect(found).toBeUndefined();
  }
  expect(read(() => 5)).toBe(5);
  expect(lines).toHaveLength(20);
  expect(lines[0]).toBe('cannot serve a peer: row 0');
});
