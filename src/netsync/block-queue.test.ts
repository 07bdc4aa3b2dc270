import { expect, test } from 'vitest';
import type { World } from '../util/ports.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { BlockQueue, StoppedError } from './block-queue.ts';

/** A world whose steady clock moves by what the jobs say they took, and whose turns are taken by hand. */
function workingWorld() {
  let elapsed = 0;
  const soon: (() => void)[] = [];
  const none = { cancel: () => undefined };
  const world: World = {
    clock: { now: () => elapsed, monotonic: () => elapsed },
    timers: { after: () => none, every: () => none, soon: (run) => void soon.push(run) },
    random: new SeededRandom(1),
  };
  const turn = () => {
    for (const run of soon.splice(0)) run();
  };
  return {
    world,
    turn,
    work: (milliseconds: number) => {
      elapsed += milliseconds;
    },
  };
}

test('a job runs at once while the slice lasts; then the event loop gets a turn', () => {
  const { world, turn, work } = workingWorld();
  const queue = new BlockQueue({ world, batch: (job) => job() });
  const ran: number[] = [];
  for (let i = 0; i < 5; i++) {
    void queue.push(() => {
      ran.push(i);
      work(4);
    });
  }
  expect(ran).toEqual([0, 1, 2]);
  expect(queue.length).toBe(2);
  turn();
  expect(ran).toEqual([0, 1, 2, 3, 4]);
});

test('own blocks overtake those of peers', () => {
  const { world, turn, work } = workingWorld();
  const queue = new BlockQueue({ world, batch: (job) => job() });
  const ran: string[] = [];
  void queue.push(() => work(20));
  void queue.push(() => ran.push('peer'));
  void queue.push(() => ran.push('own'), { urgent: true });
  turn();
  expect(ran).toEqual(['own', 'peer']);
});

test('an exception goes to who pushed the job; the others run', async () => {
  const queue = new BlockQueue({ world: new VirtualWorld(), batch: (job) => job() });
  const failed = queue.push(() => {
    throw new Error('boom');
  });
  const after = queue.push(() => undefined);
  await expect(failed).rejects.toThrow('boom');
  await expect(after).resolves.toBeUndefined();
});

test('jobs for later share one batch in the next turn', () => {
  const { world, turn } = workingWorld();
  const batches: number[] = [];
  let ran = 0;
  const queue = new BlockQueue({
    world,
    batch: (job) => {
      ran = 0;
      job();
      batches.push(ran);
    },
  });
  for (let i = 0; i < 5; i++) {
    void queue.push(
      () => {
        ran++;
      },
      { later: true },
    );
  }
  expect(batches).toEqual([]);
  turn();
  expect(batches).toEqual([5]);
});

test('a batch that fails fails all its jobs', async () => {
  const queue = new BlockQueue({
    world: new VirtualWorld(),
    batch: (job) => {
      job();
      throw new Error('disk full');
    },
  });
  await expect(queue.push(() => undefined)).rejects.toThrow('disk full');
});

test('stop refuses what waits and what comes', async () => {
  const { world, work } = workingWorld();
  const queue = new BlockQueue({ world, batch: (job) => job() });
  void queue.push(() => work(20));
  const waiting = queue.push(() => undefined);
  queue.stop();
  await expect(waiting).rejects.toThrow(StoppedError);
  await expect(queue.push(() => undefined)).rejects.toThrow(StoppedError);
});
