import { type Hash, isZeroHash } from '../util/hash.ts';
import type { BlockIndex } from './engine/index.ts';

/** A block and the generation it stands in. */
export interface LocatedBlock {
  readonly hash: Hash;
  readonly height: number;
}

/**
 * The blocks that a peer asks for with a height locator: everything above the height, generation by generation and
 * ascending by hash within one, up to and with the whole generation of the stop block. Without a height just the stop
 * block.
 * @param locatorHeights at most one counts. Negative ones begin with genesis.
 * @param stopHash zero: the last block of the greatest height. Unknown: nothing is found.
 * @param max most blocks to return.
 */
export function locateBlocks(
  index: BlockIndex,
  locatorHeights: readonly number[],
  stopHash: Hash,
  max: number,
): LocatedBlock[] {
  const stop = isZeroHash(stopHash) ? index.blocksAtHeight(index.greatestHeight).at(-1)! : index.idOf(stopHash);
  if (stop === -1 || !index.isConnected(stop)) return [];
  const located = (id: number): LocatedBlock => ({ hash: index.hashOf(id), height: index.height(id) });
  if (locatorHeights.length === 0) return [located(stop)];
  const found: LocatedBlock[] = [];
  const last = index.height(stop);
  for (let height = Math.max(0, locatorHeights[0] + 1); height <= last && found.length < max; height++) {
    for (const id of index.blocksAtHeight(height)) {
      if (found.length === max) break;
      found.push(located(id));
    }
  }
  return found;
}
