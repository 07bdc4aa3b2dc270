import { describe, expect, test } from 'vitest';
import { silentLogger } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { ipFromString, ipToString, type NetAddress } from '../wire/index.ts';
import { AddressManager } from './address-manager.ts';
import { LocalPriority, UnroutableAddressError } from './local-addresses.ts';
import { MemoryFile } from './testing.ts';
import type { AddressManagerDeps, PeersFile } from './types.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

function setup(deps: Partial<AddressManagerDeps> = {}) {
  const world = new VirtualWorld();
  const manager = new AddressManager({}, { world, logger: silentLogger, ...deps });
  const now = () => Math.floor(world.now / 1000);
  return { world, manager, now };
}

function net(ip: string, fields: Partial<NetAddress> = {}): NetAddress {
  return { services: 1n, ip: ipFromString(ip)!, port: 18555, ...fields };
}

const SOURCE = net('173.194.115.66');

/** The file as a test damages it. */
interface Damageable {
  Version: number;
  Key: number[];
  NewBuckets: unknown[][];
  TriedBuckets: unknown[][];
  Addresses: Record<string, unknown>[];
}

/** Distinct routable addresses over many groups. */
function many(count: number): NetAddress[] {
  return Array.from({ length: count }, (_, i) =>
    net(`${20 + (i % 60)}.${(i >> 6) % 250}.${(i >> 14) % 250}.${1 + (i % 250)}`, { port: 1000 + i }),
  );
}

describe('what is told', () => {
  test('routable addresses are taken, the rest is dropped', () => {
    const { manager, now } = setup();
    manager.add([net('8.8.4.4'), net('10.0.0.1'), net('127.0.0.1'), net('::'), net('2001:db8::1')], SOURCE);
    expect(manager.all().map(({ ip }) => ipToString(ip))).toEqual(['8.8.4.4']);
    expect(manager.all()[0]?.timestamp).toBe(now());
    expect(manager.needMore).toBe(true);
  });

  test('a later time of sight and further services are taken over, older news is not', () => {
    const { manager } = setup();
    const told = (timestamp: number, services: bigint) => {
      manager.add([net('8.8.4.4', { timestamp, services })], SOURCE);
      const [{ timestamp: time, services: bits } = net('::')] = manager.all();
      return [time, bits];
    };
    expect(told(1000, 1n)).toEqual([1000, 1n]);
    expect(told(900, 1n)).toEqual([1000, 1n]);
    expect(told(2000, 0n)).toEqual([2000, 1n]);
    expect(told(1500, 8n)).toEqual([2000, 9n]);
    expect(manager.count).toBe(1);
  });

  test('nobody can make all that is known look old, to have it displaced', () => {
    const { manager, now } = setup();
    const known = many(200).map((address) => ({ ...address, timestamp: now() - 3600 }));
    manager.add(known, SOURCE);
    const { count } = manager;
    for (let bit = 0n; bit < 64n; bit++) {
      manager.add(
        known.map((address) => ({ ...address, timestamp: 0, services: 1n << bit })),
        net('9.9.9.9'),
      );
    }
    expect(manager.all().map(({ timestamp }) => timestamp)).toEqual(Array.from({ length: count }, () => now() - 3600));
  });

  test('no port, no address; nor is one of our own, known before or after', () => {
    const { manager } = setup();
    manager.add([net('8.8.4.4', { port: 0 }), net('8.8.8.8'), net('9.9.9.9')], SOURCE);
    manager.good(net('9.9.9.9'));
    manager.addLocal(net('8.8.8.8'), LocalPriority.upnp);
    manager.addLocal(net('9.9.9.9'), LocalPriority.bound);
    expect([manager.count, manager.triedCount, manager.select()]).toEqual([0, 0, undefined]);
    manager.add([net('8.8.8.8'), net('8.8.8.8', { port: 5 })], SOURCE);
    expect(manager.all().map(({ port }) => port)).toEqual([5]);
    manager.removeLocal(net('8.8.8.8'));
    manager.add([net('8.8.8.8')], SOURCE);
    expect(manager.count).toBe(2);
  });

  test('addresses that were handed out do not change afterwards, nor do they hold on to messages', () => {
    const { manager } = setup();
    const message = new Uint8Array(1000);
    const address = net('8.8.4.4', { timestamp: 5 });
    message.set(address.ip, 100);
    manager.add([{ ...address, ip: message.subarray(100, 116) }], SOURCE);
    message.fill(0);
    const [before] = manager.all();
    expect(ipToString(before!.ip)).toBe('8.8.4.4');
    expect(before!.ip.buffer.byteLength).toBe(16);
    manager.add([net('8.8.4.4', { timestamp: 50 })], SOURCE);
    expect(before!.timestamp).toBe(5);
  });

  test('a flood from one source reaches only its share of the buckets', () => {
    const { manager } = setup();
    manager.add(many(30_000), SOURCE);
    expect(manager.count).toBeLessThanOrEqual(64 * 64);
    expect(manager.count).toBeGreaterThan(3_000);
    expect(manager.needMore).toBe(false);
  });

  test('a flood displaces nothing that worked, and of the rest little more than its share of the buckets', () => {
    const { manager, now } = setup();
    const honest = many(4_000).map((address) => ({ ...address, timestamp: now() - 86_400 }));
    for (const [i, address] of honest.entries()) manager.add([address], net(`${30 + (i % 80)}.${i % 250}.1.1`));
    const before = manager.all();
    for (const address of honest.slice(0, 200)) manager.good(address);
    const tried = manager.triedCount;
    const flood = Array.from({ length: 20_000 }, (_, i) =>
      net(`${100 + (i % 90)}.${(i >> 7) & 255}.${i % 251}.${i % 253}`, { port: 1 + (i % 65_000), timestamp: now() }),
    );
    manager.add(flood, net('66.66.66.66'));
    manager.add(flood, net('66.66.1.2'));
    expect(manager.triedCount).toBe(tried);
    const left = new Set(manager.all().map(({ port, ip }) => `${ipToString(ip)} ${port}`));
    const lost = before.filter(({ port, ip }) => !left.has(`${ipToString(ip)} ${port}`));
    // One source reaches a sixteenth of the buckets.
    expect(lost.length).toBeLessThan(before.length / 10);
  });

  test('a full bucket loses bad entries first, otherwise the one not seen for longest', () => {
    const { manager, now } = setup();
    const crowd = Array.from({ length: 2_000 }, (_, i) => net(`99.1.${i >> 8}.${i & 255}`, { timestamp: now() - i }));
    manager.add(crowd, SOURCE);
    // One group from one source shares a bucket.
    expect(manager.count).toBe(64);
    const left = manager.all().map(({ timestamp }) => now() - timestamp!);
    expect(Math.max(...left.filter((age) => age < 1_999))).toBeLessThan(64);
  });
});

