import { concatBytes } from '../util/bytes.ts';
import { sha256d } from '../util/hash.ts';
import { searchNonces } from '../util/sha256d-wasm.ts';
import { coinbaseScript } from './coinbase.ts';
import { foldBranch } from './merkle-branch.ts';

const NONCES = 2 ** 32;
const MERKLE_ROOT_OFFSET = 36;

/** Everything a worker needs to solve a block, and no more. Plain data that can be sent to a thread. */
export interface SearchJob {
  /** 80 bytes; merkle root and nonce are filled in by the search. */
  readonly header: Uint8Array;
  /** 32 bytes little endian: the block hash read as a little-endian number must not exceed it. */
  readonly target: Uint8Array;
  /** Height of the block, for the coinbase script. */
  readonly height: number;
  /** Base form of the coinbase up to its signature script's length. */
  readonly coinbaseHead: Uint8Array;
  /** Base form of the coinbase from behind its signature script. */
  readonly coinbaseTail: Uint8Array;
  /** See `merkleBranch`. */
  readonly branch: Uint8Array;
  /** u64: the extra nonce to begin with. Random, so that workers on one template try different blocks. */
  readonly extraNonce: bigint;
}

/** The two numbers that turn a template into a block. */
export interface Solution {
  /** u64. */
  readonly extraNonce: bigint;
  /** u32. */
  readonly nonce: number;
}

/** What one slice of a search brought. */
export interface SearchSlice {
  /** Headers really hashed and judged. */
  readonly hashes: number;
  readonly solution?: Solution;
}

/**
 * A search that runs in slices: all nonces of one extra nonce, then the next extra nonce (mod 2^64), without end.
 */
export class Search {
  readonly #job: SearchJob;
  readonly #header: Uint8Array;
  #extraNonce: bigint;
  #nonce = 0;

  /** @param firstNonce header nonce to begin with, a multiple of 4. */
  constructor(job: SearchJob, firstNonce = 0) {
    this.#job = job;
    this.#header = Uint8Array.from(job.header);
    this.#extraNonce = job.extraNonce;
    this.#nonce = firstNonce;
    this.#setMerkleRoot();
  }

  /** Tries up to `limit` (a multiple of 4) more headers and stops at a solution. Going on after one is not meant. */
  run(limit: number): SearchSlice {
    let hashes = 0;
    while (hashes < limit) {
      const count = Math.min(limit - hashes, NONCES - this.#nonce);
      const failed = searchNonces(this.#header, this.#job.target, this.#nonce, count);
      if (failed < count) {
        const solution = { extraNonce: this.#extraNonce, nonce: this.#nonce + failed };
        return { hashes: hashes + failed + 1, solution };
      }
      hashes += count;
      this.#nonce += count;
      if (this.#nonce === NONCES) this.#nextExtraNonce();
    }
    return { hashes };
  }

  #nextExtraNonce(): void {
    this.#nonce = 0;
    this.#extraNonce = BigInt.asUintN(64, this.#extraNonce + 1n);
    this.#setMerkleRoot();
  }

  #setMerkleRoot(): void {
    const { height, coinbaseHead, coinbaseTail, branch } = this.#job;
    const script = coinbaseScript(height, this.#extraNonce);
    const coinbase = concatBytes(coinbaseHead, Uint8Array.of(script.length), script, coinbaseTail);
    this.#header.set(foldBranch(sha256d(coinbase), branch), MERKLE_ROOT_OFFSET);
  }
}
