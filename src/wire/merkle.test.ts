import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex, concatBytes } from '../util/bytes.ts';
import { type Hash, sha256d, ZERO_HASH } from '../util/hash.ts';
import { merkleLevels, merkleRoot } from './merkle.ts';
import { arbitraryHash } from './testing/arbitraries.ts';

/** The definition, level by level. */
function plainRoot(leaves: readonly Hash[]): Hash {
  let level = leaves;
  while (level.length > 1) {
    const next: Hash[] = [];
    for (let i = 0; i < level.length; i += 2) next.push(sha256d(concatBytes(level[i], level[i + 1] ?? level[i])));
    level = next;
  }
  return level[0];
}

test('root and levels follow the definition', () => {
  fc.assert(
    fc.property(fc.array(arbitraryHash, { minLength: 1, maxLength: 40 }), (leaves) => {
      const expected = bytesToHex(plainRoot(leaves));
      expect(bytesToHex(merkleRoot(leaves))).toBe(expected);
      const levels = merkleLevels(leaves);
      expect(levels[0]).toBe(leaves);
      expect(levels.at(-1)?.map(bytesToHex)).toEqual([expected]);
    }),
  );
});

test('no leaves have the zero root', () => {
  expect(merkleRoot([])).toBe(ZERO_HASH);
});
