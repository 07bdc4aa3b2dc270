import type { Hash } from '../util/hash.ts';
import type { Block } from './block.ts';
import type { BloomFilter } from './bloom.ts';
import { merkleLevels } from './merkle.ts';
import type { MerkleBlockMessage } from './message.ts';

/** A merkle block, and which transactions it proves. */
export interface FilteredBlock {
  readonly message: MerkleBlockMessage;
  /** Positions of the matched transactions in the block, ascending. */
  readonly matched: readonly number[];
}

/**
 * The part of a block that concerns the owner of a bloom filter (BIP 37): the header and the branches of the merkle
 * tree to every matched transaction. Matching may add outpoints to the filter.
 */
export function filterBlock(block: Block, filter: BloomFilter): FilteredBlock {
  const matched: number[] = [];
  const leaves = block.transactions.map((tx, i) => {
    if (filter.matchTransaction(tx)) matched.push(i);
    return tx.txid;
  });
  const proof = leaves.length > 0 ? partialTree(leaves, matched) : { hashes: [], bits: [] };
  const message: MerkleBlockMessage = {
    command: 'merkleblock',
    header: block.header,
    transactionCount: leaves.length,
    hashes: proof.hashes,
    flags: packBits(proof.bits),
  };
  return { message, matched };
}

/** Depth-first from the root: one bit a node (is a match below?), and the hash of every node not descended into. */
function partialTree(leaves: readonly Hash[], matched: readonly number[]): { hashes: Hash[]; bits: boolean[] } {
  const levels = merkleLevels(leaves);
  const marks: Set<number>[] = [new Set(matched)];
  for (let height = 1; height < levels.length; height++)
    marks.push(new Set(Array.from(marks[height - 1], (position) => position >> 1)));
  const hashes: Hash[] = [];
  const bits: boolean[] = [];
  const visit = (height: number, position: number): void => {
    const marked = marks[height].has(position);
    bits.push(marked);
    if (height === 0 || !marked) {
      hashes.push(levels[height][position]);
      return;
    }
    visit(height - 1, position * 2);
    if (position * 2 + 1 < levels[height - 1].length) visit(height - 1, position * 2 + 1);
  };
  visit(levels.length - 1, 0);
  return { hashes, bits };
}

function packBits(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) if (bit) bytes[i >> 3] |= 1 << (i & 7);
  return bytes;
}
