import { describe, expect, test } from 'vitest';
import { compareHashes } from '../../util/hash.ts';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import { BlockIndex, BlockStatus } from './block-index.ts';
import { IntBuffer } from './int-buffer.ts';

function hashOf(n: number): Uint8Array {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(4, n);
  return hash;
}

const GENESIS = { hash: hashOf(0), height: 0, time: 1, bits: 2, status: BlockStatus.stored, parents: [] };

describe('facts of a block', () => {
  test('come back as they were given, in message order with duplicates', () => {
    const random = new SeededRandom('block-index');
    const index = new BlockIndex({ hashSeed: -5 });
    index.append(GENESIS);
    const all = [GENESIS];
    for (let id = 1; id < 5000; id++) {
      const parents = Array.from({ length: 1 + random.below(id % 500 === 0 ? 400 : 5) }, () => random.below(id));
      const height = 1 + Math.max(...parents.map((parent) => all[parent]!.height));
      const time = random.uint32();
      const facts = {
        hash: random.bytes(32),
        height,
        time,
        bits: random.uint32(),
        status: BlockStatus.stored,
        parents,
      };
      all.push(facts as typeof GENESIS);
      expect(index.append(facts)).toBe(id);
    }
    const buffer = new IntBuffer();
    for (let id = 0; id < all.length; id++) {
      const { hash, height, time, bits, parents } = all[id]!;
      expect(index.idOf(hash)).toBe(id);
      expect(index.hashOf(id)).toEqual(hash);
      expect([index.height(id), index.time(id), index.bits(id)]).toEqual([height, time, bits]);
      expect(index.parents(id)).toEqual(parents);
      expect(index.distinctParents(id)).toEqual([...new Set(parents)]);
      expect(index.firstParent(id)).toBe(parents[0] ?? -1);
      buffer.clear();
      index.readDistinctParents(id, buffer);
      expect(buffer.toArray()).toEqual([...new Set(parents)]);
    }
    expect(index.idOf(random.bytes(32))).toBe(-1);
  });

  test('hashes are ordered by display form', () => {
    const random = new SeededRandom('compare');
    const index = new BlockIndex();
    for (let i = 0; i < 200; i++) {
      const hash = random.bytes(32).fill(3, 8 + (i % 24));
      index.append({ ...GENESIS, hash, parents: i === 0 ? [] : [0] });
    }
    for (let a = 0; a < 200; a++) {
      for (let b = 0; b < 200; b += 7) {
        const expected = Math.sign(compareHashes(index.hashOf(a), index.hashOf(b)));
        expect(Math.sign(index.compareHashes(a, b))).toBe(expected);
      }
    }
  });
});

describe('blocks of a height', () => {
  test('are listed once connected, ascending by hash', () => {
    const index = new BlockIndex();
    index.connect(index.append(GENESIS));
    for (const n of [5, 3, 9, 1]) {
      const id = index.append({ ...GENESIS, hash: hashOf(n * 0x1000000), height: 1, parents: [0] });
      expect(index.isConnected(id)).toBe(false);
      if (n !== 9) index.connect(id);
    }
    expect(index.blocksAtHeight(0)).toEqual([0]);
    expect(index.blocksAtHeight(1)).toEqual([4, 2, 1]);
    expect(index.lowestAtHeight(1)).toBe(4);
    expect(index.blocksAtHeight(2)).toEqual([]);
    expect(index.blocksAtHeight(-1)).toEqual([]);
    expect(index.lowestAtHeight(2)).toBe(-1);
    expect(index.greatestHeight).toBe(1);
    expect([index.count, index.connectedCount]).toEqual([5, 4]);
  });
});

describe('walks along the first parents', () => {
  test('end where the walk one by one ends', () => {
    const random = new SeededRandom('walks');
    const limit = 7;
    const stops = (height: number, bits: number) => height % 20 === 0 || bits !== limit;
    const index = new BlockIndex({ walkStops: stops });
    index.append({ ...GENESIS, bits: limit });
    for (let id = 1; id < 2000; id++) {
      const parents = Array.from({ length: 1 + random.below(3) }, () => Math.max(0, id - 1 - random.below(8)));
      const height = 1 + Math.max(...parents.map((parent) => index.height(parent)));
      index.append({ ...GENESIS, hash: hashOf(id), height, bits: random.chance(0.9) ? limit : 9, parents });
      let at = id;
      while (at > 0 && !stops(index.height(at), index.bits(at))) at = index.parents(at)[0]!;
      expect(index.walkEnd(id)).toBe(at);
    }
  });
});
