import { describe, expect, test } from 'vitest';
import { SeededRandom } from './seeded-random.ts';
import { VirtualWorld } from './virtual-world.ts';

describe('VirtualWorld', () => {
  test('time stands still until it is moved, and timers fire in order of time, then of scheduling', async () => {
    const world = new VirtualWorld();
    const log: string[] = [];
    const start = world.clock.now();
    world.timers.after(20, () => log.push(`b@${world.elapsed}`));
    world.timers.after(10, () => log.push(`a@${world.elapsed}`));
    world.timers.after(20, () => log.push(`c@${world.elapsed}`));
    expect(world.clock.now()).toBe(start);
    await world.advance(15);
    expect(log).toEqual(['a@10']);
    expect(world.clock.now()).toBe(start + 15);
    await world.advance(5);
    expect(log).toEqual(['a@10', 'b@20', 'c@20']);
  });

  test('promise reactions, however deep, finish before the next timer', async () => {
    const world = new VirtualWorld();
    const log: string[] = [];
    world.timers.after(1, async () => {
      for (let i = 0; i < 50; i++) await Promise.resolve();
      log.push(`deep@${world.elapsed}`);
    });
    world.timers.after(1.001, () => log.push('next'));
    await world.advance(2);
    expect(log).toEqual(['deep@1', 'next']);
  });

  test('a reaction that starts a timer is part of the same run', async () => {
    const world = new VirtualWorld();
    let fired = 0;
    void Promise.resolve().then(() => world.timers.after(5, () => fired++));
    await world.advance(5);
    expect(fired).toBe(1);
  });

  test('repeating timers repeat until cancelled, also from inside', async () => {
    const world = new VirtualWorld();
    let count = 0;
    const timer = world.timers.every(10, () => {
      if (++count === 3) timer.cancel();
    });
    await world.advance(100);
    expect(count).toBe(3);
    expect(world.pendingTimers).toBe(0);
  });

  test('soon runs without time passing, never inside the call', async () => {
    const world = new VirtualWorld();
    let ran = false;
    world.timers.soon(() => {
      ran = true;
    });
    expect(ran).toBe(false);
    await world.settle();
    expect(ran).toBe(true);
    expect(world.elapsed).toBe(0);
  });

  test('cancelled timers do not pile up', async () => {
    const world = new VirtualWorld();
    for (let i = 0; i < 10_000; i++) world.timers.after(1e9 + i, () => undefined).cancel();
    expect(world.pendingTimers).toBe(0);
    const order: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const delay = (i * 7919) % 3001;
      const timer = world.timers.after(delay, () => order.push(delay));
      if (i % 3 === 0) timer.cancel();
    }
    await world.advance(4000);
    expect(order).toHaveLength(2000);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  test('a participant has its own clock and stream, and its timers die with it', async () => {
    const world = new VirtualWorld({ seed: 7 });
    const node = world.node('a', -90_000);
    expect(world.clock.now() - node.clock.now()).toBe(90_000);
    expect(node.clock.monotonic()).toBe(world.clock.monotonic());
    let fired = 0;
    node.timers.every(10, () => fired++);
    await world.advance(35);
    node.kill();
    node.timers.after(1, () => fired++);
    await world.advance(100);
    expect(fired).toBe(3);
    const again = new VirtualWorld({ seed: 7 }).node('a');
    expect(again.random.bytes(16)).toEqual(new VirtualWorld({ seed: 7 }).node('a').random.bytes(16));
    expect(again.random.bytes(16)).not.toEqual(new VirtualWorld({ seed: 7 }).node('b').random.bytes(16));
  });

  test('runUntil stops at the event that made the condition true', async () => {
    const world = new VirtualWorld();
    let count = 0;
    world.timers.every(10, () => count++);
    expect(await world.runUntil(() => count === 4, 1000)).toBe(true);
    expect(world.elapsed).toBe(40);
    expect(await world.runUntil(() => false, 60)).toBe(false);
    expect(world.elapsed).toBe(100);
  });

  test('waitFor gives the value or fails after its limit', async () => {
    const world = new VirtualWorld();
    const soon = new Promise<number>((resolve) => world.timers.after(30, () => resolve(5)));
    expect(await world.waitFor(soon, 100)).toBe(5);
    await expect(world.waitFor(new Promise(() => undefined), 10)).rejects.toThrow('still pending');
  });

  test('an exception of a callback comes out of the run', async () => {
    const world = new VirtualWorld();
    world.timers.after(1, () => {
      throw new Error('boom');
    });
    await expect(world.advance(5)).rejects.toThrow('boom');
    await world.advance(5);
    expect(world.elapsed).toBe(6);
  });
});

describe('SeededRandom', () => {
  test('the same seed gives the same values, for ever', () => {
    const random = new SeededRandom(1);
    const values = [random.uint32(), random.below(100), random.float(), ...random.bytes(5)];
    const again = new SeededRandom('1');
    expect([again.uint32(), again.below(100), again.float(), ...again.bytes(5)]).toEqual(values);
  });

  test('values are spread evenly and stay inside their bounds', () => {
    const random = new SeededRandom(3);
    const counts = new Array<number>(10).fill(0);
    let sum = 0;
    for (let i = 0; i < 20_000; i++) {
      counts[random.below(10)]!++;
      sum += random.float();
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(250);
    expect(Math.abs(sum / 20_000 - 0.5)).toBeLessThan(0.02);
    expect(() => random.below(0)).toThrow(RangeError);
    expect(random.below(2 ** 32)).toBeLessThan(2 ** 32);
  });

  test('shuffle keeps the elements, pick takes one of them', () => {
    const random = new SeededRandom(9);
    const items = Array.from({ length: 30 }, (_, i) => i);
    const shuffled = random.shuffle(items);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
    expect(items).toContain(random.pick(items));
    expect([5, 6, 7]).toContain(random.between(5, 7));
    expect(random.chance(1)).toBe(true);
  });
});
