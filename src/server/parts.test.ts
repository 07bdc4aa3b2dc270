import { describe, expect, test } from 'vitest';
import type { AddressCandidate } from '../addrmgr/index.ts';
import { MemoryFile } from '../addrmgr/testing.ts';
import { silentLogger } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { ipFromString, ipToString, type NetAddress } from '../wire/index.ts';
import { Anchors } from './anchors.ts';
import { BanList } from './ban-list.ts';
import { KnownAddresses } from './known-addresses.ts';
import { chooseOutbound } from './outbound-choice.ts';
import { RateLimit } from './rate-limit.ts';
import { parseSubnet } from './subnet.ts';

const ip = (text: string) => ipFromString(text)!;

describe('parseSubnet', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.128.0.0/9', '10.127.0.1', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::/0', '1.2.3.4', true],
  ])('%s contains %s: %s', (subnet, address, contains) => {
    expect(parseSubnet(subnet)!.contains(ip(address))).toBe(contains);
  });

  test.each(['', 'x', '1.2.3.4/33', '::/129', '1.2.3.4/', '1.2.3.4/8/8', '1.2.3'])('%j is none', (text) => {
    expect(parseSubnet(text)).toBeUndefined();
  });
});

test('BanList is bounded: the ban that ends first is dropped', () => {
  const bans = new BanList(new VirtualWorld().clock, silentLogger);
  for (let i = 0; i < 10_050; i++) bans.ban(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1000 + i);
  expect(bans.list()).toHaveLength(10_000);
  expect(bans.isBanned('10.0.0.0')).toBe(false);
  expect(bans.isBanned('10.0.39.16')).toBe(true);
});

test('BanList: networks are bounded as well, and end like the others', async () => {
  const world = new VirtualWorld();
  const bans = new BanList(world.clock, silentLogger);
  for (let i = 0; i < 1050; i++) bans.ban(`10.${i >> 8}.${i & 255}.0/24`, 1000 + i);
  expect(bans.list()).toHaveLength(1000);
  expect([bans.isBanned('10.0.0.5'), bans.isBanned('10.0.50.5'), bans.isBanned('10.4.25.5')]).toEqual([
    false,
    true,
    true,
  ]);
  expect([bans.has('10.4.25.0/24'), bans.has('10.4.25.5'), bans.isBanned('name.onion')]).toEqual([true, false, false]);
  await world.advance(2048.5);
  expect(bans.list().map(({ host }) => host)).toEqual(['10.4.25.0/24']);
  bans.clear();
  expect(bans.isBanned('10.4.25.5')).toBe(false);
});

test('BanList: a flood of bans is no flood of writes, and the last state is written', async () => {
  const texts: string[] = [];
  const file = {
    load: () => Promise.resolve(undefined),
    save: async (text: string) => {
      await Promise.resolve();
      texts.push(text);
    },
  };
  const bans = new BanList(new VirtualWorld().clock, silentLogger, file);
  for (let i = 0; i < 200; i++) bans.ban(`10.0.0.${i}`, 1000);
  await Promise.resolve();
  bans.lift('10.0.0.7');
  bans.clear();
  bans.ban('10.9.9.9', 1000);
  await bans.flush();
  expect(texts.length).toBeLessThanOrEqual(2);
  expect(JSON.parse(texts.at(-1) ?? '').bans).toMatchObject([{ host: '10.9.9.9' }]);
});

test.each([
  ['10.1.2.3/8', '10.0.0.0/8', false],
  ['192.0.2.129/25', '192.0.2.128/25', false],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1/32', '192.0.2.1', true],
  ['2001:DB8:FFFF::/33', '2001:db8:8000::/33', false],
  ['2001:db8::1/128', '2001:db8::1', true],
  ['0.0.0.0/0', '0.0.0.0/0', false],
])('%s is written %s', (text, canonical, single) => {
  expect(parseSubnet(text)).toMatchObject({ text: canonical, single });
});

test('KnownAddresses forgets the oldest', () => {
  const known = new KnownAddresses();
  const address = (n: number) => ({ services: 1n, ip: ip(`20.0.${n >> 8}.${n & 255}`), port: 1 });
  for (let i = 0; i < 6000; i++) known.add(address(i));
  known.add(address(5999));
  expect(known.size).toBe(5000);
  expect(known.has(address(999))).toBe(false);
  expect(known.has(address(1000))).toBe(true);
});

test('RateLimit allows a burst and then a rate', async () => {
  const world = new VirtualWorld();
  const limit = new RateLimit(world.clock, 3, 0.5);
  const allowed = () => [1, 2, 3, 4].filter(() => limit.allow()).length;
  expect(allowed()).toBe(3);
  await world.advance(4000);
  expect(allowed()).toBe(2);
  await world.advance(60_000);
  expect(allowed()).toBe(3);
});

describe('chooseOutbound', () => {
  const candidate = (text: string, changes: { port?: number; lastAttempt?: number } = {}): AddressCandidate => ({
    key: text,
    address: { services: 1n, ip: ip(text), port: changes.port ?? 5070, timestamp: 0 },
    attempts: 0,
    lastAttempt: changes.lastAttempt ?? 0,
    lastSuccess: 0,
    tried: false,
  });
  const choose = (candidates: AddressCandidate[], groups: string[] = [], isAllowed = (_: NetAddress) => true) => {
    let asked = 0;
    const chosen = chooseOutbound({
      select: () => candidates[asked++ % candidates.length],
      hasGroup: (group) => groups.includes(group),
      isAllowed,
      defaultPort: 5070,
      now: 1_000_000,
    });
    return { key: chosen?.key, asked };
  };

  test('another network group than those there are', () => {
    expect(choose([candidate('8.8.8.8'), candidate('9.9.9.9')], ['8.8.0.0'])).toEqual({ key: '9.9.9.9', asked: 2 });
    expect(choose([candidate('8.8.8.8')], ['8.8.0.0'])).toEqual({ key: undefined, asked: 100 });
  });

  test('recently attempted only after 30 tries, another port after 50', () => {
    expect(choose([candidate('8.8.8.8', { lastAttempt: 999_900 })]).asked).toBe(31);
    expect(choose([candidate('8.8.8.8', { port: 1 })]).asked).toBe(51);
  });

  test('never what is banned or out of reach', () => {
    const allowed = (address: NetAddress) => ipToString(address.ip) !== '8.8.8.8';
    expect(choose([candidate('8.8.8.8'), candidate('9.9.9.9')], [], allowed)).toEqual({ key: '9.9.9.9', asked: 2 });
    expect(choose([candidate('8.8.8.8')], [], allowed)).toEqual({ key: undefined, asked: 100 });
  });

  test('nothing known', () => {
    expect(choose([])).toEqual({ key: undefined, asked: 1 });
  });
});

test('Anchors gives each address once and keeps at most eight', async () => {
  const file = new MemoryFile(Array.from({ length: 12 }, (_, i) => `10.0.0.${i}:1\n`).join(''));
  const anchors = new Anchors(silentLogger, file);
  await anchors.load();
  const taken = Array.from({ length: 10 }, () => anchors.take());
  expect(taken.filter((address) => address !== undefined)).toHaveLength(8);
  await anchors.save(['1.2.3.4:5']);
  expect(file.content).toBe('1.2.3.4:5\n');
  file.failure = new Error('no');
  const broken = new Anchors(silentLogger, file);
  await broken.load();
  expect(broken.take()).toBeUndefined();
});