describe('what worked', () => {
  test('attempts count until a success', async () => {
    const { manager, world, now } = setup();
    const address = net('8.8.4.4');
    manager.attempt(address);
    manager.add([address], SOURCE);
    manager.attempt(address);
    await world.advance(MINUTE);
    manager.attempt(address);
    expect(manager.select()).toMatchObject({ attempts: 2, lastAttempt: now(), tried: false });
    manager.good(address);
    expect(manager.select()).toMatchObject({ attempts: 0, lastSuccess: now(), tried: true });
    expect([manager.count, manager.triedCount]).toEqual([1, 1]);
    manager.add([address], SOURCE);
    manager.good(address);
    expect([manager.count, manager.triedCount]).toEqual([1, 1]);
  });

  test('a working connection renews the time of sight, not more often than every 20 minutes', async () => {
    const { manager, world, now } = setup();
    const address = net('8.8.4.4');
    manager.add([address], SOURCE);
    const start = now();
    await world.advance(20 * MINUTE);
    manager.connected(address);
    expect(manager.all()[0]?.timestamp).toBe(start);
    await world.advance(1_000);
    manager.connected(address);
    expect(manager.all()[0]?.timestamp).toBe(now());
    manager.connected(net('8.8.8.8'));
    manager.good(net('8.8.8.8'));
    expect(manager.count).toBe(1);
  });

  test('services come from the node itself when it has stated them', () => {
    const { manager } = setup();
    manager.add([net('8.8.4.4', { services: 1n })], SOURCE);
    manager.setServices(net('8.8.4.4'), 0x4dn);
    manager.setServices(net('9.9.9.9'), 0x4dn);
    expect(manager.all().map(({ services }) => services)).toEqual([0x4dn]);
  });

  test('a full tried bucket gives its oldest entry back to the new ones', () => {
    const { manager, now } = setup();
    // One group reaches 8 of the 64 tried buckets: 2048 places.
    const addresses = Array.from({ length: 4_000 }, (_, i) =>
      net(`99.1.${i >> 8}.${i & 255}`, { timestamp: now() - 10_000 + i, port: 1 + i }),
    );
    for (const address of addresses) {
      manager.add([address], net(`${1 + (address.port % 200)}.7.7.7`));
      manager.good(address);
    }
    expect(manager.triedCount).toBe(8 * 256);
    expect(manager.count).toBeGreaterThan(manager.triedCount);
  });
});

