import type { BlockIndex } from './block-index.ts';
import { IntBuffer } from './int-buffer.ts';
import type { Reachability } from './reachability.ts';

/**
 * A path from a block down through its past, always to the parent with the greatest past. How many of its blocks descend from an
 * ancestor tells, at the cost of a few reachability queries, how many blocks at least stand between the two.
 */
export class Descent {
  readonly #index: BlockIndex;
  readonly #reach: Reachability;
  /** Descending by id. */
  readonly #path = new IntBuffer();
  readonly #parents = new IntBuffer();

  constructor(index: BlockIndex, reach: Reachability) {
    this.#index = index;
    this.#reach = reach;
  }

  /** Goes down from a block, which is part of the path, as long as there may be descendants of `lowest` and of later blocks. */
  walk(from: number, lowest: number): void {
    this.#path.clear();
    for (let block = from; block > lowest; ) {
      this.#path.push(block);
      this.#parents.clear();
      this.#index.readDistinctParents(block, this.#parents);
      block = this.#greatestPast(this.#parents);
    }
  }

  /** Number of blocks of the path that descend from a block of the past of its first one. */
  descendantsOf(block: number): number {
    const path = this.#path.data;
    let low = 0;
    let high = this.#path.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (path[middle]! > block) low = middle + 1;
      else high = middle;
    }
    // Mostly all that came later; otherwise those above some place.
    if (low === 0 || this.#reach.isAncestor(block, path[low - 1]!)) return low;
    high = low - 1;
    low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#reach.isAncestor(block, path[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #greatestPast({ data, length }: IntBuffer): number {
    let greatest = data[0]!;
    for (let i = 1; i < length; i++) {
      if (this.#reach.pastSize(data[i]!) > this.#reach.pastSize(greatest)) greatest = data[i]!;
    }
    return greatest;
  }
}
