import { describe, expect, test } from 'vitest';
import { compareHashes, type Hash } from '../../util/hash.ts';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import { BlockIndex, BlockStatus } from './block-index.ts';
import { sortByHash } from './hash-sort.ts';

const random = new SeededRandom('hash-sort');
/** Bytes 31 and 30 are the most significant ones. */
const PATTERNS: Record<string, (hash: Hash, i: number) => void> = {
  'random hashes': () => undefined,
  'hashes with work: leading zeros': (hash) => hash.fill(0, 26),
  'few different leading words': (hash, i) => hash.fill(i % 3, 28),
  'one outlier, the rest alike in the leading words': (hash, i) => hash.fill(i === 77 ? 9 : 1, 8),
  'different in the lowest byte pair only': (hash) => hash.fill(5, 2),
};

describe.each(Object.entries(PATTERNS))('%s', (_name, shape) => {
  const index = new BlockIndex();
  for (let i = 0; i < 3000; i++) {
    for (;;) {
      const hash = random.bytes(32);
      shape(hash, i);
      if (index.idOf(hash) !== -1) continue;
      index.append({ hash, height: 0, time: 0, bits: 0, status: BlockStatus.failed, parents: i === 0 ? [] : [0] });
      break;
    }
  }

  test.each([0, 1, 2, 39, 40, 41, 200, 3000])('sorting %i blocks', (count) => {
    const ids = Int32Array.from({ length: count }, (_, i) => i).reverse();
    const expected = Array.from(ids).sort((a, b) => compareHashes(index.hashOf(a), index.hashOf(b)));
    sortByHash(index, ids, 0, count);
    expect(Array.from(ids)).toEqual(expected);
  });

  test('only the given range', () => {
    const ids = Int32Array.from({ length: 300 }, (_, i) => 299 - i);
    sortByHash(index, ids, 100, 200);
    const middle = Array.from({ length: 100 }, (_, i) => 199 - i);
    expect(Array.from(ids.subarray(0, 100))).toEqual(Array.from({ length: 100 }, (_, i) => 299 - i));
    expect(Array.from(ids.subarray(100, 200))).toEqual(
      middle.sort((a, b) => compareHashes(index.hashOf(a), index.hashOf(b))),
    );
    expect(Array.from(ids.subarray(200))).toEqual(Array.from({ length: 100 }, (_, i) => 99 - i));
  });
});
