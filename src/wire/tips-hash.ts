import { compareHashes, type Hash, sha256d } from '../util/hash.ts';

/**
 * Hash of a list of blocks, as a header's `prevBlock` names its parents and as the DAG state names its tips: the double
 * SHA-256 of the concatenated hashes, sorted ascending by display form. Duplicates stay in the list; the order of the
 * argument does not matter. One hash gives its double SHA-256, not the hash itself.
 */
export function tipsHash(hashes: readonly Hash[]): Hash {
  if (hashes.length === 1) return sha256d(hashes[0]);
  const sorted = [...hashes].sort(compareHashes);
  const bytes = new Uint8Array(32 * sorted.length);
  for (let i = 0; i < sorted.length; i++) bytes.set(sorted[i], 32 * i);
  return sha256d(bytes);
}
