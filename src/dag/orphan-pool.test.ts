import { describe, expect, test } from 'vitest';
import { sha256 } from '../util/hash.ts';
import { OrphanPool } from './orphan-pool.ts';
import { makeBlock } from './testing/fixture.ts';

const HOUR = 3_600_000;
const parent = (n: number) => sha256(Uint8Array.of(n));
const orphan = (salt: number, ...parents: number[]) => makeBlock({ parents: parents.map(parent), height: 9, salt });
const taken = (pool: OrphanPool) => {
  const list: number[] = [];
  for (let block = pool.takeReady(); block; block = pool.takeReady()) list.push(block.header.nonce);
  return list;
};

describe('orphan pool', () => {
  test('gives a block back when the last of its parents is known, in the order in which that comes about', () => {
    const pool = new OrphanPool();
    pool.add(orphan(1, 10, 11), [parent(10), parent(11)], 0);
    pool.add(orphan(2, 11), [parent(11)], 0);
    pool.add(orphan(3, 11, 11), [parent(11)], 0);
    pool.resolve(parent(10));
    expect(taken(pool)).toEqual([]);
    pool.resolve(parent(11));
    expect(taken(pool)).toEqual([1, 2, 3]);
    expect(pool.size).toBe(0);
    expect(pool.missingParents()).toEqual([]);
  });

  test('names the parents that nobody here will bring', () => {
    const pool = new OrphanPool();
    const first = orphan(1, 10);
    pool.add(first, [parent(10)], 0);
    pool.add(makeBlock({ parents: [first.hash, parent(12)], height: 10 }), [first.hash, parent(12)], 0);
    expect(pool.missingParents()).toEqual([parent(10), parent(12)]);
    expect(pool.has(first.hash)).toBe(true);
  });

  test('expires after an hour, noticed when the next block comes', () => {
    const pool = new OrphanPool();
    pool.add(orphan(1, 10), [parent(10)], 0);
    pool.add(orphan(2, 10), [parent(10)], HOUR);
    expect(pool.size).toBe(2);
    pool.add(orphan(3, 10), [parent(10)], HOUR + 1);
    pool.resolve(parent(10));
    expect(taken(pool)).toEqual([2, 3]);
  });

  test('holds 700 blocks; the oldest make room', () => {
    const pool = new OrphanPool();
    for (let i = 0; i < 705; i++) pool.add(orphan(i, 10), [parent(10)], i);
    expect(pool.size).toBe(700);
    pool.resolve(parent(10));
    expect(taken(pool)[0]).toBe(5);
  });

  test('a block that became ready but was dropped before is not given back', () => {
    const pool = new OrphanPool();
    pool.add(orphan(1, 10), [parent(10)], 0);
    pool.resolve(parent(10));
    pool.add(orphan(2, 11), [parent(11)], 2 * HOUR);
    expect(taken(pool)).toEqual([]);
    expect(pool.size).toBe(1);
  });

  test('missing parents count as memory, and blocks come back as they were', () => {
    const pool = new OrphanPool();
    const many = Array.from({ length: 2000 }, (_, i) => sha256(Uint8Array.of(i, i >> 8)));
    const blocks = Array.from({ length: 120 }, (_, salt) => makeBlock({ parents: many, height: 9, salt }));
    for (const block of blocks) pool.add(block, many, 0);
    // 129 kB of bytes and 600 kB of hashes each: 92 have room in 64 MiB.
    expect(pool.size).toBe(92);
    for (const hash of many) pool.resolve(hash);
    expect(pool.takeReady()?.toBytes()).toEqual(blocks[28].toBytes());
  });
});
