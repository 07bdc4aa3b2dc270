import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex } from '../util/bytes.ts';
import { ZERO_HASH } from '../util/hash.ts';
import { Block, type Generation } from './block.ts';
import { checkBlockBinding } from './block-binding.ts';
import { BlockHeader } from './header.ts';
import { arbitraryBlock, arbitraryHash, arbitraryHeader } from './testing/arbitraries.ts';
import { tipsHash } from './tips-hash.ts';

const generations: readonly Generation[] = [2, 4];
const header = new BlockHeader({
  version: 1,
  prevBlock: ZERO_HASH,
  merkleRoot: ZERO_HASH,
  timestamp: 0,
  bits: 0,
  nonce: 0,
});

describe.each(generations)('generation %i', (generation) => {
  test('decoded and built blocks agree in bytes, hash and sizes', () => {
    fc.assert(
      fc.property(arbitraryBlock(generation), (built) => {
        const bytes = built.toBytes();
        expect(bytes.length).toBe(built.size);
        const decoded = Block.fromBytes(bytes, generation);
        for (const one of [decoded, decoded.detach()]) {
          expect(one.generation).toBe(generation);
          expect(bytesToHex(one.toBytes('witness'))).toBe(bytesToHex(bytes));
          expect(bytesToHex(one.toBytes('base'))).toBe(bytesToHex(built.toBytes('base')));
          expect(bytesToHex(one.hash)).toBe(bytesToHex(built.hash));
          expect([one.size, one.strippedSize, one.weight]).toEqual([built.size, built.strippedSize, built.weight]);
          expect(one.parents).toEqual(built.parents);
          expect(one.verification).toEqual(built.verification);
        }
        for (const [i, { offset, length }] of built.transactionLocations().entries())
          expect(bytesToHex(bytes.subarray(offset, offset + length))).toBe(bytesToHex(built.transactions[i].toBytes()));
      }),
      { numRuns: 50 },
    );
  });

  test('bytes behind a block are ignored and not kept', () => {
    const bytes = new Block({
      header,
      parentsVersion: 0,
      parents: [],
      transactions: [],
      ...(generation === 4 && { verification: { version: 0, nonces: [] } }),
    }).toBytes();
    const block = Block.fromBytes(Uint8Array.from([...bytes, 1, 2, 3]), generation);
    expect(bytesToHex(block.toBytes())).toBe(bytesToHex(bytes));
  });

  test('a negative parent count means none and is written as zero', () => {
    const bytes = Uint8Array.from(
      new Block({
        header,
        parentsVersion: 5,
        parents: [],
        transactions: [],
        ...(generation === 4 && { verification: { version: 0, nonces: [] } }),
      }).toBytes(),
    );
    const canonical = bytesToHex(bytes);
    bytes.fill(0xff, 84, 88);
    const block = Block.fromBytes(bytes, generation);
    expect(block.parents).toEqual([]);
    expect(bytesToHex(block.toBytes())).toBe(canonical);
    expect(bytesToHex(block.detach().toBytes())).toBe(canonical);
  });
});

test('a parent count beyond the bytes fails at once, with the end the entries would have met', () => {
  const prefix = [...header.toBytes(), 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f];
  const cut = (extra: number) => () => Block.fromBytes(Uint8Array.from([...prefix, ...new Array(extra).fill(0)]), 2);
  expect(cut(0)).toThrow(expect.objectContaining({ kind: 'eof' }));
  expect(cut(31)).toThrow(expect.objectContaining({ kind: 'unexpectedEof' }));
  expect(cut(32)).toThrow(expect.objectContaining({ kind: 'eof' }));
  expect(cut(640)).toThrow(expect.objectContaining({ kind: 'eof' }));
});

describe('binding of parents to the header', () => {
  const entry = (hash: Uint8Array) => ({ hash, data: ZERO_HASH });

  test('holds in any order of the parents and for repeated ones, whatever their data', () => {
    fc.assert(
      fc.property(
        arbitraryHeader,
        fc.array(arbitraryHash, { minLength: 1, maxLength: 6 }),
        arbitraryHash,
        (any, parents, data) => {
          const bound = any.with({ prevBlock: tipsHash(parents) });
          const reversed = parents.toReversed().map((hash) => ({ hash, data }));
          expect(
            checkBlockBinding(new Block({ header: bound, parentsVersion: 1, parents: reversed, transactions: [] })),
          ).toBeUndefined();
        },
      ),
    );
  });

  test('breaks with other parents', () => {
    const one = ZERO_HASH.with(0, 1);
    const two = ZERO_HASH.with(0, 2);
    const bound = header.with({ prevBlock: tipsHash([one]) });
    const kind = (...parents: Uint8Array[]) =>
      checkBlockBinding(new Block({ header: bound, parentsVersion: 0, parents: parents.map(entry), transactions: [] }))
        ?.kind;
    expect(kind(one)).toBeUndefined();
    expect(kind(two)).toBe('wrongParents');
    expect(kind(one, one)).toBe('wrongParents');
    expect(kind()).toBe('noParents');
  });

  test('a header hash is that of its 80 bytes, and changes make a new header', () => {
    const changed = header.with({ nonce: 1 });
    expect(changed.nonce).toBe(1);
    expect(header.nonce).toBe(0);
    expect(bytesToHex(changed.hash)).not.toBe(bytesToHex(header.hash));
    expect(bytesToHex(BlockHeader.fromBytes(changed.toBytes()).hash)).toBe(bytesToHex(changed.hash));
  });
});
