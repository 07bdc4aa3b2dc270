import { hexToBytes } from '../util/bytes.ts';
import { Block, compactToTarget } from '../wire/index.ts';
import { withExtraNonce } from './coinbase.ts';
import { foldBranch } from './merkle-branch.ts';
import type { SearchJob, Solution } from './search.ts';
import type { BlockTemplate } from './template.ts';

/** Bytes of a coinbase in base form before its signature script: version, input count, null outpoint. */
const COINBASE_HEAD_SIZE = 4 + 1 + 36;

/** A target as 32 bytes little endian. @throws {RangeError} if it is negative or too large. */
export function targetBytes(target: bigint): Uint8Array {
  if (target < 0n || target >= 1n << 256n) throw new RangeError(`target ${target}`);
  // A copy, because sending a view of Buffer's pool to a thread would send the whole pool.
  return Uint8Array.from(hexToBytes(target.toString(16).padStart(64, '0')).reverse());
}

/** The search that solves a template. @param extraNonce u64 to begin with. */
export function searchJob({ block, height, branch }: BlockTemplate, extraNonce: bigint): SearchJob {
  const coinbase = block.transactions[0];
  const bytes = coinbase.toBytes('base');
  const scriptSize = coinbase.inputs[0].signatureScript.length;
  return {
    header: block.header.toBytes(),
    target: targetBytes(compactToTarget(block.header.bits)),
    height,
    coinbaseHead: bytes.subarray(0, COINBASE_HEAD_SIZE),
    coinbaseTail: bytes.subarray(COINBASE_HEAD_SIZE + 1 + scriptSize),
    branch,
    extraNonce,
  };
}

/** The block that a solution makes of its template. */
export function solvedBlock({ block, height, branch }: BlockTemplate, { extraNonce, nonce }: Solution): Block {
  const { header, parentsVersion, parents, transactions } = block;
  const coinbase = withExtraNonce(transactions[0], height, extraNonce);
  const solved = header.with({ merkleRoot: foldBranch(coinbase.txid, branch), nonce });
  return new Block({ header: solved, parentsVersion, parents, transactions: [coinbase, ...transactions.slice(1)] });
}