describe('selection', () => {
  test('nothing is proposed if nothing is known', () => {
    expect(setup().manager.select()).toBeUndefined();
  });

  test('tried and new addresses have equal shares, however many there are', () => {
    const { manager } = setup();
    const [good, ...rest] = many(500);
    manager.add([good!, ...rest], SOURCE);
    manager.good(good!);
    let tried = 0;
    for (let i = 0; i < 1_000; i++) if (manager.select()?.tried) tried++;
    // The recent attempt makes the tried one less likely, but it is alone in its half.
    expect(tried).toBeGreaterThan(420);
    expect(tried).toBeLessThan(580);
  });

  test('recently or often tried ones are proposed less', () => {
    const { manager } = setup();
    // Two groups, so that each address has a bucket of its own.
    const fresh = net('8.8.4.4');
    const stale = net('9.9.9.9');
    manager.add([fresh, stale], SOURCE);
    for (let i = 0; i < 3; i++) manager.attempt(stale);
    let count = 0;
    for (let i = 0; i < 1_000; i++) if (manager.select()?.key === '9.9.9.9:18555') count++;
    expect(count).toBeLessThan(40);
  });

  test('clocks that jump back and forth do no harm', async () => {
    const world = new VirtualWorld();
    const node = world.node('n');
    const manager = new AddressManager({}, { world: node, logger: silentLogger, file: new MemoryFile() });
    await manager.start();
    const addresses = many(300);
    for (const [i, years] of [0, 10, -56.9, 0, -10, 30, 0].entries()) {
      node.clockOffset = years * 365 * DAY;
      const some = addresses.slice(0, 100 + i * 30);
      manager.add(some, SOURCE);
      for (const address of some.slice(0, 20)) manager.attempt(address);
      for (const address of some.slice(0, 10)) {
        manager.good(address);
        manager.connected(address);
      }
      const { count } = manager;
      expect(count).toBeGreaterThanOrEqual(some.length * 0.9);
      const selected = new Set(Array.from({ length: 2_000 }, () => manager.select()!.key));
      expect(selected.size).toBeGreaterThan(40);
      await world.advance(11 * MINUTE);
    }
    expect(manager.triedCount).toBe(10);
    await world.waitFor(manager.stop(), 1);
    expect(world.pendingTimers).toBe(0);
  });

  test('hopeless addresses do not make it spin', () => {
    const { manager } = setup();
    manager.add([net('8.8.4.4')], SOURCE);
    for (let i = 0; i < 5_000; i++) manager.attempt(net('8.8.4.4'));
    expect(manager.select()?.attempts).toBe(5_000);
  });
});

describe('answers', () => {
  test('23 % of the addresses, at most 2500, each once', () => {
    const { manager } = setup();
    manager.add(many(4), SOURCE);
    expect(manager.share()).toEqual([]);
    for (let i = 0; i < 40; i++) manager.add(many(1_000 + i * 500).slice(i * 500), net(`${30 + i}.9.9.9`));
    const { count } = manager;
    const share = manager.share();
    expect(share).toHaveLength(Math.min(2_500, Math.floor(count * 0.23)));
    expect(new Set(share).size).toBe(share.length);
    expect(manager.all()).toHaveLength(count);
  });
});

