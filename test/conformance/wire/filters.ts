import { deepEqual, equal } from 'node:assert/strict';
import { bytesToHex, hexToBytes } from '../../../src/util/bytes.ts';
import { hashFromHex } from '../../../src/util/hash.ts';
import {
  Block,
  BloomFilter,
  decodePayload,
  encodeMessage,
  filterBlock,
  type Generation,
  murmur3,
  Transaction,
} from '../../../src/wire/index.ts';
import type { Suite, SuiteContext } from '../suite.ts';
import { context, payloadHex } from './shapes.ts';

interface FilterState {
  readonly filterHex: string;
  readonly hashFuncs: number;
  readonly tweak: number;
  readonly flags: number;
  readonly filterAfterHex: string;
}

interface Bloom {
  readonly murmur3: readonly { readonly seed: number; readonly dataHex: string; readonly hash: number }[];
  readonly filters: readonly {
    readonly elements: number;
    readonly fprate: number;
    readonly tweak: number;
    readonly flags: number;
    readonly filterBytes: number;
    readonly hashFuncs: number;
    readonly adds?: readonly { readonly dataHex: string; readonly filterHex: string }[];
    readonly matches?: readonly { readonly dataHex: string; readonly matches: boolean }[];
    readonly afterOutPoint?: {
      readonly addedHash: string;
      readonly hash: string;
      readonly index: number;
      readonly filterHex: string;
    };
  }[];
  readonly transactions: readonly (FilterState & { readonly txHex: string; readonly matches: boolean })[];
  readonly merkleblocks: readonly (FilterState & {
    readonly blockHex: string;
    readonly matched: readonly number[];
    readonly merkleblockHex: string;
  })[];
}

function restore({ filterHex, hashFuncs, tweak, flags }: FilterState): BloomFilter {
  return new BloomFilter({ filter: hexToBytes(filterHex), hashFunctions: hashFuncs, tweak, flags });
}

function bits(filter: BloomFilter): string {
  return bytesToHex(filter.fields.filter);
}

function checkFilter(one: Bloom['filters'][number]): void {
  const filter = BloomFilter.sized(one.elements, one.fprate, one.tweak, one.flags);
  equal(filter.fields.filter.length, one.filterBytes);
  equal(filter.fields.hashFunctions, one.hashFuncs);
  for (const { dataHex, filterHex } of one.adds ?? []) {
    filter.add(hexToBytes(dataHex));
    equal(bits(filter), filterHex);
  }
  if (!one.afterOutPoint) return;
  const { addedHash, hash, index, filterHex } = one.afterOutPoint;
  const outPoint = { hash: hashFromHex(hash), index };
  filter.addOutPoint(outPoint);
  filter.add(hashFromHex(addedHash));
  equal(bits(filter), filterHex);
  equal(filter.matchesOutPoint(outPoint), true);
  for (const { dataHex, matches } of one.matches ?? []) equal(filter.matches(hexToBytes(dataHex)), matches);
}

async function checkBloom(suite: SuiteContext, generation: Generation): Promise<void> {
  suite.deviation('filter without bytes', 'matches everything; the reference divides by zero and dies');
  const recorded = suite.json<Bloom>(`wire/gen${generation}/bloom.json`);
  for (const { seed, dataHex, hash } of recorded.murmur3)
    await suite.check(`murmur3 of ${dataHex} from ${seed}`, () => equal(murmur3(seed, hexToBytes(dataHex)), hash));
  for (const [i, one] of recorded.filters.entries()) await suite.check(`filter ${i}`, () => checkFilter(one));
  for (const [i, one] of recorded.transactions.entries()) {
    await suite.check(`transaction ${i}`, () => {
      const filter = restore(one);
      equal(filter.matchTransaction(Transaction.fromBytes(hexToBytes(one.txHex))), one.matches);
      equal(bits(filter), one.filterAfterHex);
    });
  }
  for (const [i, one] of recorded.merkleblocks.entries()) {
    await suite.check(`merkle block ${i}`, () => {
      const filter = restore(one);
      const { message, matched } = filterBlock(Block.fromBytes(hexToBytes(one.blockHex), generation), filter);
      deepEqual(matched, one.matched);
      equal(bits(filter), one.filterAfterHex);
      const where = context(generation);
      equal(payloadHex(encodeMessage(message, where)), one.merkleblockHex);
      deepEqual(decodePayload('merkleblock', hexToBytes(one.merkleblockHex), where).command, message.command);
    });
  }
  await suite.check('filter without bytes', () => {
    const filter = restore({ filterHex: '', hashFuncs: 1, tweak: 0, flags: 0, filterAfterHex: '' });
    filter.add(new Uint8Array(1));
    equal(filter.matches(new Uint8Array(1)), true);
  });
}

export const filterSuites: readonly Suite[] = ([2, 4] as const).map((generation) => ({
  name: `wire/gen${generation}/bloom`,
  run: (suite) => checkBloom(suite, generation),
}));
