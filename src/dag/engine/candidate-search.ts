import type { BlockIndex } from './block-index.ts';
import type { Int32Column } from './columns.ts';
import { IdHeap } from './id-heap.ts';
import { IntBuffer } from './int-buffer.ts';
import type { Reachability } from './reachability.ts';

/**
 * Finds the candidates of several tips in one backward search. Given `sources` (the tips of a scope) and `targets`
 * (some or all of them), it visits the *zone*: the blocks of the scope that are not in the common past of all targets.
 * Blocks are taken in descending id order, hence after all their descendants, and hand a bit set down to their parents:
 * bit i says "is target i or in its past". A candidate of a target is a block of the zone without the target's bit.
 * The search costs the zone and its edges, once for all targets. All paths between two candidates of one target run
 * inside the zone.
 */
export class CandidateSearch {
  readonly #index: BlockIndex;
  readonly #reach: Reachability;
  /** Working memory of one number a block, 0 between uses: here slot + 1 of a visited block. */
  readonly #marks: Int32Column;
  readonly #heap = new IdHeap();
  readonly #parents = new IntBuffer();
  /** Per slot: the block. */
  readonly #visited = new IntBuffer();
  /** Per slot `#words` words of bits. */
  #bits = new Int32Array(64);
  #words = 1;
  #lastWord = 0;
  readonly #targetSlots = new IntBuffer();
  readonly #zoneSlots = new IntBuffer();
  /** Per slot: number of blocks of the longest chain from here up to a source. */
  readonly #depths = new IntBuffer();
  /** The blocks of the zone, descending by id. */
  readonly zone = new IntBuffer();
  /** No chain of related blocks within the zone is longer than this. */
  longestChain = 0;

  constructor(index: BlockIndex, reach: Reachability, marks: Int32Column) {
    this.#index = index;
    this.#reach = reach;
    this.#marks = marks;
  }

  /** Searches. The targets must be among the sources; both without duplicates. */
  run(sources: IntBuffer, targets: IntBuffer): void {
    this.#begin(sources, targets);
    const words = this.#words;
    const heap = this.#heap;
    const parents = this.#parents;
    let cut = false;
    while (heap.size > 0) {
      const block = heap.pop();
      const slot = this.#marks.get(block) - 1;
      const missing = this.#firstMissing(slot);
      if (missing < 0) {
        cut = true;
        continue;
      }
      // A bit can only be missing wrongly where the path from that target runs through a block that had all bits and
      // was not followed any further; then the block itself is in the past of all targets.
      if (cut && this.#reach.isAncestor(block, targets.data[missing]!)) {
        this.#fill(slot);
        continue;
      }
      this.#zoneSlots.push(slot);
      this.zone.push(block);
      const depth = this.#depths.data[slot]!;
      if (depth > this.longestChain) this.longestChain = depth;
      parents.length = 0;
      this.#index.readDistinctParents(block, parents);
      for (let i = 0; i < parents.length; i++) {
        const parent = this.#visit(parents.data[i]!);
        if (this.#depths.data[parent]! <= depth) this.#depths.data[parent] = depth + 1;
        const to = parent * words;
        const from = slot * words;
        for (let word = 0; word < words; word++) this.#bits[to + word]! |= this.#bits[from + word]!;
      }
    }
    for (let i = 0; i < this.#visited.length; i++) this.#marks.set(this.#visited.data[i]!, 0);
    for (let target = 0; target < targets.length; target++) {
      if (!this.isRedundant(target)) continue;
      this.#dropDescendants(targets);
      return;
    }
  }

  /** Number of targets of the last search. */
  get targetCount(): number {
    return this.#targetSlots.length;
  }

  /** True if the block at a place of the zone is neither a target nor in its past. */
  isOutside(place: number, target: number): boolean {
    const word = this.#bits[this.#zoneSlots.data[place]! * this.#words + (target >>> 5)]!;
    return ((word >>> (target & 31)) & 1) === 0;
  }

  /** True if a target is an ancestor of another one. */
  isRedundant(target: number): boolean {
    const from = this.#targetSlots.data[target]! * this.#words;
    for (let word = 0; word < this.#words; word++) {
      const own = word === target >>> 5 ? 1 << (target & 31) : 0;
      if ((this.#bits[from + word]! & ~own) !== 0) return true;
    }
    return false;
  }

  /**
   * Between a redundant target and the tips above it all blocks are in the zone, though hardly any is its candidate:
   * they are its descendants. Leaves out of the zone what is no candidate of any target.
   */
  #dropDescendants(targets: IntBuffer): void {
    const zone = this.zone.data;
    let kept = 0;
    for (let place = 0; place < this.zone.length; place++) {
      const block = zone[place]!;
      let isCandidate = false;
      for (let target = 0; target < targets.length && !isCandidate; target++) {
        isCandidate = this.isOutside(place, target) && !this.#reach.isAncestor(targets.data[target]!, block);
      }
      if (!isCandidate) continue;
      this.#zoneSlots.data[kept] = this.#zoneSlots.data[place]!;
      zone[kept++] = block;
    }
    this.zone.length = kept;
    this.#zoneSlots.length = kept;
  }

  #begin(sources: IntBuffer, targets: IntBuffer): void {
    this.zone.clear();
    this.#zoneSlots.clear();
    this.#visited.clear();
    this.#depths.clear();
    this.longestChain = 0;
    this.#targetSlots.clear();
    this.#words = (targets.length + 31) >>> 5;
    this.#lastWord = -1 >>> (32 * this.#words - targets.length);
    if (this.#bits.length > 1 << 21) this.#bits = new Int32Array(64);
    for (let i = 0; i < sources.length; i++) this.#visit(sources.data[i]!);
    for (let i = 0; i < targets.length; i++) {
      const slot = this.#visit(targets.data[i]!);
      this.#targetSlots.push(slot);
      this.#bits[slot * this.#words + (i >>> 5)]! |= 1 << (i & 31);
    }
  }

  /** Slot of a block; a block seen for the first time gets one, with no bits, and is queued. */
  #visit(block: number): number {
    const mark = this.#marks.get(block);
    if (mark > 0) return mark - 1;
    const slot = this.#visited.length;
    this.#visited.push(block);
    this.#depths.push(1);
    this.#marks.set(block, slot + 1);
    this.#heap.push(block);
    const from = slot * this.#words;
    if (from + this.#words > this.#bits.length) {
      const bigger = new Int32Array(Math.max(this.#bits.length * 2, from + this.#words));
      bigger.set(this.#bits);
      this.#bits = bigger;
    }
    this.#bits.fill(0, from, from + this.#words);
    return slot;
  }

  /** The lowest target whose bit a slot lacks; −1 if it has all. */
  #firstMissing(slot: number): number {
    const from = slot * this.#words;
    for (let word = 0; word < this.#words; word++) {
      const all = word === this.#words - 1 ? this.#lastWord : -1;
      const missing = all & ~this.#bits[from + word]!;
      if (missing !== 0) return (word << 5) + 31 - Math.clz32(missing & -missing);
    }
    return -1;
  }

  #fill(slot: number): void {
    const from = slot * this.#words;
    for (let word = 0; word < this.#words; word++) {
      this.#bits[from + word] = word === this.#words - 1 ? this.#lastWord : -1;
    }
  }
}