describe('the file', () => {
  test('keeps everything over a restart', async () => {
    const file = new MemoryFile();
    const first = setup({ file });
    await first.manager.start();
    first.manager.add(many(300), SOURCE);
    first.manager.good(many(300)[7]!);
    first.manager.attempt(many(300)[8]!);
    first.manager.setServices(many(300)[9]!, 0x4dn);
    await first.manager.stop();
    expect(first.world.pendingTimers).toBe(0);
    expect(file.content?.endsWith('}\n')).toBe(true);
    expect(file.content?.indexOf('\n')).toBe(file.content!.length - 1);

    const second = setup({ file });
    await second.manager.start();
    expect([second.manager.count, second.manager.triedCount]).toEqual([300, 1]);
    const sorted = (list: NetAddress[]) =>
      list.map(({ port, services, timestamp }) => `${port} ${services} ${timestamp}`).sort();
    expect(sorted(second.manager.all())).toEqual(sorted(first.manager.all()));
    await second.manager.stop();
  });

  test('is written every ten minutes and at the end', async () => {
    const file = new MemoryFile();
    const { world, manager } = setup({ file });
    await manager.start();
    await manager.start();
    await world.advance(35 * MINUTE);
    expect(file.saves).toBe(3);
    const stopping = manager.stop();
    expect(manager.stop()).toBe(stopping);
    await stopping;
    expect(file.saves).toBe(4);
    await world.advance(DAY);
    expect(file.saves).toBe(4);
  });

  test('a damaged one is set aside, once, with everything empty', async () => {
    const good = new MemoryFile();
    const source = setup({ file: good });
    await source.manager.start();
    source.manager.add(many(20), SOURCE);
    source.manager.good(many(20)[0]!);
    await source.manager.stop();
    const parsed = () => JSON.parse(good.content!) as Damageable;
    const [inNew] = parsed().NewBuckets.flat();
    const [inTried] = parsed().TriedBuckets.flat();
    const spoil = (change: (file: Damageable) => unknown) => {
      const file = parsed();
      change(file);
      return JSON.stringify(file);
    };
    const damaged = [
      '',
      'null',
      '[]',
      '{"Version":1',
      good.content!.slice(0, 500),
      spoil((f) => (f.Version = 2)),
      spoil((f) => f.Key.pop()),
      spoil((f) => (f.Key[3] = 256)),
      spoil((f) => f.NewBuckets.pop()),
      spoil((f) => Object.assign(f.NewBuckets, { 0: null })),
      spoil((f) => f.NewBuckets[0]!.push('8.8.8.8:1')),
      spoil((f) => f.NewBuckets[0]!.push(7)),
      spoil((f) => f.NewBuckets[1]!.push(inTried)),
      spoil((f) => f.TriedBuckets[1]!.push(inNew)),
      spoil((f) => f.TriedBuckets.slice(0, 2).map((bucket) => bucket.push(inTried))),
      spoil((f) => f.TriedBuckets.map((bucket) => bucket.splice(0))),
      spoil((f) => (f.Addresses[0]!.Addr = 'node.example:1')),
      spoil((f) => (f.Addresses[0]!.Addr = '8.8.8.8:70000')),
      spoil((f) => (f.Addresses[0]!.Src = 5)),
      spoil((f) => (f.Addresses[0]!.TimeStamp = 'now')),
      spoil((f) => (f.Addresses[0]!.Attempts = -1)),
      spoil((f) => f.Addresses.push(f.Addresses[0]!)),
      spoil((f) => Object.assign(f, { Addresses: {} })),
    ];
    for (const content of damaged) {
      const file = new MemoryFile(content);
      const { manager } = setup({ file });
      await manager.start();
      expect([manager.count, manager.triedCount], content.slice(0, 80)).toEqual([0, 0]);
      expect(manager.select()).toBeUndefined();
      expect(file.aside).toEqual([content]);
      manager.add(many(3), SOURCE);
      await manager.stop();
      const again = setup({ file });
      await again.manager.start();
      expect(again.manager.count).toBe(3);
      expect(file.aside).toHaveLength(1);
    }
  });

  test('one that is still being read when the node stops is left as it is', async () => {
    const file = new MemoryFile();
    const first = setup({ file });
    await first.manager.start();
    first.manager.add(many(20), SOURCE);
    await first.manager.stop();
    const content = file.content!;
    let read: (text: string) => void = () => undefined;
    const slow: PeersFile = {
      load: () =>
        new Promise((resolve) => {
          read = resolve;
        }),
      save: (text) => file.save(text),
      setAside: () => file.setAside(),
    };
    const { world, manager } = setup({ file: slow });
    const starting = manager.start();
    expect(manager.start()).toBe(starting);
    const stopping = manager.stop();
    await world.advance(MINUTE);
    expect(file.content).toBe(content);
    read(content);
    await stopping;
    const keys = (text: string) => (JSON.parse(text) as Damageable).Addresses.map(({ Addr }) => Addr).sort();
    expect(keys(file.content!)).toEqual(keys(content));
    expect(world.pendingTimers).toBe(0);
    const never = setup({ file: slow });
    await never.manager.stop();
    await never.manager.start();
    expect([never.world.pendingTimers, file.saves]).toEqual([0, 2]);
  });

  test('own addresses that were known before are not taken from it', async () => {
    const file = new MemoryFile();
    const first = setup({ file });
    await first.manager.start();
    first.manager.add([net('8.8.8.8'), net('8.8.4.4')], SOURCE);
    await first.manager.stop();
    const { manager } = setup({ file });
    manager.addLocal(net('8.8.8.8'), LocalPriority.manual);
    await manager.start();
    expect(manager.all().map(({ ip }) => ipToString(ip))).toEqual(['8.8.4.4']);
  });

  test('failures of the disk are no reason to stop', async () => {
    const file = new MemoryFile('{}');
    file.failure = new Error('input/output error');
    const { world, manager } = setup({ file });
    await manager.start();
    manager.add(many(3), SOURCE);
    await world.advance(11 * MINUTE);
    expect(manager.count).toBe(3);
    file.failure = undefined;
    await manager.stop();
    expect(file.saves).toBe(1);
  });
});

