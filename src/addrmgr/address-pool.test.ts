import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { ipFromString } from '../wire/index.ts';
import { addressKey, parseAddressKey } from './address-key.ts';
import { AddressPool, NEW_BUCKET_SIZE, TRIED_BUCKET_SIZE } from './address-pool.ts';
import type { KnownAddress } from './known-address.ts';
import { PeersFileError, readPeersFile, writePeersFile } from './peers-file.ts';
import { newBucket, triedBucket } from './placement.ts';

const NOW = 1_800_000_000;

/** Every record stands where its fields say, and nowhere else. Returns what is wrong. */
function problems(pool: AddressPool): string[] {
  const found: string[] = [];
  const check = (fine: boolean, problem: string) => {
    if (!fine) found.push(problem);
  };
  const refs = new Map<KnownAddress, number>();
  for (const bucket of pool.newBuckets) {
    check(bucket.length <= NEW_BUCKET_SIZE && new Set(bucket).size === bucket.length, 'new bucket');
    for (const record of bucket) refs.set(record, (refs.get(record) ?? 0) + 1);
  }
  let tried = 0;
  for (const bucket of pool.triedBuckets) {
    check(bucket.length <= TRIED_BUCKET_SIZE, 'tried bucket');
    for (const record of bucket) check(record.tried && record.refs === 0 && !refs.has(record), `tried ${record.key}`);
    tried += bucket.length;
  }
  check(pool.triedCount === tried && pool.size === refs.size + tried, 'counters');
  for (const record of pool.all()) {
    const placed = refs.get(record) ?? 0;
    check(record.refs === placed && placed <= 8 && placed > 0 !== record.tried, `references of ${record.key}`);
    check(pool.find(record.address) === record, `key of ${record.key}`);
  }
  return found;
}

test('whatever happens, records and buckets agree, and the file keeps both', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed);
      let pool = new AddressPool(random.bytes(32), random);
      // Few groups and sources, so that buckets fill up.
      const ip = (last: number) =>
        Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 99, random.below(2), random.below(last), 7]);
      for (let i = 0; i < 1_500; i++) {
        // Clocks jump.
        const now = random.chance(0.01) ? random.below(2 ** 32) : NOW;
        const address = { ip: ip(250), port: random.below(5), services: 1n, timestamp: now - random.below(4e6) };
        pool.add(address, { ...address, ip: ip(3) }, now);
        const record = pool.select(now);
        if (record && random.chance(0.2)) pool.good(record, now - random.below(1e6));
        else if (record && random.chance(0.02)) pool.remove(record);
        else if (record) {
          record.attempts++;
          record.lastAttempt = now - random.below(1e6);
        }
      }
      expect(problems(pool)).toEqual([]);
      const { size } = pool;
      pool = readPeersFile(writePeersFile(pool), random, 1n);
      expect([problems(pool), pool.size]).toEqual([[], size]);
    }),
    { numRuns: 10 },
  );
});

/** Something else in one place of a JSON value. */
function damage(value: unknown, path: readonly number[], by: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return by;
  const entries = Object.entries(value);
  const at = entries.length === 0 ? 0 : step % entries.length;
  const changed = entries.map(([key, member], i) => [key, i === at ? damage(member, rest, by) : member] as const);
  return Array.isArray(value) ? changed.map(([, member]) => member) : Object.fromEntries(changed);
}

test('a file damaged anywhere is refused with a reason, or read in good order', () => {
  const whole: unknown = JSON.parse(
    foreignFile({ 1: ['20.1.1.1:1', '20.1.1.2:1'], 2: ['20.1.1.1:1'] }, ['21.1.1.1:1', '[2a00:1450::1]:1']),
  );
  const random = new SeededRandom(1);
  let read = 0;
  fc.assert(
    fc.property(fc.array(fc.nat(1100), { maxLength: 4 }), fc.jsonValue(), (path, by) => {
      try {
        const pool = readPeersFile(JSON.stringify(damage(whole, path, by)), random, 1n);
        expect(problems(pool)).toEqual([]);
        pool.select(NOW);
        read++;
      } catch (error) {
        expect(error).toBeInstanceOf(PeersFileError);
      }
    }),
    { numRuns: 200 },
  );
  expect(read).toBeGreaterThan(0);
});

/** A file as it may come from elsewhere: which addresses are in which new buckets, and which in one of the tried ones. */
function foreignFile(
  newBuckets: Record<number, readonly string[]>,
  tried: readonly string[] = [],
  triedAt = 0,
): string {
  const keys = [...new Set([...Object.values(newBuckets).flat(), ...tried])];
  return JSON.stringify({
    Version: 1,
    Key: Array.from({ length: 32 }, (_, i) => i),
    Addresses: keys.map((Addr, i) => {
      return { Addr, Src: '8.8.8.8:1', Attempts: 0, TimeStamp: NOW - i, LastAttempt: NOW, LastSuccess: NOW };
    }),
    NewBuckets: Array.from({ length: 1024 }, (_, i) => newBuckets[i] ?? []),
    TriedBuckets: Array.from({ length: 64 }, (_, i) => (i === triedAt ? tried : [])),
  });
}

const keysOf = (pool: AddressPool) => Array.from(pool.all(), ({ key }) => key);

