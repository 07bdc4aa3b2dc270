import { describe, expect, test } from 'vitest';
import { FakeListener, FakeStream } from './testing.ts';
import { testManager as setup, source } from './testing-manager.ts';

describe('accepting', () => {
  test('every connection is handed on, from all listeners', async () => {
    const listeners = [new FakeListener('[::]:1'), new FakeListener('0.0.0.0:1')];
    const accepted: FakeStream[] = [];
    const { world, manager } = setup({}, { listeners, accepted: (stream) => accepted.push(stream) });
    manager.start();
    expect(manager.listenAddresses()).toEqual(['[::]:1', '0.0.0.0:1']);
    const streams = [1, 2, 3, 4].map((n) => new FakeStream(`192.0.2.${n}:9`));
    for (const [i, stream] of streams.entries()) listeners[i % 2]!.arrive(stream);
    await world.settle();
    expect(new Set(accepted)).toEqual(new Set(streams));
  });

  test('failures slow it down, up to a second; a success ends that', async () => {
    const listener = new FakeListener('l');
    const accepted: FakeStream[] = [];
    const { world, manager } = setup({}, { listeners: [listener], accepted: (stream) => accepted.push(stream) });
    manager.start();
    for (let i = 0; i < 1_000; i++) listener.arrive(new Error('too many open files'));
    await world.advance(10_000);
    expect(listener.accepts).toBeLessThan(20);
    expect(listener.accepts).toBeGreaterThan(12);
    expect(accepted).toEqual([]);
    const recovered = new FakeListener('l');
    const again = setup({}, { listeners: [recovered], accepted: (stream) => accepted.push(stream) });
    again.manager.start();
    for (let i = 0; i < 8; i++) recovered.arrive(new Error('too many open files'));
    recovered.arrive(new FakeStream('192.0.2.1:9'));
    await again.world.advance(10_000);
    recovered.arrive(new Error('too many open files'));
    recovered.arrive(new FakeStream('192.0.2.2:9'));
    await again.world.advance(20);
    expect(accepted.map(({ remoteAddress }) => remoteAddress)).toEqual(['192.0.2.1:9', '192.0.2.2:9']);
  });

  test('one that arrives while everything ends is closed', async () => {
    const listener = new FakeListener('l');
    const accepted: FakeStream[] = [];
    const { world, manager } = setup({}, { listeners: [listener], accepted: (stream) => accepted.push(stream) });
    manager.start();
    await world.settle();
    const late = new FakeStream('192.0.2.1:9');
    listener.arrive(late);
    await world.waitFor(manager.stop(), 1);
    expect([late.destroyed, accepted]).toEqual([true, []]);
  });

  test('without anybody to take them connections are not accepted', async () => {
    const listener = new FakeListener('l');
    const { world, manager } = setup({}, { listeners: [listener] });
    manager.start();
    await world.settle();
    expect(listener.accepts).toBe(0);
    await manager.stop();
    expect(listener.closed).toBe(true);
  });
});

describe('stopping', () => {
  test('ends listeners, dials and pauses, and waits for them; connections stay', async () => {
    const listener = new FakeListener('l');
    const { world, dialer, manager, connected } = setup(
      { targetOutbound: 3 },
      { listeners: [listener], accepted: () => undefined, newAddress: source() },
    );
    manager.start();
    dialer.to('10.0.0.1:1').succeed();
    dialer.to('10.0.0.2:1').fail();
    await world.settle();
    const stopping = manager.stop();
    expect(manager.stop()).toBe(stopping);
    await world.waitFor(stopping, 1);
    expect(dialer.open).toEqual([]);
    expect(listener.closed).toBe(true);
    expect(world.pendingTimers).toBe(0);
    expect(dialer.streams[0]?.destroyed).toBe(false);
    manager.disconnected(connected[0]!.id);
    manager.wake();
    await world.advance(1_000_000);
    expect(dialer.dialled).toHaveLength(3);
    expect(() => manager.connect('node:1', true)).toThrow('stopped');
  });

  test('waits for a dial that is slow to end', async () => {
    const { world, dialer, manager } = setup();
    dialer.deaf = true;
    manager.start();
    manager.connect('node:1', false);
    let stopped = false;
    void manager.stop().then(() => {
      stopped = true;
    });
    await world.advance(1_000);
    expect(stopped).toBe(false);
    const stream = dialer.to('node:1').succeed();
    await world.settle();
    expect(stopped).toBe(true);
    expect(stream.destroyed).toBe(true);
  });

  test('during a pause of the accept loop, and before the start', async () => {
    const listener = new FakeListener('l');
    const { world, manager } = setup({}, { listeners: [listener], accepted: () => undefined });
    manager.start();
    for (let i = 0; i < 20; i++) listener.arrive(new Error('x'));
    await world.advance(2_000);
    await world.waitFor(manager.stop(), 1);
    expect(world.pendingTimers).toBe(0);
    const fresh = setup({}, { listeners: [new FakeListener('l')], accepted: () => undefined });
    fresh.manager.connect('node:1', true);
    await fresh.manager.stop();
    fresh.manager.start();
    await fresh.world.advance(100_000);
    expect(fresh.dialer.dialled).toEqual([]);
  });
});
