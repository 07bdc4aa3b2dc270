import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import { BlockIndex, BlockStatus } from './block-index.ts';
import { DagEngine } from './engine.ts';

const BLOCKS = 1500;

/** Parents of the next block. */
const DAGS: Record<string, (random: SeededRandom, block: number) => number[]> = {
  'rounds of eight': (_random, block) => {
    const first = block - ((block - 1) % 8);
    return Array.from({ length: Math.min(8, first) }, (_, i) => first - 1 - i);
  },
  'a deep chain with many children of genesis': (_random, block) => (block % 3 === 0 ? [0] : [lastChain(block)]),
  'blocks that merge two long chains again and again': (_random, block) => {
    if (block <= 400) return [Math.max(0, block - 2)];
    return block % 2 === 0 ? [399, 400] : [block - 1];
  },
  'two or three random recent parents': (random, block) =>
    Array.from({ length: 2 + random.below(2) }, () => Math.max(0, block - 1 - random.below(12))),
  'two random parents from anywhere': (random, block) => [random.below(block), random.below(block)],
  'a block with a thousand children, merged': (_random, block) => {
    if (block <= 1000) return [0];
    return block === 1001 ? Array.from({ length: 1000 }, (_, i) => i + 1) : [block - 1, block - 1000];
  },
};

function lastChain(block: number): number {
  const last = block - 1;
  return last % 3 === 0 ? Math.max(0, last - 1) : last;
}

describe('relations agree with explicit past sets', () => {
  test.each(Object.entries(DAGS))('%s', (_name, parentsOf) => {
    const random = new SeededRandom('reachability');
    const index = new BlockIndex();
    const engine = new DagEngine(index);
    const words = (BLOCKS + 31) >>> 5;
    const past = new Int32Array(BLOCKS * words);
    for (let block = 0; block < BLOCKS; block++) {
      const parents = block === 0 ? [] : parentsOf(random, block);
      for (const parent of parents) {
        for (let word = 0; word < words; word++) past[block * words + word]! |= past[parent * words + word]!;
        past[block * words + (parent >>> 5)]! |= 1 << (parent & 31);
      }
      const height = parents.reduce((height, parent) => Math.max(height, index.height(parent) + 1), 0);
      const hash = random.bytes(32);
      engine.addBlock(index.append({ hash, height, time: 0, bits: 0, status: BlockStatus.stored, parents }));
    }
    for (let a = 0; a < BLOCKS; a++) {
      for (let b = 0; b < BLOCKS; b++) {
        const expected = ((past[b * words + (a >>> 5)]! >>> (a & 31)) & 1) === 1;
        if (engine.isAncestor(a, b) !== expected) expect.fail(`${a} in the past of ${b}: ${!expected}`);
      }
    }
  });
});

describe('large merges', () => {
  test('a zone is coloured alike with and without the relation matrix', () => {
    const random = new SeededRandom('large merges');
    const subjects = [0, 4096].map((matrixLimit) => {
      const index = new BlockIndex();
      return { index, engine: new DagEngine(index, { matrixLimit }) };
    });
    /** Two DAGs of width three growing apart from genesis, merged at the end. */
    const sides: number[][] = [[0], [0]];
    for (let block = 0; block <= 3000; block++) {
      const side = sides[block & 1]!;
      const parents = block === 0 ? [] : block === 3000 ? sides.flat() : side.slice(0, 1 + random.below(3));
      side.unshift(block);
      side.length = Math.min(side.length, 3);
      const hash = random.bytes(32);
      const [first, second] = subjects.map(({ index, engine }) => {
        const height = parents.reduce((height, parent) => Math.max(height, index.height(parent) + 1), 0);
        const facts = { hash, height, time: 0, bits: 0, status: BlockStatus.stored, parents };
        const change = engine.addBlock(index.append(facts));
        return { ...change, row: undefined, selectedTip: engine.selectedTip, size: engine.virtualBlueCount };
      });
      expect(first).toEqual(second);
    }
    expect(subjects[0]!.engine.colouringOf(3000)).toEqual(subjects[1]!.engine.colouringOf(3000));
  });
});