describe('own addresses', () => {
  test('must be routable', () => {
    const { manager } = setup();
    expect(() => manager.addLocal(net('192.168.1.1'), LocalPriority.bound)).toThrow(UnroutableAddressError);
    expect(() => manager.addLocal(net('192.168.1.1'), LocalPriority.bound)).toThrow(
      'address 192.168.1.1 is not routable',
    );
  });

  test('are few', () => {
    const { manager } = setup();
    for (let i = 0; i < 300; i++) manager.addLocal(net('204.124.1.1', { port: 1 + i }), LocalPriority.bound);
    expect(manager.localAddresses()).toHaveLength(256);
    manager.removeLocal(net('204.124.1.1', { port: 1 }));
    manager.addLocal(net('204.124.1.1', { port: 999 }), LocalPriority.bound);
    expect(manager.localAddresses().at(-1)?.address.port).toBe(999);
  });

  test('the best reachable is told, among equals the most trusted', () => {
    const { manager } = setup();
    const best = (remote: string) => {
      const { ip, port, services } = manager.bestLocal(net(remote));
      return `${ipToString(ip)} ${port} ${services}`;
    };
    expect(best('8.8.8.8')).toBe('0.0.0.0 0 13');
    expect(best('2a00:1450::1')).toBe(':: 0 13');
    manager.addLocal(net('204.124.1.1'), LocalPriority.interface);
    manager.addLocal(net('204.124.8.1'), LocalPriority.bound);
    manager.addLocal(net('2620:100::1'), LocalPriority.interface);
    expect(best('8.8.8.8')).toBe('204.124.8.1 18555 1');
    expect(best('2a00:1450::1')).toBe('2620:100::1 18555 1');
    manager.addLocal(net('204.124.1.1'), LocalPriority.manual);
    manager.addLocal(net('204.124.1.1'), LocalPriority.bound);
    expect(best('8.8.8.8')).toBe('204.124.1.1 18555 1');
    expect(manager.localAddresses().map(({ score }) => score)).toEqual([5, 1, 0]);
    // Unreachable, but trusted: told all the same.
    expect(best('10.0.0.1')).toBe('204.124.1.1 18555 1');
  });
});
