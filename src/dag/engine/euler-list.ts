import { Int32Column } from './columns.ts';

/** log2 of the marks a group can hold. */
const GROUP_SHIFT = 6;
const GROUP_SIZE = 1 << GROUP_SHIFT;
const GROUP_MASK = GROUP_SIZE - 1;
/** A group is split no more unevenly than this, so that no pattern of insertions can leave groups nearly empty. */
const LEAST_CUT = 16;
/** Labels of groups are integers in [0, 2^52). */
const LABELS = 2 ** 52;
/**
 * Overflow threshold of the labels: a range of 2^i labels is full with (2 / T)^i groups. Any T in (1, 2) keeps
 * inserting amortised logarithmic; with 1.4 the whole range of labels takes more than 10^8 groups.
 */
const THRESHOLD = 1.4;
const NONE = -1;

/**
 * A rooted tree that grows by leaves, with the question "is a an ancestor of b?" answered in constant time. It keeps
 * the Euler tour of the tree (every node has an opening and a closing mark; a's subtree lies between a's marks) as a
 * list in which the order of two marks can be compared (order maintenance: Dietz and Sleator 1987; labels as in Bender
 * et al., "Two Simplified Algorithms for Maintaining Order in a List", 2002). Marks lie in groups of up to 64; only
 * groups carry labels. No shape of tree and no order of insertion makes inserting dearer than amortised O(log n); there
 * is no recursion and no walk along the depth of the tree.
 *
 * Nodes are dense ids; node 0 is the root. Children of a node stand in the order of insertion, for ever.
 */
export class EulerList {
  /** Per mark: group × 64 + place in the group. Mark 2·id opens, 2·id + 1 closes. */
  readonly #place = new Int32Column();
  /** Per place: the mark. */
  readonly #marks = new Int32Column();
  #groups = 0;
  #label = new Float64Array(16);
  #size = new Uint8Array(16);
  #previous = new Int32Array(16);
  #next = new Int32Array(16);

  /** Starts the tree with its root, node 0. */
  constructor() {
    const group = this.#newGroup();
    this.#label[group] = LABELS / 2;
    this.#previous[group] = NONE;
    this.#next[group] = NONE;
    this.#place.ensure(2);
    this.#marks.set(0, 0);
    this.#marks.set(1, 1);
    this.#place.set(0, 0);
    this.#place.set(1, 1);
    this.#size[group] = 2;
  }

  /** Adds a leaf as the last child of `parent`. */
  insert(node: number, parent: number): void {
    this.#place.ensure(2 * node + 2);
    let at = this.#place.get(2 * parent + 1);
    if (this.#size[at >>> GROUP_SHIFT]! + 2 > GROUP_SIZE) {
      this.#split(at >>> GROUP_SHIFT, at & GROUP_MASK);
      at = this.#roomBefore(this.#place.get(2 * parent + 1));
    }
    const group = at >>> GROUP_SHIFT;
    const base = group << GROUP_SHIFT;
    const end = base + this.#size[group]!;
    for (let from = end - 1; from >= at; from--) {
      const mark = this.#marks.get(from);
      this.#marks.set(from + 2, mark);
      this.#place.set(mark, from + 2);
    }
    this.#marks.set(at, 2 * node);
    this.#marks.set(at + 1, 2 * node + 1);
    this.#place.set(2 * node, at);
    this.#place.set(2 * node + 1, at + 1);
    this.#size[group] = this.#size[group]! + 2;
  }

  /** True if b lies in the subtree of a; every node lies in its own. */
  contains(a: number, b: number): boolean {
    const open = this.#place.get(2 * b);
    return this.#atMost(this.#place.get(2 * a), open) && this.#atMost(open, this.#place.get(2 * a + 1));
  }

  /** True if a's opening mark stands before b's or a is b. */
  opensBefore(a: number, b: number): boolean {
    return this.#atMost(this.#place.get(2 * a), this.#place.get(2 * b));
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    const groups = this.#label.byteLength + this.#size.byteLength + this.#previous.byteLength + this.#next.byteLength;
    return this.#place.bytes + this.#marks.bytes + groups;
  }

