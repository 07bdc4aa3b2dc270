import { deepStrictEqual, strictEqual } from 'node:assert';
import { blockFilter, encodeGolombSet, filterHeader, sipHash24, sipKey } from '../../src/index/index.ts';
import { bytesToHex, hexToBytes } from '../../src/util/bytes.ts';
import { hashFromHex, hashToHex, sha256d } from '../../src/util/hash.ts';
import { Block, ByteReader } from '../../src/wire/index.ts';
import type { Suite } from './suite.ts';

interface RecordedFilter {
  readonly height: number;
  readonly block?: string;
  /** Place in the recorded chain of the memory pool, where the block itself is not given. */
  readonly block_ref?: string;
  readonly block_hash: string;
  readonly key: string;
  readonly n: number;
  readonly elements: readonly string[];
  readonly filter: string;
  readonly filter_hash: string;
  readonly node_getcfilter?: string;
  readonly match: readonly { readonly data: string; readonly match: boolean }[];
}

interface Recording {
  readonly p: number;
  readonly m: number;
  readonly blocks: readonly RecordedFilter[];
  readonly header_chain: readonly {
    readonly height: number;
    readonly header: string;
    readonly prev_header: string;
    readonly equals_node: boolean;
  }[];
  readonly generic: readonly { readonly count: number; readonly key: string; readonly filter: string }[];
}

/** The values in a filter, and their range. */
function decode(filter: Uint8Array, remainderBits: number, inverseRate: number) {
  const reader = new ByteReader(filter);
  const count = Number(reader.varint());
  const bytes = reader.bytes(reader.remaining);
  let at = 0;
  const bit = () => {
    const value = (bytes[at >> 3] >> (7 - (at & 7))) & 1;
    at++;
    return value;
  };
  const values: number[] = [];
  let last = 0;
  for (let i = 0; i < count; i++) {
    let quotient = 0;
    while (bit() === 1) quotient++;
    let remainder = 0;
    for (let j = 0; j < remainderBits; j++) remainder = 2 * remainder + bit();
    last += quotient * 2 ** remainderBits + remainder;
    values.push(last);
  }
  return { values, range: BigInt(count * inverseRate) };
}

const golombSets: Suite = {
  name: 'filters/gcs',
  async run(context) {
    const { p, m, blocks, header_chain: chain, generic } = context.json<Recording>('filters/gcs.json');
    for (const entry of blocks) {
      const name = `block ${entry.height} ${entry.block_hash.slice(0, 8)}`;
      const key = hexToBytes(entry.key);
      await context.check(`${name}: elements`, () => {
        strictEqual(bytesToHex(encodeGolombSet(key, entry.elements.map(hexToBytes))), entry.filter);
        strictEqual(hashToHex(sha256d(hexToBytes(entry.filter))), entry.filter_hash);
        if (entry.node_getcfilter !== undefined) strictEqual(entry.filter, entry.node_getcfilter);
      });
      if (entry.block !== undefined) {
        const block = Block.fromBytes(hexToBytes(entry.block), 2);
        await context.check(`${name}: block`, () => {
          strictEqual(hashToHex(block.hash), entry.block_hash);
          strictEqual(bytesToHex(blockFilter(block, [])), entry.filter);
        });
      }
      await context.check(`${name}: matches`, () => {
        const { values, range } = decode(hexToBytes(entry.filter), p, m);
        strictEqual(values.length, entry.n);
        for (const { data, match } of entry.match) {
          const value = Number((sipHash24(sipKey(key), hexToBytes(data)) * range) >> 64n);
          strictEqual(values.includes(value), match, data);
        }
      });
    }
    for (const { height, header, prev_header: previous } of chain) {
      await context.check(`header ${height}`, () => {
        const recorded = blocks.find((block) => block.height === height);
        if (!recorded) return;
        strictEqual(hashToHex(filterHeader(hashFromHex(recorded.filter_hash), hashFromHex(previous))), header);
      });
    }
    for (const { count, key, filter } of generic) {
      await context.check(`${count} items`, () => {
        const items = Array.from({ length: count }, (_, i) => Buffer.from(`item-${i}`));
        deepStrictEqual(bytesToHex(encodeGolombSet(hexToBytes(key), items)), filter);
      });
    }
  },
};

/** Comparison of committed filters with recorded ones. */
export const blockFilterSuites: readonly Suite[] = [golombSets];
