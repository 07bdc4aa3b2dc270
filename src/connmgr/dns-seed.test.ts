import { expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { silentLogger } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { ipToString, type NetAddress } from '../wire/index.ts';
import { seedFromDns } from './dns-seed.ts';
import type { Resolver } from './types.ts';

const DAY = 86_400;

function setup(resolve: Resolver['resolve']) {
  const world = new VirtualWorld();
  const lists: (readonly NetAddress[])[] = [];
  const asked: string[] = [];
  const resolver: Resolver = {
    resolve: (host, signal) => {
      asked.push(host);
      return resolve(host, signal);
    },
  };
  const base = {
    world,
    logger: silentLogger,
    resolver,
    port: 5070,
    found: (list: readonly NetAddress[]) => lists.push(list),
  };
  return { world, lists, asked, base };
}

test('every IP becomes an address of last week; failures and empty answers do not matter', async () => {
  const { world, lists, asked, base } = setup(async (host) => {
    if (host === 'broken.example') throw new Error('no such name');
    return host === 'empty.example' ? [] : ['198.51.100.7', '2001:db8::7', 'nonsense'];
  });
  const seeds = ['good.example', 'broken.example', 'empty.example'].map((host) => ({ host, filtering: true }));
  await seedFromDns({ ...base, seeds });
  expect(asked).toEqual(['good.example', 'broken.example', 'empty.example']);
  expect(lists).toHaveLength(1);
  expect(lists[0]?.map(({ ip }) => ipToString(ip))).toEqual(['198.51.100.7', '2001:db8::7']);
  for (const { port, services, timestamp } of lists[0] ?? []) {
    expect([port, services]).toEqual([5070, 0n]);
    const age = Math.floor(world.now / 1000) - (timestamp ?? 0);
    expect(age).toBeGreaterThanOrEqual(3 * DAY);
    expect(age).toBeLessThan(7 * DAY);
  }
});

test('a seed that filters is asked by services, if they are more than the usual', async () => {
  const { asked, base } = setup(async () => []);
  const seeds = [
    { host: 'a.example', filtering: true },
    { host: 'b.example', filtering: false },
  ];
  await seedFromDns({ ...base, seeds, services: 0x4dn });
  await seedFromDns({ ...base, seeds, services: 1n });
  expect(asked).toEqual(['x4d.a.example', 'b.example', 'a.example', 'b.example']);
});

test('a plain IP stands for itself', async () => {
  const { asked, lists, base } = setup(async () => []);
  await seedFromDns({ ...base, seeds: [{ host: '134.209.59.43', filtering: true }], services: 9n });
  expect(asked).toEqual([]);
  expect(lists[0]?.map(({ ip, port }) => [ipToString(ip), port])).toEqual([['134.209.59.43', 5070]]);
});

test('a lookup is given up after 30 s, and all of them when told', async () => {
  const aborted: string[] = [];
  const hang: Resolver['resolve'] = (host, signal) => {
    signal.addEventListener('abort', () => aborted.push(host));
    return new Promise(() => undefined);
  };
  const { world, lists, base } = setup(hang);
  const seeds = [{ host: 'slow.example', filtering: false }];
  let done = false;
  void seedFromDns({ ...base, seeds }).then(() => {
    done = true;
  });
  await world.advance(29_000);
  expect(done).toBe(false);
  await world.advance(1_000);
  expect([done, aborted]).toEqual([true, ['slow.example']]);
  const controller = new AbortController();
  const seeding = seedFromDns({ ...base, seeds, signal: controller.signal });
  controller.abort();
  await seeding;
  await seedFromDns({ ...base, seeds: [{ host: '134.209.59.43', filtering: false }], signal: controller.signal });
  expect([lists, world.pendingTimers]).toEqual([[], 0]);
});

test('who is asked: nobody but the seeds of testnet; those that the reference node has for mainnet are Bitcoin nodes', () => {
  const seeds = (['mainnet', 'testnet1', 'regtest', 'simnet'] as const).map((name) => networkParams(name).dnsSeeds);
  expect(seeds.map((list) => list.map(({ host }) => host))).toEqual([[], ['134.209.59.43', '192.241.147.9'], [], []]);
});

test('one seed cannot flood', async () => {
  const many = Array.from({ length: 5_000 }, (_, i) => `198.51.${i >> 8}.${i & 255}`);
  const { lists, base } = setup(async () => many);
  await seedFromDns({ ...base, seeds: [{ host: 'a.example', filtering: false }] });
  expect(lists[0]).toHaveLength(256);
});
