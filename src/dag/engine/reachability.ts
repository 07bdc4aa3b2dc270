import type { BlockIndex } from './block-index.ts';
import { Int32Column } from './columns.ts';
import { EulerList } from './euler-list.ts';
import type { IntBuffer } from './int-buffer.ts';
import { IntLists } from './int-lists.ts';

/**
 * Answers "is a an ancestor of b?" for the DAG in logarithmic time (the scheme of the GHOSTDAG family of nodes). One
 * parent of every block, its *tree parent*, makes a spanning tree whose ancestor relation an {@link EulerList} knows.
 * What the tree misses lies in *future covering sets*: n is in the set of x if x is in the past of n, but neither of
 * n's tree parent nor that parent itself. So n enters exactly the sets of its merge set; the members of one set have
 * disjoint subtrees, are kept in the order of the Euler tour, and x is an ancestor of b if x's own subtree or that of
 * one member, found by binary search, contains b.
 *
 * It also knows the children of every block: an edge to the tree parent or to a block the tree parent already reaches
 * is in a linked list of the parent; every other edge is marked in the covering set where the child stands anyway.
 */
export class Reachability {
  readonly #index: BlockIndex;
  #tree: EulerList | undefined;
  /** Per block its covering set; a member that is also a child is stored as its complement (~id). */
  readonly #covering = new IntLists();
  /** Per block the list of its other children: > 0 a child id, < 0 an entry −1 − e of the extra edges, 0 the end. */
  readonly #firstChild = new Int32Column();
  readonly #nextSibling = new Int32Column();
  readonly #extraChild = new Int32Column();
  readonly #extraNext = new Int32Column();
  #extraCount = 0;
  readonly #pastSize = new Int32Column();

  constructor(index: BlockIndex) {
    this.#index = index;
  }

  /** Makes genesis (id 0) the root. */
  insertGenesis(): void {
    this.#tree = new EulerList();
    this.#covering.ensure(1);
    this.#firstChild.ensure(1);
    this.#nextSibling.ensure(1);
    this.#pastSize.ensure(1);
  }

  /**
   * Adds a block. `treeParent` is one of its distinct `parents`, not an ancestor of another one, and `mergeSet` holds
   * the blocks of its past that are neither the tree parent nor in its past.
   */
  insert(id: number, treeParent: number, parents: IntBuffer, mergeSet: Int32Array): void {
    const tree = this.#tree!;
    this.#covering.ensure(id + 1);
    this.#firstChild.ensure(id + 1);
    this.#nextSibling.ensure(id + 1);
    tree.insert(id, treeParent);
    this.#pastSize.ensure(id + 1);
    this.#pastSize.set(id, this.#pastSize.get(treeParent) + 1 + mergeSet.length);
    this.#nextSibling.set(id, this.#firstChild.get(treeParent));
    this.#firstChild.set(treeParent, id);
    for (let i = 0; i < mergeSet.length; i++) {
      const block = mergeSet[i]!;
      this.#covering.insertAt(block, this.#rank(block, id), id);
    }
    for (let i = 0; i < parents.length; i++) {
      if (parents.data[i] !== treeParent) this.#insertEdge(id, parents.data[i]!);
    }
  }

  /** True if a is in past(b). Both must have been inserted. */
  isAncestor(a: number, b: number): boolean {
    if (a >= b || this.#index.height(a) >= this.#index.height(b)) return false;
    if (a === 0 || this.#tree!.contains(a, b)) return true;
    if (this.#covering.length(a) === 0) return false;
    const rank = this.#rank(a, b);
    if (rank === 0) return false;
    const entry = this.#covering.dataOf(a)[this.#covering.baseOf(a) + rank]!;
    return this.#tree!.contains(entry < 0 ? ~entry : entry, b);
  }

  /** |past(id)|: the number of a block's ancestors. */
  pastSize(id: number): number {
    return this.#pastSize.get(id);
  }

  /** Appends the children of a block to a buffer, in no particular order. */
  readChildren(id: number, into: IntBuffer): void {
    for (let edge = this.#firstChild.get(id); edge !== 0; ) {
      if (edge > 0) {
        into.push(edge);
        edge = this.#nextSibling.get(edge);
      } else {
        into.push(this.#extraChild.get(-1 - edge));
        edge = this.#extraNext.get(-1 - edge);
      }
    }
    const count = this.#covering.length(id);
    if (count === 0) return;
    const data = this.#covering.dataOf(id);
    const first = this.#covering.baseOf(id) + 1;
    for (let i = first; i < first + count; i++) if (data[i]! < 0) into.push(~data[i]!);
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    const links = this.#firstChild.bytes + this.#nextSibling.bytes + this.#extraChild.bytes + this.#extraNext.bytes;
    return links + this.#pastSize.bytes + this.#covering.bytes + (this.#tree?.bytes ?? 0);
  }

  /** Number of members of a's covering set whose opening mark does not stand behind b's. */
  #rank(a: number, b: number): number {
    const count = this.#covering.length(a);
    if (count === 0) return 0;
    const data = this.#covering.dataOf(a);
    const first = this.#covering.baseOf(a) + 1;
    const tree = this.#tree!;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = data[first + middle]!;
      if (tree.opensBefore(entry < 0 ? ~entry : entry, b)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Records that `child` names `parent`, which is not its tree parent. */
  #insertEdge(child: number, parent: number): void {
    const rank = this.#rank(parent, child);
    if (rank > 0) {
      const data = this.#covering.dataOf(parent);
      const at = this.#covering.baseOf(parent) + rank;
      if (data[at] === child) {
        data[at] = ~child;
        return;
      }
    }
    const edge = this.#extraCount++;
    this.#extraChild.ensure(edge + 1);
    this.#extraNext.ensure(edge + 1);
    this.#extraChild.set(edge, child);
    this.#extraNext.set(edge, this.#firstChild.get(parent));
    this.#firstChild.set(parent, -1 - edge);
  }
}
