import { isPushOnly, Op } from '../script/index.ts';
import { concatBytes } from '../util/bytes.ts';
import { type Hash, sha256d } from '../util/hash.ts';
import type { Block } from '../wire/index.ts';
import { encodeGolombSet } from './golomb-set.ts';

/**
 * The committed filter of a block: its output scripts, data carriers left out.
 * @param spentScripts scripts of the outputs that the block spends: networks of generation 2 leave them out, later ones do not.
 */
export function blockFilter(block: Block, spentScripts: readonly Uint8Array[]): Uint8Array {
  const elements = spentScripts.filter((script) => script.length > 0);
  for (const { outputs } of block.transactions)
    for (const { pkScript } of outputs) if (pkScript.length > 0 && !isDataCarrier(pkScript)) elements.push(pkScript);
  return encodeGolombSet(block.hash, elements);
}

/** What nobody spends and nobody looks for: RETURN followed by nothing but pushes. */
function isDataCarrier(pkScript: Uint8Array): boolean {
  return pkScript[0] === Op.RETURN && isPushOnly(pkScript.subarray(1));
}

/** Hash of a filter, and the header that chains it to the one before. */
export function filterHeader(filterHash: Hash, previous: Hash): Hash {
  return sha256d(concatBytes(filterHash, previous));
}
