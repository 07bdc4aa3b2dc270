import type { BlockIndex } from './block-index.ts';
import type { BlueSets } from './blue-sets.ts';
import type { CandidateSearch } from './candidate-search.ts';
import type { GreedyColouring } from './greedy-colouring.ts';
import { IntBuffer } from './int-buffer.ts';
import type { Reachability } from './reachability.ts';

/** The blue set of one tip within the whole DAG. */
interface TipState {
  size: number;
  /** The candidates added to B(tip), as chains of related blocks, each ascending. */
  chains: number[][];
  /** False if the size is not known, only that it does not win. */
  isKnown: boolean;
}

const NO_CHAINS: readonly (readonly number[])[] = [];
/** Blocks added to the sets of all tips that are kept in memory (up to 256 MiB). */
export const KEPT_LIMIT = 1 << 25;
/** Up to so many tips to be coloured anew are coloured whether they can win or not: that saves work later. */
const FEW_TIPS = 8;
/** More accepted blocks than this to be checked, and the tip is coloured anew instead. */
const MOST_CHECKS = 16;

/**
 * The imaginary block whose parents are all tips: `best(tips, all blocks)`. Every tip's set is kept. A new block is one
 * more candidate for each tip that stays: mostly it is either refused, which changes nothing, or accepted without
 * pushing out anything that was accepted before; only where it does push something out is that tip coloured anew. So
 * some hundred tips cost some hundred short checks a block. The new tip itself mostly inherits from its selected parent.
 * A tip that cannot be selected, by a bound on what it can get, need not be coloured at all.
 */
export class VirtualBlock {
  readonly #index: BlockIndex;
  readonly #reach: Reachability;
  readonly #blues: BlueSets;
  readonly #search: CandidateSearch;
  readonly #greedy: GreedyColouring;
  readonly #k: number;
  readonly #keptLimit: number;
  readonly #states = new Map<number, TipState>();
  readonly #sources = new IntBuffer();
  readonly #targets = new IntBuffer();
  #selected = -1;

  constructor(
    index: BlockIndex,
    reach: Reachability,
    blues: BlueSets,
    search: CandidateSearch,
    greedy: GreedyColouring,
    k: number,
    keptLimit: number,
  ) {
    this.#index = index;
    this.#reach = reach;
    this.#blues = blues;
    this.#search = search;
    this.#greedy = greedy;
    this.#k = k;
    this.#keptLimit = keptLimit;
  }

  /** The tips, in no particular order. */
  tips(): IterableIterator<number> {
    return this.#states.keys();
  }

  get tipCount(): number {
    return this.#states.size;
  }

  isTip(id: number): boolean {
    return this.#states.has(id);
  }

  /** The tip whose blue set the virtual block extends; −1 before genesis. */
  get selected(): number {
    return this.#selected;
  }

  /** What is added to the selected tip's blue set. */
  get chains(): readonly (readonly number[])[] {
    return this.#states.get(this.#selected)?.chains ?? NO_CHAINS;
  }

  /** Size of the virtual blue set. */
  get size(): number {
    return this.#states.get(this.#selected)?.size ?? 0;
  }

  /** Takes in a block that has been coloured and entered into the reachability structure. */
  add(id: number, parents: IntBuffer): void {
    const inherited = this.#inherit(id, parents.length === 1);
    for (let i = 0; i < parents.length; i++) this.#states.delete(parents.data[i]!);
    for (const [tip, state] of this.#states) {
      if (state.isKnown && !this.#offer(tip, state, id)) this.#states.set(tip, this.#unknown());
    }
    this.#states.set(id, inherited ?? this.#unknown());
    this.#colourUnknown();
  }

  /** Makes a set of blocks the tips, all coloured anew: after a load. */
  reset(tips: readonly number[]): void {
    this.#states.clear();
    for (const tip of tips) this.#states.set(tip, this.#unknown());
    this.#colourUnknown();
  }

  #unknown(): TipState {
    return { size: 0, chains: [], isKnown: false };
  }

