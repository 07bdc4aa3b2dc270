import type { BlockIndex } from './block-index.ts';
import type { BlueSets } from './blue-sets.ts';
import type { CandidateSearch } from './candidate-search.ts';
import { Descent } from './descent.ts';
import type { GreedyColouring, TipColouring } from './greedy-colouring.ts';
import { IntBuffer } from './int-buffer.ts';
import type { Reachability } from './reachability.ts';
import type { VirtualBlock } from './virtual-block.ts';

/** What a block's past alone decides. */
export interface BlockColouring {
  /** The parent whose blue set the block extends. */
  readonly selectedParent: number;
  /** Blocks added to that blue set, as chains of related blocks, each ascending. */
  readonly chains: readonly (readonly number[])[];
  /** The parent with the greatest past: the block's place in the reachability tree. */
  readonly treeParent: number;
  /** The past of the block without the tree parent and its past, descending by id. */
  readonly mergeSet: Int32Array;
}

/** Parents up to this many are searched for together; of more than that, ancestors of others only where they can win. */
export const PARENT_LIMIT = 32;
/** Colourings remembered: blocks made at about the same time often name the same parents. */
const REMEMBERED = 8;
const NONE = new Int32Array(0);

/**
 * Colours a block: `best(parents(n), past(n))` of PHANTOM, every distinct parent evaluated, the largest set wins, ties
 * go to the parent with the lowest hash. Costs the merge set, never the length of history. A block that names all tips
 * takes over the colouring of the virtual block.
 */
export class BlockColourer {
  readonly #index: BlockIndex;
  readonly #reach: Reachability;
  readonly #blues: BlueSets;
  readonly #search: CandidateSearch;
  readonly #greedy: GreedyColouring;
  readonly #virtual: VirtualBlock;
  readonly #parentLimit: number;
  readonly #descent: Descent;
  /** The parents at hand, and those of them that are ancestors of the one with the greatest past, if there are many. */
  readonly #sources = new IntBuffer();
  readonly #ancestors = new IntBuffer();
  readonly #targets = new IntBuffer();
  readonly #recent: { readonly parents: Int32Array; readonly colouring: BlockColouring }[] = [];
  #nextRecent = 0;

  constructor(
    index: BlockIndex,
    reach: Reachability,
    blues: BlueSets,
    search: CandidateSearch,
    greedy: GreedyColouring,
    virtual: VirtualBlock,
    parentLimit: number,
  ) {
    this.#index = index;
    this.#reach = reach;
    this.#blues = blues;
    this.#search = search;
    this.#greedy = greedy;
    this.#virtual = virtual;
    this.#parentLimit = parentLimit;
    this.#descent = new Descent(index, reach);
  }

