import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../util/bytes.ts';
import { ZERO_HASH } from '../util/hash.ts';
import { Block } from './block.ts';
import { BloomFilter, BloomUpdate } from './bloom.ts';
import { dataPushes, paysToBareKeys } from './bloom-script.ts';
import { merkleRoot } from './merkle.ts';
import { filterBlock } from './merkle-block.ts';
import { arbitraryBytes, arbitraryHeader, arbitraryTransaction } from './testing/arbitraries.ts';
import { Transaction } from './transaction.ts';

const KEY = `21${'02'.repeat(33)}`;

test('what was added always matches', () => {
  fc.assert(
    fc.property(fc.array(arbitraryBytes(40), { maxLength: 20 }), fc.nat(), (items, tweak) => {
      const filter = BloomFilter.sized(20, 0.001, tweak, BloomUpdate.none);
      for (const item of items) filter.add(item);
      for (const item of items) expect(filter.matches(item)).toBe(true);
    }),
  );
});

test('a filter without bytes matches everything instead of dividing by zero', () => {
  const filter = new BloomFilter({ filter: new Uint8Array(0), hashFunctions: 1, tweak: 0, flags: 0 });
  filter.add(Uint8Array.of(1));
  expect(filter.matches(Uint8Array.of(2))).toBe(true);
});

describe('updates', () => {
  const spending = (pkScript: string) =>
    new Transaction({
      version: 1,
      inputs: [],
      outputs: [{ value: 0n, pkScript: hexToBytes(pkScript) }],
      lockTime: 0,
    });

  test.each([
    ['none', BloomUpdate.none, `${KEY}ac`, false],
    ['all', BloomUpdate.all, `14${'02'.repeat(20)}`, true],
    ['bare keys, and it is one', BloomUpdate.bareKeysOnly, `${KEY}ac`, true],
    ['bare keys, and it is none', BloomUpdate.bareKeysOnly, `14${'02'.repeat(20)}`, false],
    ['unknown', 7, `${KEY}ac`, false],
  ])('%s', (_, flags, script, added) => {
    const filter = BloomFilter.sized(10, 0.000001, 0, flags);
    const tx = spending(script);
    filter.add(dataPushes(tx.outputs[0].pkScript)?.[0] ?? ZERO_HASH);
    expect(filter.matchTransaction(tx)).toBe(true);
    expect(filter.matchesOutPoint({ hash: tx.txid, index: 0 })).toBe(added);
  });
});

describe('scripts', () => {
  test.each([
    ['00', ['']],
    ['51', []],
    ['0201024c0103', ['0102', '03']],
    ['4d0200aabb', ['aabb']],
    ['4e01000000cc', ['cc']],
  ])('pushes of %s', (script, pushes) => {
    expect(dataPushes(hexToBytes(script))?.map(bytesToHex)).toEqual(pushes);
  });

  test.each(['01', '4c', '4d01', '4effffffff', '4c0201'])('%s does not parse', (script) => {
    expect(dataPushes(hexToBytes(script))).toBeUndefined();
    expect(paysToBareKeys(hexToBytes(script))).toBe(false);
  });

  test.each([
    [`${KEY}ac`, true],
    [`51${KEY}51ae`, true],
    [`51${KEY}${KEY}52ae`, true],
    [`51${KEY}52ae`, false],
    [`51ae`, false],
    ['ac', false],
    [`${KEY}${KEY}ac`, false],
    ['', false],
  ])('%s pays to bare keys: %s', (script, expected) => {
    expect(paysToBareKeys(hexToBytes(script))).toBe(expected);
  });
});

test('a merkle block proves exactly the matched transactions', () => {
  fc.assert(
    fc.property(
      arbitraryHeader,
      fc.array(arbitraryTransaction, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.boolean()),
      (header, transactions, chosen) => {
        const filter = BloomFilter.sized(20, 1e-9, 1, BloomUpdate.none);
        for (const tx of transactions) if (chosen.next().value) filter.add(tx.txid);
        const block = new Block({ header, parentsVersion: 0, parents: [], transactions });
        const { message, matched } = filterBlock(block, filter);
        // Walk the proof as a light client does.
        const flags = Array.from(
          { length: message.flags.length * 8 },
          (_, i) => (message.flags[i >> 3] >> (i & 7)) & 1,
        );
        const hashes = [...message.hashes];
        const proven: string[] = [];
        const width = (height: number) => Math.ceil(transactions.length / 2 ** height);
        const walk = (height: number, position: number): Uint8Array => {
          const flag = flags.shift();
          if (height === 0 || !flag) {
            const hash = hashes.shift() ?? ZERO_HASH;
            if (height === 0 && flag) proven.push(bytesToHex(hash));
            return hash;
          }
          const left = walk(height - 1, position * 2);
          const right = position * 2 + 1 < width(height - 1) ? walk(height - 1, position * 2 + 1) : left;
          return merkleRoot([left, right]);
        };
        const height = Math.ceil(Math.log2(transactions.length));
        const txids = transactions.map(({ txid }) => txid);
        expect(bytesToHex(walk(height, 0))).toBe(bytesToHex(merkleRoot(txids)));
        expect(proven).toEqual(matched.map((i) => bytesToHex(txids[i])));
        expect(hashes).toEqual([]);
        expect(message.transactionCount).toBe(transactions.length);
      },
    ),
    { numRuns: 50 },
  );
});
