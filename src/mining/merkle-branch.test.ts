import { expect, test } from 'vitest';
import { bytesToHex } from '../util/bytes.ts';
import { sha256d } from '../util/hash.ts';
import { merkleRoot } from '../wire/index.ts';
import { foldBranch, merkleBranch } from './merkle-branch.ts';

test('coinbase and branch give the root of the whole tree, for every shape of tree', () => {
  const ids = Array.from({ length: 70 }, (_, i) => sha256d(Uint8Array.of(i)));
  for (let count = 1; count <= ids.length; count++) {
    const [coinbase, ...others] = ids.slice(0, count);
    const branch = merkleBranch(others);
    expect(branch.length / 32).toBe(Math.ceil(Math.log2(count)));
    expect(bytesToHex(foldBranch(coinbase, branch))).toBe(bytesToHex(merkleRoot([coinbase, ...others])));
  }
});