  /** Colours a block with the given distinct parents, which it sorts by id. */
  colour(parents: IntBuffer): BlockColouring {
    if (parents.length === 1) {
      const parent = parents.data[0]!;
      return { selectedParent: parent, chains: [], treeParent: parent, mergeSet: NONE };
    }
    const list = parents.data.subarray(0, parents.length).sort();
    for (const { parents: known, colouring } of this.#recent) if (sameNumbers(known, list)) return colouring;
    const colouring = this.#namesAllTips(parents) ? this.#takeOver(parents) : this.#evaluate(parents);
    this.#recent[this.#nextRecent] = { parents: list.slice(), colouring };
    this.#nextRecent = (this.#nextRecent + 1) % REMEMBERED;
    return colouring;
  }

  #namesAllTips(parents: IntBuffer): boolean {
    if (parents.length !== this.#virtual.tipCount) return false;
    for (let i = 0; i < parents.length; i++) if (!this.#virtual.isTip(parents.data[i]!)) return false;
    return true;
  }

  /** The scope is the whole DAG: its colouring is the virtual block's, which must not change with it any more. */
  #takeOver(parents: IntBuffer): BlockColouring {
    const selectedParent = this.#virtual.selected;
    const chains = this.#virtual.chains.map((chain) => chain.slice());
    const treeParent = this.#greatestPast(parents, selectedParent);
    this.#targets.clear();
    this.#targets.push(treeParent);
    this.#search.run(parents, this.#targets);
    return { selectedParent, chains, treeParent, mergeSet: this.#search.zone.toInt32Array() };
  }

  #evaluate(parents: IntBuffer): BlockColouring {
    const largest = this.#greatestPast(parents, -1);
    this.#split(parents, largest);
    const targets = this.#chooseTargets(this.#sources, largest);
    this.#search.run(this.#sources, this.#targets);
    const merged = this.#mergeSet(largest);
    const pastSize = this.#reach.pastSize(largest) + 1 + merged.length;
    const best = this.#bestOf(targets, pastSize, undefined)!;
    const treeParent = this.#greatestPast(parents, best.tip);
    const mergeSet = treeParent === largest ? merged : this.#mergeSet(treeParent);
    const winner = this.#bestAncestor(largest, pastSize, best);
    if (winner === best) return { selectedParent: best.tip, chains: best.chains, treeParent, mergeSet };
    return { selectedParent: winner.tip, chains: winner.chains, treeParent: largest, mergeSet: merged };
  }

  /** Parents that are ancestors of the largest one add nothing to the past of the block, but can win all the same. */
  #split(parents: IntBuffer, largest: number): void {
    this.#sources.clear();
    this.#ancestors.clear();
    const areMany = parents.length > this.#parentLimit;
    for (let i = 0; i < parents.length; i++) {
      const parent = parents.data[i]!;
      if (areMany && this.#reach.isAncestor(parent, largest)) this.#ancestors.push(parent);
      else this.#sources.push(parent);
    }
  }

  /**
   * The best of those that were split off and of `best`. What such a parent can win is bounded by the number of blocks that are
   * unrelated to it: of the past, those that are neither in its own past nor among its descendants on one path. In a chain that
   * are none, and none of thousands has to be searched for.
   * @param pastSize of the block.
   */
  #bestAncestor(largest: number, pastSize: number, best: TipColouring): TipColouring {
    const ancestors = this.#ancestors;
    if (ancestors.length === 0) return best;
    this.#descent.walk(largest, ancestors.data[0]!);
    this.#targets.clear();
    for (let i = 0; i < ancestors.length; i++) {
      const tip = ancestors.data[i]!;
      const unrelated = pastSize - this.#reach.pastSize(tip) - 1 - this.#descent.descendantsOf(tip);
      if (this.#greedy.bound(tip, unrelated, Infinity) < this.#leastAgainst(best, tip)) continue;
      this.#targets.push(tip);
      this.#sources.push(tip);
    }
    if (this.#targets.length === 0) return best;
    const targets = this.#targets.toArray();
    this.#targets.push(largest);
    this.#search.run(this.#sources, this.#targets);
    return this.#bestOf(targets, pastSize, best) ?? best;
  }

  /** Size with which a tip wins against the best so far. */
  #leastAgainst(best: TipColouring, tip: number): number {
    return best.size + (this.#index.compareHashes(tip, best.tip) < 0 ? 0 : 1);
  }

  /** Evaluates the first targets of the search just run, the most promising first: it gives the others a size to beat. */
  #bestOf(targets: readonly number[], pastSize: number, given: TipColouring | undefined): TipColouring | undefined {
    const bounds = targets.map((tip) =>
      this.#greedy.bound(tip, pastSize - this.#reach.pastSize(tip) - 1, this.#search.longestChain),
    );
    const byPromise = targets.map((_, target) => target);
    byPromise.sort((a, b) => bounds[b]! - bounds[a]! || this.#index.compareHashes(targets[a]!, targets[b]!));
    this.#greedy.prepare();
    let best = given;
    for (const target of byPromise) {
      const tip = targets[target]!;
      const least = best ? this.#leastAgainst(best, tip) : 0;
      if (bounds[target]! >= least) best = this.#greedy.colour(target, tip, least) ?? best;
    }
    return best;
  }

  /**
   * The parents to search for: those that can win at all, going by the number of blocks that a chain in the past can
   * have at most, and the one with the greatest past. So a parent from far below, whose candidates would be all that
   * was built since, is left out where the blue set of another parent is beyond its reach anyway.
   */
  #chooseTargets(parents: IntBuffer, largest: number): readonly number[] {
    let height = 0;
    let blueCount = 0;
    for (let i = 0; i < parents.length; i++) {
      height = Math.max(height, this.#index.height(parents.data[i]!));
      blueCount = Math.max(blueCount, this.#blues.blueCount(parents.data[i]!));
    }
    this.#targets.clear();
    for (let i = 0; i < parents.length; i++) {
      const parent = parents.data[i]!;
      const canWin = this.#greedy.bound(parent, Infinity, height) >= blueCount;
      if (canWin || parent === largest) this.#targets.push(parent);
    }
    return this.#targets.toArray();
  }

  /** The parent with the greatest past, so no ancestor of another; of several, the preferred one if it is among them. */
  #greatestPast(parents: IntBuffer, preferred: number): number {
    let largest = preferred < 0 ? parents.data[0]! : preferred;
    for (let i = 0; i < parents.length; i++) {
      if (this.#reach.pastSize(parents.data[i]!) > this.#reach.pastSize(largest)) largest = parents.data[i]!;
    }
    return largest;
  }

  /** The blocks of the zone just searched that are outside the past of one of the targets. */
  #mergeSet(parent: number): Int32Array {
    const target = this.#targets.data.indexOf(parent);
    const zone = this.#search.zone;
    const found = new Int32Array(zone.length);
    let length = 0;
    for (let place = 0; place < zone.length; place++) {
      if (this.#search.isOutside(place, target)) found[length++] = zone.data[place]!;
    }
    return found.slice(0, length);
  }
}

function sameNumbers(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
