import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { AddressPool, NEW_BUCKET_SIZE, TRIED_BUCKET_SIZE } from './address-pool.ts';
import type { KnownAddress } from './known-address.ts';
import { readPeersFile, writePeersFile } from './peers-file.ts';

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
        const address = { ip: ip(250), port: 1 + random.below(4), services: 1n, timestamp: NOW - random.below(4e6) };
        pool.add(address, { ...address, ip: ip(3) }, NOW);
        const record = pool.select(NOW);
        if (record && random.chance(0.2)) pool.good(record, NOW - random.below(1e6));
        else if (record) {
          record.attempts++;
          record.lastAttempt = NOW - random.below(1e6);
        }
      }
      expect(problems(pool)).toEqual([]);
      pool = readPeersFile(writePeersFile(pool), random, 1n);
      expect(problems(pool)).toEqual([]);
    }),
    { numRuns: 10 },
  );
});

test('nothing in it, nothing selected', () => {
  const random = new SeededRandom(1);
  expect(new AddressPool(random.bytes(32), random).select(NOW)).toBeUndefined();
});
