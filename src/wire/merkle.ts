import { type Hash, ZERO_HASH } from '../util/hash.ts';
import { sha256dMerkleRoot, sha256dPairs } from '../util/sha256d-wasm.ts';
import type { Transaction } from './transaction.ts';

/**
 * All levels of Bitcoin's merkle tree, leaves first, the root alone in the last. A node without a right neighbour is
 * paired with itself, so different lists can have one root (CVE-2012-2459): check for duplicate transactions as well.
 */
export function merkleLevels(leaves: readonly Hash[]): (readonly Hash[])[] {
  const levels: (readonly Hash[])[] = [leaves];
  let level = leaves;
  while (level.length > 1) {
    const pairs = new Uint8Array(Math.ceil(level.length / 2) * 64);
    for (const [i, hash] of level.entries()) pairs.set(hash, 32 * i);
    if (level.length % 2 === 1) pairs.set(level[level.length - 1], 32 * level.length);
    const hashes = sha256dPairs(pairs);
    level = Array.from({ length: hashes.length / 32 }, (_, i) => hashes.subarray(32 * i, 32 * i + 32));
    levels.push(level);
  }
  return levels;
}

/** Root of the merkle tree over hashes in wire order; zero for an empty list, the leaf itself for one. */
export function merkleRoot(leaves: readonly Hash[]): Hash {
  if (leaves.length < 2) return leaves[0] ?? ZERO_HASH;
  const bytes = Buffer.allocUnsafe(32 * leaves.length);
  for (const [i, leaf] of leaves.entries()) bytes.set(leaf, 32 * i);
  return sha256dMerkleRoot(bytes);
}

/** Root of the tree over witness transaction ids (BIP 141): the first transaction, the coinbase, counts as zero. */
export function witnessMerkleRoot(transactions: readonly Transaction[]): Hash {
  return merkleRoot(transactions.map((transaction, i) => (i === 0 ? ZERO_HASH : transaction.wtxid)));
}
