import type { BlockIndex } from './block-index.ts';
import { Int32Column } from './columns.ts';
import { sortByHash } from './hash-sort.ts';
import { IntBuffer } from './int-buffer.ts';
import type { Reachability } from './reachability.ts';
import type { VirtualBlock } from './virtual-block.ts';
import type { VirtualBlues } from './virtual-blues.ts';

/** A block all of whose ancestors stand in the queue needs no anchor. */
const NO_ANCHOR = -1;

/**
 * The block order: the sequence of the FIFO queue of PHANTOM's ordering, kept so that its end can be redone. Position
 * by position the queue takes a block and appends, for each of its blue children ascending by hash, the child's
 * ancestors that are unrelated to the block (ascending by hash) and the child. At the first tip the blocks unrelated
 * to it follow, then the virtual block, behind which nothing counts: the order is complete.
 *
 * Each processed position records the length of the queue before it. A change of the DAG leaves the queue as it was up
 * to the first position whose list of blue children changed (or the first tip); the queue is cut back to the length
 * recorded there and the algorithm goes on.
 */
export class BlockOrder {
  readonly #index: BlockIndex;
  readonly #reach: Reachability;
  readonly #virtual: VirtualBlock;
  readonly #blues: VirtualBlues;
  /** Working memory of one number a block, 0 between uses: here 1 for a visited block. */
  readonly #marks: Int32Column;
  /** Per position: the block; the queue length before it was processed (0 if it was not). */
  readonly #block = new Int32Column();
  readonly #lengthBefore = new Int32Column();
  /**
   * Per position a bound on what the queue lacks: all ancestors of the block that did not stand in the queue when its
   * batch was complete are ancestors of the anchor. Where blocks name redundant parents, ancestors can be missing for
   * ever; everywhere else there is no anchor. It saves searching the same past once per parent.
   */
  readonly #anchor = new Int32Column();
  /** Per block: position + 1, 0 if it is not in the order. */
  readonly #position = new Int32Column();
  #length = 0;
  /** Position of the first tip: the last one processed. */
  #firstTip = 0;
  #dirtyFrom = 0;
  readonly #children = new IntBuffer();
  readonly #stack = new IntBuffer();
  readonly #visited = new IntBuffer();
  readonly #found = new IntBuffer();
  #foundFuture = false;

  constructor(index: BlockIndex, reach: Reachability, virtual: VirtualBlock, blues: VirtualBlues, marks: Int32Column) {
    this.#index = index;
    this.#reach = reach;
    this.#virtual = virtual;
    this.#blues = blues;
    this.#marks = marks;
  }

  get length(): number {
    return this.#length;
  }

  /** The block at a position. */
  at(position: number): number {
    return this.#block.get(position);
  }

  /** Position of a block, −1 if it is not in the order. */
  positionOf(id: number): number {
    return this.#position.get(id) - 1;
  }

  /** Queue length recorded for a position, 0 if it was not processed; see the class comment. */
  lengthBefore(position: number): number {
    return position <= this.#firstTip ? this.#lengthBefore.get(position) : 0;
  }

  /** Anchor recorded for a position, −1 if there is none. */
  anchor(position: number): number {
    return this.#anchor.get(position);
  }

  /** Least position whose record changed since {@link markClean}; `length` or more if none. */
  get dirtyFrom(): number {
    return this.#dirtyFrom;
  }

  /** Says that all records are stored. */
  markClean(): void {
    this.#dirtyFrom = this.#length;
  }

  /** Appends a stored record while loading. `lengthBefore` is 0 for positions behind the first tip. */
  restore(block: number, lengthBefore: number, anchor: number, rows: number): void {
    this.#position.ensure(rows);
    const position = this.#length;
    this.#append(block, anchor);
    this.#lengthBefore.set(position, lengthBefore);
    if (lengthBefore > 0) this.#firstTip = position;
    this.#dirtyFrom = this.#length;
  }

