import { type Hash, sha256d, ZERO_HASH } from '../util/hash.ts';
import type { Transaction } from './transaction.ts';

/** Double SHA-256 of two 32-byte nodes side by side. */
export function hashPair(left: Hash, right: Hash): Hash {
  const pair = new Uint8Array(64);
  pair.set(left, 0);
  pair.set(right, 32);
  return sha256d(pair);
}

/**
 * All levels of Bitcoin's merkle tree, leaves first, the root alone in the last. A node without a right neighbour is
 * paired with itself, so different lists can have one root (CVE-2012-2459): check for duplicate transactions as well.
 */
export function merkleLevels(leaves: readonly Hash[]): (readonly Hash[])[] {
  const levels: (readonly Hash[])[] = [leaves];
  let level = leaves;
  while (level.length > 1) {
    const next: Hash[] = [];
    for (let i = 0; i < level.length; i += 2) next.push(hashPair(level[i], level[i + 1] ?? level[i]));
    levels.push(next);
    level = next;
  }
  return levels;
}

/** Root of the merkle tree over hashes in wire order; zero for an empty list, the leaf itself for one. */
export function merkleRoot(leaves: readonly Hash[]): Hash {
  return merkleLevels(leaves).at(-1)?.[0] ?? ZERO_HASH;
}

/** Root of the tree over witness transaction ids (BIP 141): the first transaction, the coinbase, counts as zero. */
export function witnessMerkleRoot(transactions: readonly Transaction[]): Hash {
  return merkleRoot(transactions.map((transaction, i) => (i === 0 ? ZERO_HASH : transaction.wtxid)));
}
