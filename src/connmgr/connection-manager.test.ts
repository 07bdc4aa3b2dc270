import { describe, expect, test } from 'vitest';
import { ConnectionExistsError } from './connection-manager.ts';
import { testManager as setup, source } from './testing-manager.ts';
import { RequestState } from './types.ts';

describe('automatic connections', () => {
  test('as many as the target, by default 8', async () => {
    for (const [options, count] of [
      [{}, 8],
      [{ targetOutbound: 3 }, 3],
      [{ targetOutbound: 0 }, 8],
    ] as const) {
      const { world, dialer, manager, connected } = setup(options, { newAddress: source() });
      dialer.decide = () => 'succeed';
      manager.start();
      manager.start();
      await world.advance(600_000);
      expect(dialer.dialled).toHaveLength(count);
      expect(connected.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
      expect(connected.every(({ kind, state }) => kind === 'automatic' && state === RequestState.established)).toBe(
        true,
      );
      await manager.stop();
    }
  });

  test('none without a source of addresses', async () => {
    const { world, dialer, manager } = setup();
    manager.start();
    await world.advance(600_000);
    expect(dialer.dialled).toEqual([]);
  });

  test('a lost connection is replaced by another address', async () => {
    const { world, dialer, manager, connected } = setup({ targetOutbound: 1 }, { newAddress: source() });
    dialer.decide = () => 'succeed';
    manager.start();
    await world.advance(100_000);
    manager.disconnected(1);
    await world.settle();
    expect(dialer.streams[0]?.destroyed).toBe(true);
    expect(connected.map(({ id, address }) => [id, address])).toEqual([
      [1, '10.0.0.1:1'],
      [2, '10.0.0.2:1'],
    ]);
  });

  test('each slot pauses on its own after failures, twice as long each time up to a minute, with jitter', async () => {
    const { world, dialer, manager } = setup({ targetOutbound: 1 }, { newAddress: source() });
    const times: number[] = [];
    dialer.decide = () => {
      times.push(world.elapsed);
      return 'fail';
    };
    manager.start();
    await world.advance(600_000);
    const pauses = times.slice(1).map((time, i) => time - times[i]!);
    for (const [i, pause] of pauses.entries()) {
      const full = Math.min(1_000 * 2 ** i, 60_000);
      expect(pause).toBeLessThanOrEqual(full);
      expect(pause).toBeGreaterThanOrEqual(full / 2);
    }
    expect(new Set(pauses.slice(8)).size).toBeGreaterThan(3);
    expect(new Set(dialer.dialled).size).toBe(dialer.dialled.length);
  });

  test('a success of one slot does not hurry another', async () => {
    const { world, dialer, manager } = setup({ targetOutbound: 2 }, { newAddress: source() });
    dialer.decide = (address) => (address === '10.0.0.1:1' ? 'succeed' : 'fail');
    manager.start();
    await world.advance(300_000);
    expect(dialer.dialled.length).toBeLessThan(16);
  });

  test('connections that end at once count as failures', async () => {
    const { world, dialer, manager, connected } = setup({ targetOutbound: 1 }, { newAddress: source() });
    dialer.decide = () => 'succeed';
    manager.start();
    let handled = 0;
    world.timers.every(100, () => {
      for (; handled < connected.length; handled++) manager.disconnected(connected[handled]!.id);
    });
    await world.advance(300_000);
    expect(connected.length).toBeLessThan(16);
  });

  test('a connection that lasted clears the history of its slot', async () => {
    const { world, dialer, manager, connected } = setup({ targetOutbound: 1 }, { newAddress: source() });
    let fail = true;
    dialer.decide = () => (fail ? 'fail' : 'succeed');
    manager.start();
    await world.advance(100_000);
    fail = false;
    await world.advance(100_000);
    expect(connected).toHaveLength(1);
    manager.disconnected(connected[0]!.id);
    await world.settle();
    expect(connected).toHaveLength(2);
  });

  test('no address: waits like after a failure, and wake() ends the wait', async () => {
    let address: string | undefined;
    const { world, dialer, manager } = setup({ targetOutbound: 1 }, { newAddress: () => address });
    manager.start();
    await world.advance(200_000);
    expect(dialer.dialled).toEqual([]);
    address = '10.0.0.9:1';
    manager.wake();
    expect(dialer.dialled).toEqual(['10.0.0.9:1']);
  });

  test('permanent and established single connections count towards the target', async () => {
    const { world, dialer, manager } = setup({ targetOutbound: 4 }, { newAddress: source() });
    manager.connect('p:1', true);
    manager.connect('o:1', false);
    dialer.decide = (address) => (address.startsWith('10.') ? 'succeed' : undefined);
    manager.start();
    await world.settle();
    expect(dialer.dialled.filter((address) => address.startsWith('10.'))).toHaveLength(3);
    dialer.to('p:1').succeed();
    dialer.to('o:1').succeed();
    await world.advance(100_000);
    manager.disconnected(manager.requests().find(({ kind }) => kind === 'automatic')!.id);
    await world.settle();
    expect(manager.requests().filter(({ kind }) => kind === 'automatic')).toHaveLength(2);
    manager.remove(manager.requests().find(({ kind }) => kind === 'once')!.id);
    await world.settle();
    expect(manager.requests().filter(({ kind }) => kind === 'automatic')).toHaveLength(3);
  });

  test('permanent ones that cannot be had leave their places to others, and get them back', async () => {
    const { world, dialer, manager, connected } = setup({ targetOutbound: 4 }, { newAddress: source() });
    const permanent = ['p:1', 'p:2', 'p:3', 'p:4'];
    for (const address of permanent) manager.connect(address, true);
    dialer.decide = (address) => (address.startsWith('p') ? 'fail' : 'succeed');
    manager.start();
    await world.advance(4_000);
    expect(connected).toEqual([]);
    await world.advance(2_000);
    expect(connected.map(({ kind }) => kind)).toEqual(Array.from({ length: 4 }, () => 'automatic'));
    await world.advance(3_600_000);
    expect(connected).toHaveLength(4);
    // The youngest connections go first; one that is being made goes before any of them.
    dialer.decide = (address) => (address === 'p:2' || address === 'p:3' ? 'succeed' : undefined);
    manager.disconnected(connected[1]!.id);
    await world.advance(10_000);
    expect(dialer.open.some(({ address }) => address.startsWith('10.'))).toBe(true);
    await world.advance(300_000);
    const established = () => manager.requests().filter(({ state }) => state === RequestState.established);
    expect(established().map(({ address }) => address)).toEqual(['p:2', 'p:3', '10.0.0.1:1', '10.0.0.3:1']);
    expect(manager.requests().filter(({ kind }) => kind === 'automatic')).toHaveLength(2);
    expect(dialer.streams.filter(({ destroyed }) => destroyed).map(({ remoteAddress }) => remoteAddress)).toEqual([
      '10.0.0.2:1',
      '10.0.0.4:1',
    ]);
    // Lost once, it is waited for: nobody takes its place at once.
    manager.disconnected(connected.find(({ address }) => address === 'p:2')!.id);
    await world.advance(4_000);
    expect(manager.requests().filter(({ kind }) => kind === 'automatic')).toHaveLength(2);
    await manager.stop();
    expect(world.pendingTimers).toBe(0);
  });

  test('nothing accumulates while the network is unreachable', async () => {
    const { world, dialer, manager } = setup({}, { newAddress: source() });
    dialer.decide = () => 'fail';
    manager.start();
    await world.advance(7_200_000);
    expect(manager.requests()).toHaveLength(8);
    expect(world.pendingTimers).toBe(8);
    // About one attempt per slot in 45 s.
    expect(dialer.dialled.length).toBeLessThan(8 * 200);
    await manager.stop();
    expect(world.pendingTimers).toBe(0);
  });
});

describe('permanent connections', () => {
  test('pauses grow by 5 s up to 5 min, the address stays', async () => {
    const { world, dialer, manager } = setup();
    const times: number[] = [];
    dialer.decide = () => {
      times.push(world.elapsed);
      return 'fail';
    };
    manager.connect('node:1', true);
    expect(dialer.dialled).toEqual([]);
    manager.start();
    await world.advance(20_000_000);
    const pauses = times.slice(1).map((time, i) => time - times[i]!);
    expect(pauses.slice(0, 62)).toEqual(Array.from({ length: 62 }, (_, i) => Math.min((i + 1) * 5_000, 300_000)));
    expect(new Set(dialer.dialled)).toEqual(new Set(['node:1']));
  });

  test('a lost one is dialled again after 5 s, for ever', async () => {
    const { world, dialer, manager, connected } = setup();
    manager.start();
    const id = manager.connect('node:1', true);
    dialer.decide = () => 'succeed';
    dialer.to('node:1').succeed();
    await world.settle();
    for (let i = 1; i <= 50; i++) {
      manager.disconnected(id);
      expect(manager.request(id)).toMatchObject({ state: RequestState.failing, retries: 1, address: 'node:1' });
      await world.advance(4_999);
      expect(connected).toHaveLength(i);
      await world.advance(1);
      expect(connected).toHaveLength(i + 1);
    }
    expect(connected.every((request) => request.id === id)).toBe(true);
  });

  test('a removed one is never dialled again', async () => {
    for (const phase of ['dialling', 'waiting', 'established'] as const) {
      const { world, dialer, manager, connected } = setup();
      manager.start();
      const id = manager.connect('node:1', true);
      const dial = dialer.to('node:1');
      if (phase === 'waiting') dial.fail();
      if (phase === 'established') dial.succeed();
      await world.settle();
      manager.remove(id);
      await world.advance(1_000_000);
      expect(dialer.dialled).toHaveLength(1);
      expect(connected).toHaveLength(phase === 'established' ? 1 : 0);
      expect(manager.requests()).toEqual([]);
      expect(dial.signal.aborted).toBe(phase === 'dialling');
      if (phase === 'established') expect(dialer.streams[0]?.destroyed).toBe(true);
      manager.disconnected(id);
      manager.remove(id);
    }
  });
});

describe('single connections', () => {
  test('are tried once', async () => {
    const { world, dialer, manager, states } = setup();
    manager.start();
    manager.connect('node:1', false);
    expect(states()).toEqual([['once', 'node:1', RequestState.pending, 0]]);
    dialer.to('node:1').fail();
    await world.advance(1_000_000);
    expect(dialer.dialled).toHaveLength(1);
    expect(manager.requests()).toEqual([]);
  });

  test('are not made again when they end', async () => {
    const { world, dialer, manager, connected } = setup();
    manager.start();
    const id = manager.connect('node:1', false);
    dialer.to('node:1').succeed();
    await world.settle();
    expect(connected).toHaveLength(1);
    manager.disconnected(id);
    await world.advance(1_000_000);
    expect(dialer.dialled).toHaveLength(1);
    expect(manager.requests()).toEqual([]);
  });
});

describe('dialling', () => {
  test('is given up after 30 s; a late success is closed', async () => {
    for (const deaf of [false, true]) {
      const { world, dialer, manager, connected } = setup();
      dialer.deaf = deaf;
      manager.start();
      manager.connect('node:1', true);
      const dial = dialer.to('node:1');
      await world.advance(29_999);
      expect(dial.signal.aborted).toBe(false);
      await world.advance(1);
      expect(dial.signal.aborted).toBe(true);
      expect(manager.requests()[0]?.state).toBe(RequestState.failing);
      if (deaf) {
        const stream = dial.succeed();
        await world.settle();
        expect(stream.destroyed).toBe(true);
      }
      expect(connected).toEqual([]);
      await world.advance(5_000);
      expect(dialer.dialled).toHaveLength(2);
    }
  });

  test('a cancelled dial that succeeds is closed', async () => {
    const { world, dialer, manager, connected } = setup();
    dialer.deaf = true;
    manager.start();
    const id = manager.connect('node:1', true);
    manager.remove(id);
    const stream = dialer.to('node:1').succeed();
    await world.settle();
    expect(stream.destroyed).toBe(true);
    expect(connected).toEqual([]);
  });
});

describe('duplicates', () => {
  test('a single connection to an address in use is refused', async () => {
    const { world, dialer, manager } = setup({}, { inUse: (address) => address === 'inbound:1' });
    manager.start();
    manager.connect('node:1', false);
    expect(() => manager.connect('node:1', false)).toThrow(ConnectionExistsError);
    dialer.to('node:1').succeed();
    await world.settle();
    expect(() => manager.connect('node:1', false)).toThrow(ConnectionExistsError);
    expect(() => manager.connect('inbound:1', false)).toThrow(ConnectionExistsError);
    expect(manager.requests()).toHaveLength(1);
  });

  test('an address is permanent only once, also while it cannot be reached', async () => {
    const { world, dialer, manager } = setup();
    manager.start();
    manager.connect('node:1', true);
    dialer.to('node:1').fail();
    await world.settle();
    for (const permanent of [true, false]) {
      const refuse = () => manager.connect('node:1', permanent);
      expect(refuse).toThrow(ConnectionExistsError);
      expect(refuse).toThrow('already connected or connecting to node:1');
    }
  });

  test('a permanent request waits for its turn and is not lost', async () => {
    const { world, dialer, manager, connected } = setup();
    manager.start();
    const once = manager.connect('node:1', false);
    dialer.to('node:1').succeed();
    await world.settle();
    manager.connect('node:1', true);
    await world.advance(100_000);
    expect(dialer.dialled).toHaveLength(1);
    manager.disconnected(once);
    dialer.decide = () => 'succeed';
    await world.advance(100_000);
    expect(connected.map(({ kind }) => kind)).toEqual(['once', 'permanent']);
  });

  test('automatic slots look for an address that is free', async () => {
    const proposals = ['a:1', 'a:1', 'b:1', 'c:1', 'b:1', 'd:1'];
    let i = 0;
    const { world, dialer, manager } = setup(
      { targetOutbound: 3 },
      { newAddress: () => proposals[i++], inUse: (address) => address === 'c:1' },
    );
    manager.start();
    await world.settle();
    expect(dialer.dialled).toEqual(['a:1', 'b:1', 'd:1']);
  });

  test('a source that only knows addresses in use is not asked for ever', async () => {
    let asked = 0;
    const { world, dialer, manager } = setup(
      { targetOutbound: 2 },
      {
        newAddress: () => {
          asked++;
          return 'a:1';
        },
      },
    );
    manager.start();
    await world.settle();
    expect(dialer.dialled).toEqual(['a:1']);
    expect(asked).toBeLessThan(10);
  });
});