  /**
   * Brings the order up to date. `rows` is the number of block ids in use, `changed` the blocks that entered or left
   * the virtual blue set. `removed` receives the old end of the queue; returns the position it began at.
   */
  repair(changed: IntBuffer, rows: number, removed: IntBuffer): number {
    this.#position.ensure(rows);
    removed.clear();
    if (this.#length === 0) {
      this.#append(0, NO_ANCHOR);
      this.#process(0);
      return 0;
    }
    const start = this.#firstChange(changed);
    const cut = this.#lengthBefore.get(start);
    for (let position = cut; position < this.#length; position++) {
      const block = this.#block.get(position);
      removed.push(block);
      this.#position.set(block, 0);
    }
    this.#length = cut;
    if (start < this.#dirtyFrom) this.#dirtyFrom = start;
    this.#process(start);
    return cut;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#block.bytes + this.#lengthBefore.bytes + this.#anchor.bytes + this.#position.bytes;
  }

  #firstChange(changed: IntBuffer): number {
    let first = this.#firstTip;
    const parents = this.#stack;
    parents.clear();
    for (let i = 0; i < changed.length; i++) this.#index.readDistinctParents(changed.data[i]!, parents);
    for (let i = 0; i < parents.length; i++) {
      const position = this.#position.get(parents.data[i]!) - 1;
      if (position >= 0 && position < first) first = position;
    }
    return first;
  }

  #append(block: number, anchor: number): void {
    const position = this.#length++;
    this.#block.ensure(this.#length);
    this.#lengthBefore.ensure(this.#length);
    this.#anchor.ensure(this.#length);
    this.#block.set(position, block);
    this.#anchor.set(position, anchor);
    this.#position.set(block, position + 1);
  }

  /** Processes positions from `start` up to the first tip. */
  #process(start: number): void {
    for (let position = start; ; position++) {
      const block = this.#block.get(position);
      this.#lengthBefore.set(position, this.#length);
      if (this.#virtual.isTip(block)) {
        this.#firstTip = position;
        this.#stack.clear();
        for (const tip of this.#virtual.tips()) if (tip !== block) this.#stack.push(tip);
        this.#search(block);
        this.#appendFound(NO_ANCHOR);
        return;
      }
      this.#readBlueChildren(block);
      for (let i = 0; i < this.#children.length; i++) this.#enqueueChild(block, position, this.#children.data[i]!);
    }
  }

  #readBlueChildren(block: number): void {
    const children = this.#children;
    children.clear();
    this.#reach.readChildren(block, children);
    let kept = 0;
    for (let i = 0; i < children.length; i++) {
      const child = children.data[i]!;
      if (this.#blues.has(child)) children.data[kept++] = child;
    }
    children.length = kept;
    if (kept > 1) sortByHash(this.#index, children.data, 0, kept);
  }

  /** Appends what a blue child of the block at `position` brings along, and the child. */
  #enqueueChild(block: number, position: number, child: number): void {
    const isQueued = this.#position.get(child) > 0;
    if (isQueued && this.#lacksNothing(child, block)) return;
    this.#stack.clear();
    this.#index.readDistinctParents(child, this.#stack);
    this.#search(block);
    const anchor = this.#foundFuture ? child : this.#anchor.get(position);
    this.#appendFound(anchor);
    if (!isQueued) this.#append(child, anchor);
  }

  /** True if all ancestors of a queued block that are not in the queue are ancestors of `block`. */
  #lacksNothing(queued: number, block: number): boolean {
    const anchor = this.#anchor.get(this.#position.get(queued) - 1);
    return anchor === NO_ANCHOR || anchor === block || this.#reach.isAncestor(anchor, block);
  }

  /**
   * Searches backwards from the blocks on the stack for blocks unrelated to `block` that are not queued. The search
   * goes on through queued blocks, except where it is known that nothing is missing behind them, and through
   * descendants of `block`, which are there only if it is a redundant parent.
   */
  #search(block: number): void {
    const stack = this.#stack;
    const visited = this.#visited;
    visited.clear();
    this.#found.clear();
    this.#foundFuture = false;
    while (stack.length > 0) {
      const at = stack.pop();
      if (at === block || this.#marks.get(at) !== 0) continue;
      const isQueued = this.#position.get(at) > 0;
      if (isQueued && this.#lacksNothing(at, block)) continue;
      if (this.#reach.isAncestor(at, block)) continue;
      this.#marks.set(at, 1);
      visited.push(at);
      if (!isQueued) {
        if (this.#reach.isAncestor(block, at)) this.#foundFuture = true;
        else this.#found.push(at);
      }
      this.#index.readDistinctParents(at, stack);
    }
    for (let i = 0; i < visited.length; i++) this.#marks.set(visited.data[i]!, 0);
  }

  #appendFound(anchor: number): void {
    const found = this.#found;
    sortByHash(this.#index, found.data, 0, found.length);
    for (let i = 0; i < found.length; i++) this.#append(found.data[i]!, anchor);
  }
}
