import { describe, expect, test } from 'vitest';
import { hashToHex } from '../util/hash.ts';
import { NETWORK_NAMES, networkParams } from './networks.ts';
import { retargetInterval, wholeMilliseconds } from './retarget.ts';
import { subsidy } from './subsidy.ts';

test('genesis hashes are the same in both generations, the blocks are not', () => {
  for (const name of NETWORK_NAMES) {
    const old = networkParams(name);
    const young = networkParams(name, 4);
    expect(hashToHex(young.genesisHash)).toBe(hashToHex(old.genesisHash));
    expect([old.genesis.size, young.genesis.size]).toEqual([293, 301]);
  }
  expect(hashToHex(networkParams('simnet').genesisHash)).toBe(
    '5f2694c9f5d5808adf308c62995154d29596c36c554b15d3d95cdd6bebaf6cb2',
  );
});

test('networks differ in magic and data folder', () => {
  const all = NETWORK_NAMES.map((name) => networkParams(name));
  expect(new Set(all.map(({ magic }) => magic)).size).toBe(4);
  expect(new Set(all.map(({ dataFolder }) => dataFolder)).size).toBe(4);
});

describe('subsidy', () => {
  const interval = { subsidyInterval: 150 };
  test.each([
    [0, 50_000_000_000n],
    [149, 50_000_000_000n],
    [150, 25_000_000_000n],
    [150 * 35, 1n],
    [150 * 36, 0n],
    [150 * 64, 0n],
    [2_147_483_647, 0n],
  ])('at height %i', (height, expected) => {
    expect(subsidy(height, interval)).toBe(expected);
  });
});

test('durations count in whole milliseconds, in spite of doubles', () => {
  expect(wholeMilliseconds(1.001)).toBe(1001);
  expect(wholeMilliseconds(1.0019)).toBe(1001);
  expect(retargetInterval(1_209_600, 600)).toBe(2016);
  expect(retargetInterval(1, 0.3)).toBe(3);
});