  #atMost(place: number, other: number): boolean {
    const group = place >>> GROUP_SHIFT;
    const otherGroup = other >>> GROUP_SHIFT;
    return group === otherGroup ? place <= other : this.#label[group]! < this.#label[otherGroup]!;
  }

  /**
   * After a split: the place to insert at so that the marks stand directly before the mark at `at`. If that mark opens
   * its group, the end of the group before is as good; the emptier of the two is taken.
   */
  #roomBefore(at: number): number {
    if ((at & GROUP_MASK) !== 0) return at;
    const group = at >>> GROUP_SHIFT;
    const before = this.#previous[group]!;
    if (before === NONE || this.#size[before]! >= this.#size[group]!) return at;
    return (before << GROUP_SHIFT) + this.#size[before]!;
  }

  /** Moves the marks of a full group from `offset` on into a new group behind it, or half of it if that is lopsided. */
  #split(group: number, offset: number): void {
    const size = this.#size[group]!;
    const cut = offset < LEAST_CUT || offset > size - LEAST_CUT ? size >>> 1 : offset;
    const fresh = this.#newGroup();
    this.#linkAfter(group, fresh);
    const base = group << GROUP_SHIFT;
    const freshBase = fresh << GROUP_SHIFT;
    for (let i = cut; i < size; i++) {
      const mark = this.#marks.get(base + i);
      this.#marks.set(freshBase + i - cut, mark);
      this.#place.set(mark, freshBase + i - cut);
    }
    this.#size[group] = cut;
    this.#size[fresh] = size - cut;
  }

  #newGroup(): number {
    const group = this.#groups++;
    if (group === this.#label.length) {
      const length = group * 2;
      const label = new Float64Array(length);
      label.set(this.#label);
      this.#label = label;
      const size = new Uint8Array(length);
      size.set(this.#size);
      this.#size = size;
      const previous = new Int32Array(length);
      previous.set(this.#previous);
      this.#previous = previous;
      const next = new Int32Array(length);
      next.set(this.#next);
      this.#next = next;
    }
    this.#marks.ensure((group + 1) << GROUP_SHIFT);
    return group;
  }

  /** Puts a new group behind another one and gives it a label between its neighbours'. */
  #linkAfter(group: number, fresh: number): void {
    if (this.#labelAfter(group) === this.#label[group]) this.#relabelAround(group);
    const label = this.#labelAfter(group);
    const next = this.#next[group]!;
    this.#label[fresh] = label;
    this.#previous[fresh] = group;
    this.#next[fresh] = next;
    this.#next[group] = fresh;
    if (next !== NONE) this.#previous[next] = fresh;
  }

  /** The label in the middle between a group and the next one; the group's own label if there is no room. */
  #labelAfter(group: number): number {
    const next = this.#next[group]!;
    const low = this.#label[group]!;
    return low + Math.floor(((next === NONE ? LABELS : this.#label[next]!) - low) / 2);
  }

  /** Spreads the labels around a group evenly, over the smallest aligned range that is not too full. */
  #relabelAround(group: number): void {
    const label = this.#label[group]!;
    let first = group;
    let last = group;
    let count = 1;
    let capacity = 1;
    for (let width = 2; width <= LABELS; width *= 2) {
      capacity *= 2 / THRESHOLD;
      const low = Math.floor(label / width) * width;
      const high = low + width;
      for (let before = this.#previous[first]!; before !== NONE && this.#label[before]! >= low; ) {
        first = before;
        count++;
        before = this.#previous[first]!;
      }
      for (let after = this.#next[last]!; after !== NONE && this.#label[after]! < high; ) {
        last = after;
        count++;
        after = this.#next[last]!;
      }
      const gap = Math.floor(width / count);
      if (count > capacity || gap < 2) continue;
      for (let at = first, value = low; ; value += gap, at = this.#next[at]!) {
        this.#label[at] = value;
        if (at === last) return;
      }
    }
    throw new RangeError('reachability: out of labels');
  }
}