test('a file with more than the buckets hold is cut down to those seen last', () => {
  const random = new SeededRandom(1);
  const many = (count: number, network: string) =>
    Array.from({ length: count }, (_, i) => `${network}.${i >> 8}.${i & 255}:5070`);
  // The reference node fills its buckets with one more than it says.
  const pool = readPeersFile(foreignFile({ 7: many(65, '20.1') }), random, 1n);
  expect(problems(pool)).toEqual([]);
  expect(keysOf(pool)).toEqual(many(64, '20.1'));
  const huge = readPeersFile(foreignFile({ 1: many(9000, '20.1') }, many(9000, '21.1')), random, 1n);
  expect(problems(huge)).toEqual([]);
  expect([huge.size, huge.triedCount]).toEqual([64 + 256, 256]);
  const everywhere = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [i, ['20.1.1.1:5070']]));
  const spread = readPeersFile(foreignFile(everywhere), random, 1n);
  expect(problems(spread)).toEqual([]);
  for (const { address, source } of spread.all()) spread.add(address, source, NOW);
  expect(spread.size).toBe(1);
});

test('an address that many tell is in more buckets, each further one less likely', () => {
  const random = new SeededRandom(1);
  const told = (times: number) => {
    let places = 0;
    for (let i = 0; i < 100; i++) {
      const pool = new AddressPool(random.bytes(32), random);
      const address = { ip: ipFromString('20.1.1.1')!, port: 5070, services: 1n, timestamp: NOW };
      for (let n = 0; n < times; n++) pool.add(address, { ...address, ip: ipFromString(`${30 + n}.${n}.1.1`)! }, NOW);
      expect(problems(pool)).toEqual([]);
      places += pool.newBuckets.flat().length;
    }
    return places / 100;
  };
  // One in 2n: after 12 tellings about 12 = 2 + 4 + 6 have made it to four places.
  expect(told(1)).toBe(1);
  expect(told(13)).toBeGreaterThan(2.5);
  expect(told(13)).toBeLessThan(4.5);
  expect(told(150)).toBeGreaterThan(6);
});

test('a full new bucket gives up all that is bad and nothing else, or else what was not seen for longest', () => {
  const random = new SeededRandom(1);
  const source = { ip: ipFromString('30.1.1.1')!, port: 1, services: 1n };
  const address = (i: number, timestamp: number) => ({
    ip: ipFromString(`20.1.1.${i}`)!,
    port: 5070,
    services: 1n,
    timestamp,
  });
  const pool = new AddressPool(random.bytes(32), random);
  // One group from one source: one bucket.
  for (let i = 0; i < 64; i++) pool.add(address(i, NOW - (i % 8 === 0 ? 31 * 86_400 : i)), source, NOW);
  expect(pool.size).toBe(64);
  pool.add(address(100, NOW), source, NOW);
  expect(pool.size).toBe(64 - 8 + 1);
  for (let i = 101; i < 108; i++) pool.add(address(i, NOW), source, NOW);
  expect(pool.find(address(63, 0))).toBeDefined();
  pool.add(address(108, NOW), source, NOW);
  expect([pool.size, pool.find(address(63, 0)), pool.find(address(62, 0))?.key]).toEqual([
    64,
    undefined,
    '20.1.1.62:5070',
  ]);
});

test('a full tried bucket gives up what was not seen for longest, to its own new bucket or the place that became free', () => {
  const random = new SeededRandom(1);
  const key = Uint8Array.from({ length: 32 }, (_, i) => i);
  const fresh = { ip: ipFromString('20.1.1.1')!, port: 5070 };
  const tried = Array.from({ length: 256 }, (_, i) => `21.1.1.${i}:5070`);
  const home = newBucket(key, parseAddressKey('21.1.1.255:5070')!, parseAddressKey('8.8.8.8:1')!);
  for (const [crowd, expected] of [
    [0, home],
    [63, home],
    [64, (home + 1) % 1024],
  ] as const) {
    const others = Array.from({ length: crowd }, (_, i) => `22.1.1.${i}:5070`);
    const file = foreignFile(
      { [home]: others, [(home + 1) % 1024]: [addressKey(fresh)] },
      tried,
      triedBucket(key, fresh),
    );
    const pool = readPeersFile(file, random, 1n);
    pool.good(pool.find(fresh)!, NOW);
    expect(problems(pool)).toEqual([]);
    expect([pool.triedCount, pool.size]).toEqual([256, 257 + crowd]);
    expect(pool.find(fresh)?.tried).toBe(true);
    expect(pool.newBuckets[expected]?.map((record) => record.key)).toContain('21.1.1.255:5070');
  }
});

test('what nobody could connect to is left out of a file, the rest is taken', () => {
  const bad = ['10.0.0.1:5070', '127.0.0.1:5070', '20.1.1.1:0', '[fe80::1]:5070', '0.0.0.0:1'];
  const random = new SeededRandom(1);
  const inNew = readPeersFile(foreignFile({ 3: [...bad, '20.1.1.2:5070'] }), random, 1n);
  expect([keysOf(inNew), problems(inNew)]).toEqual([['20.1.1.2:5070'], []]);
  const inTried = readPeersFile(foreignFile({}, [...bad, 'aasqaaaaaaaaaaab.onion:5070']), random, 1n);
  expect([keysOf(inTried), problems(inTried), inTried.triedCount]).toEqual([['aasqaaaaaaaaaaab.onion:5070'], [], 1]);
});

test('removed from wherever it stands', () => {
  const random = new SeededRandom(1);
  const pool = readPeersFile(foreignFile({ 1: ['20.1.1.1:1'], 2: ['20.1.1.1:1'] }, ['21.1.1.1:1']), random, 1n);
  for (const record of [...pool.all()]) {
    pool.remove(record);
    pool.remove(record);
    expect(problems(pool)).toEqual([]);
  }
  expect([pool.size, pool.select(NOW)]).toEqual([0, undefined]);
});

test('nothing in it, nothing selected', () => {
  const random = new SeededRandom(1);
  expect(new AddressPool(random.bytes(32), random).select(NOW)).toBeUndefined();
});
