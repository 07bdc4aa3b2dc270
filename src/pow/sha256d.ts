import { searchNonces } from '../util/sha256d-wasm.ts';
import { type Block, type BlockHeader, compactToTarget, hashToTarget } from '../wire/index.ts';
import { numberToHex, PowError, type ProofOfWork } from './proof-of-work.ts';

/** Proof of work of generation 2: the block hash, read as a number, must not exceed the target. */
export const sha256dPow: ProofOfWork = {
  name: 'sha256d',
  generation: 2,
  check(block: Block, target: bigint): void {
    const value = hashToTarget(block.hash);
    if (value <= target) return;
    throw new PowError(
      'ErrHighHash',
      `block hash of ${numberToHex(value)} is higher than expected max of ${numberToHex(target)}`,
    );
  },
};

/** What a search for a nonce came to. */
export interface NonceSearch {
  /** The lowest nonce of the range that solves the header; undefined if there is none. */
  readonly nonce: number | undefined;
  /** Hashes computed. */
  readonly hashes: number;
}

/**
 * Searches the nonces `first` … `first + count − 1` for one that gives the header a hash within its own target. Blocks
 * the thread for about `count` / 5 million seconds.
 * @param count multiple of 4; `first + count` ≤ 2^32.
 * @throws {RangeError} on a range outside of that.
 */
export function searchNonce(header: BlockHeader, first: number, count: number): NonceSearch {
  const failed = searchNonces(header.toBytes(), targetBytes(compactToTarget(header.bits)), first, count);
  return failed === count ? { nonce: undefined, hashes: count } : { nonce: first + failed, hashes: failed + 1 };
}

/** A target as 32 bytes little endian; negative targets admit nothing, as zero does. */
function targetBytes(target: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  let rest = target < 0n ? 0n : target;
  for (let i = 0; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
