import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryStore } from '../store/index.ts';
import { hashKey } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { FeeEstimateError, FeeEstimator } from './fee-estimator.ts';
import { saveFeeEstimator, takeFeeEstimator } from './fee-estimator-store.ts';
import { fakeHash } from './testing/fake-dag.ts';

const keyOf = (number: number): string => hashKey(fakeHash(number));

/** An estimator with a handy way of feeding it. */
class Feed {
  readonly fees: FeeEstimator;
  #next = 0;

  constructor(seed = 1) {
    this.fees = new FeeEstimator(new SeededRandom(seed));
  }

  /** Observes transactions at a height; their keys. */
  observe(height: number, rates: readonly number[]): string[] {
    return rates.map((rate) => {
      const key = keyOf(this.#next++);
      this.fees.observe({ key, feeValue: rate * 100, virtualSize: 100, height });
      return key;
    });
  }

  block(height: number, keys: readonly string[] = [], number = height): void {
    this.fees.blockConnected(height, fakeHash(1_000_000 + number), keys);
  }

  estimates(): number[] {
    return Array.from({ length: 25 }, (_, i) => this.fees.estimate(i + 1));
  }
}

const perKb = (rate: number): number => rate * 1000 * 1e-9;

test('estimates need three blocks and a number from 1 to 25', () => {
  const feed = new Feed();
  expect(() => feed.fees.estimate(1)).toThrow('not enough blocks have been observed');
  for (const height of [7, 8, 9]) feed.block(height);
  expect(feed.fees.estimate(1)).toBe(0);
  expect(() => feed.fees.estimate(0)).toThrow('cannot confirm transaction in zero blocks');
  expect(() => feed.fees.estimate(26)).toThrow('can only estimate fees for up to 100 blocks from now');
  expect(() => feed.fees.estimate(26)).toThrow(FeeEstimateError);
});

test('parallel blocks of a height teach as well, and twice the same transaction counts once', () => {
  const feed = new Feed();
  for (const height of [1, 2, 3]) feed.block(height);
  const [dear, cheap] = feed.observe(3, [50, 5]);
  feed.block(4, [dear], 40);
  feed.block(4, [dear, cheap], 41);
  expect(feed.fees.lastHeight).toBe(4);
  expect(feed.fees.estimate(1)).toBe(perKb(50));
  expect(feed.fees.estimate(2)).toBe(perKb(5));
  // A lower sibling that comes late, with a transaction observed at the present height.
  const [late] = feed.observe(4, [70]);
  feed.block(2, [late], 42);
  expect(feed.fees.estimate(1)).toBe(perKb(50));
  feed.block(5);
  expect(feed.fees.lastHeight).toBe(5);
});

test('a gap in the heights begins a new history', () => {
  const feed = new Feed();
  for (const height of [1, 2, 3]) feed.block(height);
  feed.block(9);
  expect(feed.fees.lastHeight).toBe(9);
  expect(() => feed.fees.estimate(1)).toThrow('not enough blocks have been observed');
});

test('what is not mined within 25 heights is forgotten; memory does not grow with the chain', () => {
  const feed = new Feed();
  const random = new SeededRandom('growth');
  feed.block(1);
  let most = 0;
  for (let height = 1; height < 400; height++) {
    const keys = feed.observe(
      height,
      Array.from({ length: 60 }, () => random.below(1000)),
    );
    feed.block(
      height + 1,
      keys.filter(() => random.chance(0.7)),
    );
    most = Math.max(most, feed.fees.recordCount);
  }
  expect(most).toBeLessThan(25 * 100 + 25 * 60 + 2 * 250);
  expect(feed.estimates().every((fee) => fee >= 0)).toBe(true);
});

test('a full bin takes ten from one block', () => {
  const feed = new Feed();
  feed.block(1);
  for (let height = 1; height <= 10; height++)
    feed.block(
      height + 1,
      feed.observe(
        height,
        Array.from({ length: 10 }, () => 1),
      ),
    );
  expect(feed.fees.recordCount).toBe(100);
  feed.block(
    12,
    feed.observe(
      11,
      Array.from({ length: 50 }, () => 1000),
    ),
  );
  // 90 old and ten new ones, ranks fall: the middle of the bin is an old one.
  expect(feed.fees.estimate(1)).toBe(perKb(1));
  const restored = FeeEstimator.restore(feed.fees.save(), new SeededRandom(0));
  expect(restored?.estimate(1)).toBe(perKb(1));
});

test('rolling back undoes the last two blocks and no more', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new SeededRandom(`rollback ${seed}`);
    const feed = new Feed(seed);
    feed.block(1);
    const pending: string[] = [];
    const step = (height: number): void => {
      pending.push(
        ...feed.observe(
          height,
          Array.from({ length: random.below(40) }, () => random.below(1000)),
        ),
      );
      const mined = pending.filter(() => random.chance(0.5));
      for (const key of mined) pending.splice(pending.indexOf(key), 1);
      feed.block(height + 1, mined);
      if (random.chance(0.5)) feed.block(height + 1, pending.splice(0, 3), 500 + height);
    };
    let height = 1;
    for (; height < 30; height++) step(height);
    const before = feed.estimates();
    step(height);
    step(height + 1);
    feed.fees.rollback(fakeHash(1_000_000 + height + 1));
    expect(feed.fees.lastHeight).toBe(height);
    expect(feed.estimates()).toEqual(before);
    expect(() => feed.fees.rollback(fakeHash(1_000_000 + height - 1))).toThrow('no such block was recently registered');
    feed.block(height + 1);
  }
});

test('a saved history goes on as if nothing had happened, and is taken once', () => {
  const store = new MemoryStore();
  const feed = new Feed(3);
  const random = new SeededRandom('save');
  for (let height = 1; height < 40; height++) {
    feed.block(
      height,
      feed
        .observe(
          height - 1,
          Array.from({ length: 20 }, () => random.below(500)),
        )
        .slice(0, 12),
    );
  }
  saveFeeEstimator(store, feed.fees);
  const taken = takeFeeEstimator(store, new SeededRandom(3), 39);
  expect(Array.from({ length: 25 }, (_, i) => taken.estimate(i + 1))).toEqual(feed.estimates());
  expect(taken.save()).toEqual(feed.fees.save());
  expect(takeFeeEstimator(store, random, 39).lastHeight, 'it was removed').toBe(undefined);
  saveFeeEstimator(store, feed.fees);
  expect(takeFeeEstimator(store, random, 40).lastHeight, 'blocks are missing in it').toBe(undefined);
});

test('damaged histories are not restored and do not crash', () => {
  const feed = new Feed();
  feed.block(1);
  for (let height = 1; height < 20; height++) feed.block(height + 1, feed.observe(height, [1, 2, 3]).slice(1));
  const saved = feed.fees.save();
  expect(FeeEstimator.restore(saved, new SeededRandom(0))).toBeDefined();
  fc.assert(
    fc.property(fc.nat(saved.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
      const bytes = Uint8Array.from(cut ? saved.subarray(0, at) : saved);
      if (!cut) bytes[at] = byte;
      const restored = FeeEstimator.restore(bytes, new SeededRandom(0));
      if (cut) expect(restored).toBe(undefined);
      else restored?.save();
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void FeeEstimator.restore(bytes, new SeededRandom(0))),
  );
});