  /** Colours the tips whose size is not known, as far as they might win, and selects the winner. */
  #colourUnknown(): void {
    this.#selected = -1;
    let least = 0;
    for (const [tip, state] of this.#states) {
      if (this.#states.size === 1) this.#learn(tip, this.#blues.blueCount(tip), []);
      if (state.isKnown) this.#compete(tip, state.size);
      least = Math.max(least, this.#blues.blueCount(tip));
    }
    this.#sources.clear();
    this.#targets.clear();
    for (const [tip, state] of this.#states) {
      this.#sources.push(tip);
      if (!state.isKnown && this.#canWin(tip, this.#index.greatestHeight, least)) this.#targets.push(tip);
    }
    if (this.#targets.length === 0) return;
    this.#search.run(this.#sources, this.#targets);
    this.#greedy.prepare();
    const byPromise = Array.from({ length: this.#targets.length }, (_, target) => target);
    const targets = this.#targets.toArray();
    if (targets.length > FEW_TIPS) this.#sortByPromise(byPromise, targets);
    for (const target of byPromise) {
      const tip = targets[target]!;
      if (targets.length > FEW_TIPS && !this.#canWin(tip, this.#search.longestChain, least)) continue;
      const { size, chains } = this.#greedy.colour(target, tip, 0)!;
      this.#learn(tip, size, chains);
    }
    this.#forgetExcess();
  }

  /** Bounds the memory of the tips' sets: tips from far below may have a large part of the DAG added each. */
  #forgetExcess(): void {
    const addedTo = (tip: number) => this.#states.get(tip)!.size - this.#blues.blueCount(tip);
    const known = [...this.#states.keys()].filter((tip) => this.#states.get(tip)!.isKnown);
    let kept = known.reduce((sum, tip) => sum + addedTo(tip), 0);
    if (kept <= this.#keptLimit) return;
    for (const tip of known.sort((a, b) => addedTo(b) - addedTo(a))) {
      if (tip === this.#selected || kept <= this.#keptLimit) continue;
      kept -= addedTo(tip);
      this.#states.set(tip, this.#unknown());
    }
  }

  #sortByPromise(places: number[], tips: readonly number[]): void {
    const bounds = tips.map((tip) => this.#bound(tip, this.#search.longestChain));
    places.sort((a, b) => bounds[b]! - bounds[a]! || this.#index.compareHashes(tips[a]!, tips[b]!));
  }

  #bound(tip: number, longestChain: number): number {
    const candidates = this.#index.connectedCount - this.#reach.pastSize(tip) - 1;
    return this.#greedy.bound(tip, candidates, longestChain);
  }

  /** False if a tip of unknown size will not be selected: another one has more than it can get, or `least` more. */
  #canWin(tip: number, longestChain: number, least: number): boolean {
    const bound = this.#bound(tip, longestChain);
    if (bound < least || this.#selected < 0) return bound >= least;
    return bound > this.size || (bound === this.size && this.#index.compareHashes(tip, this.#selected) < 0);
  }

  #learn(tip: number, size: number, chains: number[][]): void {
    this.#states.set(tip, { size, chains, isKnown: true });
    this.#compete(tip, size);
  }

  /** Selects a tip if it beats the selected one: by size, then by the lower hash. */
  #compete(tip: number, size: number): void {
    const ahead = size - this.size;
    if (this.#selected >= 0 && (ahead < 0 || (ahead === 0 && this.#index.compareHashes(tip, this.#selected) > 0)))
      return;
    this.#selected = tip;
  }

  /**
   * The state of a new tip that follows from that of its selected parent, if that was a tip until now.
   *
   * If all blocks accepted for the parent are in the new block's past, they are its diff: the others were refused and
   * so had no influence. The new block's set begins with all that, so whatever was refused is refused again and nothing
   * is added. If the parent is the only one, the candidates stay the same, each with the new block as one more unrelated
   * block; if all that were accepted still are, the outcome is the same too.
   */
  #inherit(id: number, isOnlyParent: boolean): TipState | undefined {
    const parent = this.#blues.selectedParent(id);
    const state = this.#states.get(parent);
    if (!state?.isKnown) return undefined;
    const { chains } = state;
    const blueCount = this.#blues.blueCount(id);
    if (chains.every((chain) => this.#reach.isAncestor(chain[chain.length - 1]!, id))) {
      return { size: blueCount, chains: [], isKnown: true };
    }
    const added = state.size - this.#blues.blueCount(parent);
    if (!isOnlyParent || added > MOST_CHECKS) return undefined;
    const allStay = chains.every((chain) => chain.every((block) => this.#staysAccepted(parent, state, block)));
    return allStay ? { size: blueCount + added, chains, isKnown: true } : undefined;
  }

  /**
   * Offers a new block, which has no children, as a candidate to a tip. Returns false if it pushes out another block,
   * so that the tip has to be coloured anew.
   */
  #offer(tip: number, state: TipState, block: number): boolean {
    const k = this.#k;
    let unrelated = 1;
    const later: number[] = [];
    for (const chain of state.chains) {
      for (let i = chain.length - 1; i >= 0 && !this.#reach.isAncestor(chain[i]!, block); i--) {
        if (this.#index.compareHashes(chain[i]!, block) > 0) later.push(chain[i]!);
        else if (++unrelated > k) return true;
      }
    }
    if (unrelated + this.#blues.countUnrelated(tip, block, k - unrelated) > k) return true;
    if (later.length > MOST_CHECKS) return false;
    for (const other of later) if (!this.#staysAccepted(tip, state, other)) return false;
    const home = state.chains.find((chain) => this.#reach.isAncestor(chain[chain.length - 1]!, block));
    if (home) home.push(block);
    else if (state.chains.length > 2 * k + 2) return false;
    else state.chains.push([block]);
    state.size++;
    return true;
  }

  /** True if an accepted block would still be accepted with one more unrelated block before it. */
  #staysAccepted(tip: number, state: TipState, block: number): boolean {
    const k = this.#k;
    let unrelated = 2;
    for (const chain of state.chains) {
      for (let i = chain.length - 1; i >= 0 && !this.#reach.isAncestor(chain[i]!, block); i--) {
        const other = chain[i]!;
        if (this.#index.compareHashes(other, block) >= 0 || this.#reach.isAncestor(block, other)) continue;
        if (++unrelated > k) return false;
      }
    }
    return unrelated <= k && unrelated + this.#blues.countUnrelated(tip, block, k - unrelated) <= k;
  }
}
