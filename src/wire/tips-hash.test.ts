import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex, concatBytes } from '../util/bytes.ts';
import { hashToHex, sha256d } from '../util/hash.ts';
import { arbitraryHash } from './testing/arbitraries.ts';
import { tipsHash } from './tips-hash.ts';

test('does not depend on the order and leaves the argument alone', () => {
  fc.assert(
    fc.property(fc.array(arbitraryHash, { maxLength: 8 }), (hashes) => {
      const before = hashes.map(bytesToHex);
      const sorted = hashes.toSorted((a, b) => (hashToHex(a) < hashToHex(b) ? -1 : 1));
      expect(bytesToHex(tipsHash(hashes))).toBe(bytesToHex(sha256d(concatBytes(...sorted))));
      expect(bytesToHex(tipsHash(hashes.toReversed()))).toBe(bytesToHex(tipsHash(hashes)));
      expect(hashes.map(bytesToHex)).toEqual(before);
    }),
  );
});

test('one hash is hashed too, and a duplicate counts', () => {
  fc.assert(
    fc.property(arbitraryHash, (hash) => {
      expect(bytesToHex(tipsHash([hash]))).toBe(bytesToHex(sha256d(hash)));
      expect(bytesToHex(tipsHash([hash, hash]))).not.toBe(bytesToHex(tipsHash([hash])));
    }),
  );
});
