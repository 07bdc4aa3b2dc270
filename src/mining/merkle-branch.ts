import type { Hash } from '../util/hash.ts';
import { sha256dPairs } from '../util/sha256d-wasm.ts';

/**
 * What is needed to get from the coinbase's id to the merkle root: the right neighbour of the leftmost node of every
 * level, leaves first. It does not depend on the coinbase, so a miner who changes only that hashes a logarithmic number
 * of pairs instead of the whole tree.
 * @param txids ids of the transactions behind the coinbase.
 * @returns n × 32 bytes; empty if the coinbase is alone.
 */
export function merkleBranch(txids: readonly Hash[]): Uint8Array {
  const branch: Uint8Array[] = [];
  // Slot 0 stands for the node that contains the coinbase; its content is never used.
  let level = new Uint8Array(32 * (txids.length + 1));
  for (const [i, txid] of txids.entries()) level.set(txid, 32 * (i + 1));
  while (level.length > 32) {
    branch.push(level.subarray(32, 64));
    if (level.length % 64 !== 0) {
      // A level of odd length repeats its last node.
      const longer = new Uint8Array(level.length + 32);
      longer.set(level);
      longer.copyWithin(level.length, level.length - 32, level.length);
      level = longer;
    }
    level = new Uint8Array(sha256dPairs(level));
  }
  const out = new Uint8Array(32 * branch.length);
  for (const [i, hash] of branch.entries()) out.set(hash, 32 * i);
  return out;
}

/** The merkle root of a block with this coinbase and {@link merkleBranch}. */
export function foldBranch(coinbaseId: Hash, branch: Uint8Array): Hash {
  if (branch.length === 0) return coinbaseId;
  const pair = new Uint8Array(64);
  let node = coinbaseId;
  for (let at = 0; at < branch.length; at += 32) {
    pair.set(node, 0);
    pair.set(branch.subarray(at, at + 32), 32);
    node = sha256dPairs(pair);
  }
  return node;
}
