import type { BlockIndex } from './block-index.ts';
import type { BlueSets } from './blue-sets.ts';
import type { CandidateSearch } from './candidate-search.ts';
import { Int32Column } from './columns.ts';
import type { GreedyColouring, TipColouring } from './greedy-colouring.ts';
import { IntBuffer } from './int-buffer.ts';
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
  readonly #blues: BlueSets;
  readonly #search: CandidateSearch;
  readonly #greedy: GreedyColouring;
  readonly #virtual: VirtualBlock;
  /** |past(id)|. The parent with the greatest past cannot be an ancestor of another parent. */
  readonly #pastSize = new Int32Column();
  readonly #target = new IntBuffer();
  readonly #recent: { readonly parents: Int32Array; readonly colouring: BlockColouring }[] = [];
  #nextRecent = 0;

  constructor(
    index: BlockIndex,
    blues: BlueSets,
    search: CandidateSearch,
    greedy: GreedyColouring,
    virtual: VirtualBlock,
  ) {
    this.#index = index;
    this.#blues = blues;
    this.#search = search;
    this.#greedy = greedy;
    this.#virtual = virtual;
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

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#pastSize.bytes;
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
    this.#target.clear();
    this.#target.push(treeParent);
    this.#search.run(parents, this.#target);
    return { selectedParent, chains, treeParent, mergeSet: this.#search.zone.toInt32Array() };
  }

  #evaluate(parents: IntBuffer): BlockColouring {
    this.#search.run(parents, parents);
    const largest = this.#greatestPast(parents, -1);
    const pastSize = this.#pastSize.get(largest) + 1 + this.#mergeSet(parents, largest).length;
    this.#greedy.prepare();
    const { tip, chains } = this.#best(parents, largest, pastSize);
    const treeParent = this.#greatestPast(parents, tip);
    return { selectedParent: tip, chains, treeParent, mergeSet: this.#mergeSet(parents, treeParent) };
  }

  /** The parent with the greatest past; of several, the preferred one if it is among them. */
  #greatestPast(parents: IntBuffer, preferred: number): number {
    let largest = preferred < 0 ? parents.data[0]! : preferred;
    for (let i = 0; i < parents.length; i++) {
      if (this.#pastSize.get(parents.data[i]!) > this.#pastSize.get(largest)) largest = parents.data[i]!;
    }
    return largest;
  }

  /** The blocks of the zone just searched that are outside the past of a parent. */
  #mergeSet(parents: IntBuffer, parent: number): Int32Array {
    const target = parents.data.indexOf(parent);
    const zone = this.#search.zone;
    const found = new Int32Array(zone.length);
    let length = 0;
    for (let place = 0; place < zone.length; place++) {
      if (this.#search.isOutside(place, target)) found[length++] = zone.data[place]!;
    }
    return found.slice(0, length);
  }

  /** Evaluates the parents, one with the greatest past first: that gives the others a size to beat. */
  #best(parents: IntBuffer, first: number, pastSize: number): TipColouring {
    let best = this.#greedy.colour(parents.data.indexOf(first), first, 0)!;
    for (let i = 0; i < parents.length; i++) {
      const tip = parents.data[i]!;
      if (tip === first) continue;
      const least = this.#index.compareHashes(tip, best.tip) < 0 ? best.size : best.size + 1;
      if (this.#blues.blueCount(tip) + pastSize - this.#pastSize.get(tip) - 1 < least) continue;
      best = this.#greedy.colour(i, tip, least) ?? best;
    }
    return best;
  }
}

function sameNumbers(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
