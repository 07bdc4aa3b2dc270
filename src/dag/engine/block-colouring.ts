import type { BlockIndex } from './block-index.ts';
import type { BlueSets } from './blue-sets.ts';
import type { CandidateSearch } from './candidate-search.ts';
import { Int32Column } from './columns.ts';
import type { GreedyColouring, TipColouring } from './greedy-colouring.ts';
import { IntBuffer } from './int-buffer.ts';

/** What a block's past alone decides. */
export interface BlockColouring {
  /** The parent whose blue set the block extends. */
  readonly selectedParent: number;
  /** Blocks added to that blue set, as chains of related blocks, each ascending. */
  readonly chains: readonly (readonly number[])[];
  /** The parent with the greatest past: the block's place in the reachability tree. */
  readonly treeParent: number;
  /** The past of the block without the tree parent and its past, descending by id. Valid until the next colouring. */
  readonly mergeSet: IntBuffer;
}

/**
 * Colours a block: `best(parents(n), past(n))` of PHANTOM, every distinct parent evaluated, the largest set wins, ties
 * go to the parent with the lowest hash. Costs the merge set, never the length of history.
 */
export class BlockColourer {
  readonly #index: BlockIndex;
  readonly #blues: BlueSets;
  readonly #search: CandidateSearch;
  readonly #greedy: GreedyColouring;
  readonly #mergeSet = new IntBuffer();
  /** |past(id)|. The parent with the greatest past cannot be an ancestor of another parent. */
  readonly #pastSize = new Int32Column();

  constructor(index: BlockIndex, blues: BlueSets, search: CandidateSearch, greedy: GreedyColouring) {
    this.#index = index;
    this.#blues = blues;
    this.#search = search;
    this.#greedy = greedy;
  }

  /** |past(id)|: the number of a block's ancestors. */
  pastSize(id: number): number {
    return this.#pastSize.get(id);
  }

  /** Notes the size of a new block's past. */
  setPastSize(id: number, size: number): void {
    this.#pastSize.ensure(id + 1);
    this.#pastSize.set(id, size);
  }

  /** Colours a block with the given distinct parents. */
  colour(parents: IntBuffer): BlockColouring {
    const first = parents.data[0]!;
    this.#mergeSet.clear();
    if (parents.length === 1) {
      return { selectedParent: first, chains: [], treeParent: first, mergeSet: this.#mergeSet };
    }
    this.#search.run(parents, parents);
    const largest = this.#greatestPast(parents);
    const zone = this.#search.zone;
    for (let place = 0; place < zone.length; place++) {
      if (this.#search.isOutside(place, largest)) this.#mergeSet.push(zone.data[place]!);
    }
    const pastSize = this.#pastSize.get(parents.data[largest]!) + 1 + this.#mergeSet.length;
    this.#greedy.prepare();
    const best = this.#best(parents, largest, pastSize);
    const ties = this.#pastSize.get(best.tip) === this.#pastSize.get(parents.data[largest]!);
    if (ties && best.tip !== parents.data[largest]) this.#reselectMergeSet(parents, best.tip);
    return {
      selectedParent: best.tip,
      chains: best.chains,
      treeParent: ties ? best.tip : parents.data[largest]!,
      mergeSet: this.#mergeSet,
    };
  }

  #greatestPast(parents: IntBuffer): number {
    let largest = 0;
    for (let i = 1; i < parents.length; i++) {
      if (this.#pastSize.get(parents.data[i]!) > this.#pastSize.get(parents.data[largest]!)) largest = i;
    }
    return largest;
  }

  /** Evaluates the parents, one with the greatest past first: that gives the others a size to beat. */
  #best(parents: IntBuffer, start: number, pastSize: number): TipColouring {
    let best = this.#greedy.colour(start, parents.data[start]!, 0)!;
    for (let i = 0; i < parents.length; i++) {
      if (i === start) continue;
      const tip = parents.data[i]!;
      const least = this.#index.compareHashes(tip, best.tip) < 0 ? best.size : best.size + 1;
      if (this.#blues.blueCount(tip) + pastSize - this.#pastSize.get(tip) - 1 < least) continue;
      best = this.#greedy.colour(i, tip, least) ?? best;
    }
    return best;
  }

  /** The selected parent's past is as large as any: it serves as tree parent, so that merge set and diff agree. */
  #reselectMergeSet(parents: IntBuffer, tip: number): void {
    let target = 0;
    while (parents.data[target] !== tip) target++;
    this.#mergeSet.clear();
    const zone = this.#search.zone;
    for (let place = 0; place < zone.length; place++) {
      if (this.#search.isOutside(place, target)) this.#mergeSet.push(zone.data[place]!);
    }
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#pastSize.bytes;
  }
}
