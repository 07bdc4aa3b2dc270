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

/** A virtual world in which work takes time: the steady clock runs ahead of the timers by what was worked. */
function slowWorld() {
  const virtual = new VirtualWorld();
  let worked = 0;
  const { clock, timers, random } = virtual;
  const world: World = { timers, random, clock: { now: clock.now, monotonic: () => clock.monotonic() + worked } };
  const work = (milliseconds: number) => {
    worked += milliseconds;
  };
  return { virtual, world, work };
}

test('the cost of a job goes to its lane, with the commit to the most expensive job of the batch', async () => {
  const { virtual, world, work } = slowWorld();
  const charged: string[] = [];
  const lane = { debt: 0, restUntil: Number.NEGATIVE_INFINITY };
  const queue = new BlockQueue({
    world,
    batch: (run) => {
      run();
      work(100);
    },
  });
  const job = (name: string, cost: number) =>
    void queue.push(() => work(cost), { later: true, lane, charge: (spent) => charged.push(`${name} ${spent}`) });
  job('small', 1);
  job('large', 5);
  await virtual.advance(10);
  expect(charged).toEqual(['small 1', 'large 105']);
});

test('a resting lane goes on by itself when its time has come; others and own blocks do not wait', async () => {
  const { virtual, world } = slowWorld();
  const queue = new BlockQueue({ world, batch: (run) => run() });
  const lane = { debt: 10, restUntil: world.clock.monotonic() + 1000 };
  const ran: string[] = [];
  void queue.push(() => ran.push('rested'), { lane });
  void queue.push(() => ran.push('other'));
  void queue.push(() => ran.push('own'), { urgent: true });
  expect(ran).toEqual(['other', 'own']);
  await virtual.advance(999);
  expect(ran).toEqual(['other', 'own']);
  await virtual.advance(1);
  expect(ran).toEqual(['other', 'own', 'rested']);
});

test('stopping while a lane rests leaves no timer', async () => {
  const { virtual, world } = slowWorld();
  const queue = new BlockQueue({ world, batch: (run) => run() });
  const waiting = queue.push(() => undefined, { lane: { debt: 10, restUntil: world.clock.monotonic() + 1000 } });
  queue.stop();
  await expect(waiting).rejects.toThrow(StoppedError);
  await virtual.settle();
  expect(virtual.pendingTimers).toBe(0);
});

/** A queue whose batches can stay open, with a protocol of what happened. */
function openQueue(world: World, assist?: () => boolean) {
  const told: string[] = [];
  const queue = new BlockQueue({
    world,
    batch: (job) => {
      told.push('batch');
      job();
      told.push('batch ends');
    },
    openBatch: () => {
      told.push('open');
      return () => told.push('close');
    },
    ...(assist && { assist }),
    failed: (error) => told.push(`failed: ${error}`),
  });
  const push = (name: string, options: Parameters<BlockQueue['push']>[1]) => {
    void queue.push(() => told.push(name), options);
  };
  return { queue, told, push };
}

test('jobs for later share a batch over several turns, which ends in time', async () => {
  const world = new VirtualWorld();
  const { told, push } = openQueue(world);
  push('a', { later: true });
  await world.advance(1);
  push('b', { later: true });
  await world.advance(1);
  expect(told).toEqual(['open', 'a', 'b']);
  await world.advance(1000);
  expect(told).toEqual(['open', 'a', 'b', 'close']);
  push('c', { later: true });
  await world.advance(1);
  expect(told.slice(4)).toEqual(['open', 'c']);
});

test('what is not for later, or urgent, ends the open batch and has one of its own', () => {
  const { world, turn } = workingWorld();
  const { told, push } = openQueue(world);
  push('a', { later: true });
  turn();
  push('b', {});
  push('c', { later: true });
  turn();
  push('d', { urgent: true });
  expect(told).toEqual([
    ...['open', 'a', 'close', 'batch', 'b', 'batch ends'],
    ...['open', 'c', 'close', 'batch', 'd', 'batch ends'],
  ]);
});

test('a job for later is done when it has run, not when its batch ends', async () => {
  const { world, turn } = workingWorld();
  const { queue, told } = openQueue(world);
  const done = queue.push(() => told.push('a'), { later: true });
  const failed = queue.push(
    () => {
      throw new Error('boom');
    },
    { later: true },
  );
  turn();
  await expect(done).resolves.toBeUndefined();
  await expect(failed).rejects.toThrow('boom');
  expect(told).toEqual(['open', 'a']);
});

test('an open batch that cannot be ended is told of; stop ends it', () => {
  const { world, turn } = workingWorld();
  const told: string[] = [];
  const queue = new BlockQueue({
    world,
    batch: (job) => job(),
    openBatch: () => () => {
      throw new Error('disk full');
    },
    failed: (error) => told.push(String(error)),
  });
  void queue.push(() => undefined, { later: true });
  turn();
  queue.stop();
  queue.stop();
  expect(told).toEqual(['Error: disk full']);
});

test('a busy job keeps its place; the queue goes on when it is woken', () => {
  const { world, turn } = workingWorld();
  const { queue, told, push } = openQueue(world);
  let busy = true;
  push('a', { later: true });
  push('b', { later: true, busy: () => busy });
  push('c', { later: true });
  turn();
  turn();
  expect(told).toEqual(['open', 'a']);
  push('own', { urgent: true });
  expect(told.slice(2)).toEqual(['close', 'batch', 'own', 'batch ends']);
  busy = false;
  queue.wake();
  turn();
  expect(told.slice(6)).toEqual(['open', 'b', 'c']);
});

test('while a job is busy the queue helps, a piece a turn, until nothing is left to help with', () => {
  const { world, turn } = workingWorld();
  let pieces = 2;
  const { told, push } = openQueue(world, () => {
    if (pieces === 0) return false;
    told.push('help');
    pieces--;
    return true;
  });
  push('a', { later: true, busy: () => pieces > 0 });
  turn();
  expect(told).toEqual(['help']);
  turn();
  turn();
  expect(told).toEqual(['help', 'help', 'open', 'a']);
});
