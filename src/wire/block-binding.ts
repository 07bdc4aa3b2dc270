import { equalBytes } from '../util/bytes.ts';
import { hashToHex } from '../util/hash.ts';
import type { Block } from './block.ts';
import { tipsHash } from './tips-hash.ts';

/** Why a block's sub-header does not belong to its header. */
export interface BlockBindingProblem {
  readonly kind: 'noParents' | 'wrongParents';
  /** Text for logs and reject messages. */
  readonly message: string;
}

/**
 * Tells whether the parents of a block are those its header was made for: there is at least one, and `prevBlock` is the
 * tips hash of the list. The block hash covers only the header, so these bytes must be checked *before* a block is
 * stored, indexed or remembered by its hash; otherwise anyone could give a good hash a bad body, and cut the true block
 * off. A block that fails says nothing about its hash: drop the bytes, blame the sender.
 *
 * The genesis block has no parents and fails; it never comes from outside.
 * @returns undefined if the block is bound to its header.
 */
export function checkBlockBinding(block: Block): BlockBindingProblem | undefined {
  if (block.parents.length === 0) return { kind: 'noParents', message: 'block has no parents' };
  const actual = tipsHash(block.parentHashes);
  if (equalBytes(actual, block.header.prevBlock)) return undefined;
  return {
    kind: 'wrongParents',
    message:
      `block parents do not belong to its header - header indicates ${hashToHex(block.header.prevBlock)}, ` +
      `but the parents give ${hashToHex(actual)}`,
  };
}
