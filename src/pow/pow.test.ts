import { describe, expect, test } from 'vitest';
import { ZERO_HASH } from '../util/hash.ts';
import { Block, BlockHeader, compactToTarget, hashToTarget } from '../wire/index.ts';
import { checkedTarget, PowError, searchNonce, sha256dPow } from './index.ts';

const LIMIT = (1n << 255n) - 1n;
const header = (bits: number, nonce = 0): BlockHeader =>
  new BlockHeader({ version: 1, prevBlock: ZERO_HASH, merkleRoot: ZERO_HASH, timestamp: 1_700_000_000, bits, nonce });
const block = (of: BlockHeader): Block => new Block({ header: of, parentsVersion: 0, parents: [], transactions: [] });

describe('target of a header', () => {
  test('must be positive and within the limit of the network', () => {
    expect(checkedTarget(0x207fffff, LIMIT)).toBe(compactToTarget(0x207fffff));
    expect(() => checkedTarget(0, LIMIT)).toThrow(`block target difficulty of ${'0'.repeat(64)} is too low`);
    expect(() => checkedTarget(0x04923456, LIMIT)).toThrow(
      `block target difficulty of -${'12345600'.padStart(63, '0')} is too low`,
    );
    expect(() => checkedTarget(0x21008000, LIMIT)).toThrow(
      `block target difficulty of 8${'0'.repeat(63)} is higher than max of 7${'f'.repeat(63)}`,
    );
    expect(() => checkedTarget(0, LIMIT)).toThrow(PowError);
  });
});

describe('sha256d', () => {
  const easy = header(0x207fffff);
  const found = searchNonce(easy, 0, 1024);
  const solved = easy.with({ nonce: found.nonce });

  test('accepts a hash up to the target and not above', () => {
    const value = hashToTarget(solved.hash);
    sha256dPow.check(block(solved), value);
    expect(() => sha256dPow.check(block(solved), value - 1n)).toThrow(/^block hash of [0-9a-f]{64} is higher than/u);
  });

  test('the search finds the lowest nonce and counts its hashes', () => {
    expect(found.nonce).toBeDefined();
    expect(found.hashes).toBe(found.nonce! + 1);
    for (let nonce = 0; nonce <= found.nonce!; nonce++) {
      const within = hashToTarget(easy.with({ nonce }).hash) <= compactToTarget(0x207fffff);
      expect(within).toBe(nonce === found.nonce);
    }
    expect(searchNonce(header(0x03000001), 0, 64)).toEqual({ nonce: undefined, hashes: 64 });
    expect(searchNonce(header(0x04923456), 0, 64)).toEqual({ nonce: undefined, hashes: 64 });
  });
});
