import { BlockColourer, PARENT_LIMIT } from './block-colouring.ts';
import { BlockIndex, type BlockIndexOptions, BlockStatus } from './block-index.ts';
import { BlockOrder } from './block-order.ts';
import { BlueSets } from './blue-sets.ts';
import { CandidateSearch } from './candidate-search.ts';
import { Int32Column } from './columns.ts';
import { GreedyColouring, MATRIX_LIMIT } from './greedy-colouring.ts';
import { IntBuffer } from './int-buffer.ts';
import { encodePage, loadPage, PAGE_POSITIONS } from './order-pages.ts';
import { Reachability } from './reachability.ts';
import { type BlockRow, decodeRow, encodeRow, RowError, RowWriter } from './row-codec.ts';
import { KEPT_LIMIT, VirtualBlock } from './virtual-block.ts';
import { VirtualBlues } from './virtual-blues.ts';

/** Settings of the engine. */
export interface EngineOptions {
  /** The anticone limit k of PHANTOM; 3 on every network. */
  readonly k?: number;
  /** Zones up to this many blocks are coloured with a relation matrix; for tests of the other way. */
  readonly matrixLimit?: number;
  /** Parents up to this many are searched for together; for tests of the other way. */
  readonly parentLimit?: number;
  /** Blocks added to the blue sets of tips that are remembered from block to block; for tests of forgetting. */
  readonly keptLimit?: number;
}

/** What one connected block changed. */
export interface EngineChange {
  /** The block. */
  readonly id: number;
  /** Its selected parent; −1 for genesis. */
  readonly selectedParent: number;
  /** Size of B(id): the blue set of its past and itself. */
  readonly blueCount: number;
  /** First position of the order that holds another block than before, or where the order now grows. */
  readonly orderCut: number;
  /** The blocks formerly at positions `orderCut` and up, in order. */
  readonly removed: readonly number[];
  /** The blocks now at positions `orderCut` and up, in order. */
  readonly added: readonly number[];
  /** Blocks that entered or left the virtual blue set, the block itself if it entered. */
  readonly recoloured: readonly number[];
  /** The block's row to be stored under its id (see {@link DagEngine.load}); never changes later. */
  readonly row: Uint8Array;
}

/** Pages of the order to be written since they were last asked for. */
export interface OrderWrite {
  /** Number of the first page below. Write `pages[i]` under number `firstPage + i`. */
  readonly firstPage: number;
  readonly pages: readonly Uint8Array[];
  /** Pages there are in all: remove stored pages of this number and up. */
  readonly pageCount: number;
}

/** Stored rows or pages do not fit together: the store is damaged or incomplete. */
export class EngineLoadError extends Error {
  override name = 'EngineLoadError';
}

/**
 * Colouring and order of a DAG that grows block by block: PHANTOM (Sompolinsky, Zohar: "PHANTOM and GHOSTDAG") in the
 * variant of soterd 2.1.1 with k = 3, see docs/protocol.md. All answers are a function of the DAG alone, whatever the
 * order of arrival, except {@link tips}. A block costs its merge set and the part of the order it changes.
 */
export class DagEngine {
  readonly index: BlockIndex;
  readonly #marks = new Int32Column();
  readonly #reach: Reachability;
  readonly #blues: BlueSets;
  readonly #colourer: BlockColourer;
  readonly #virtual: VirtualBlock;
  readonly #virtualBlues: VirtualBlues;
  readonly #order: BlockOrder;
  readonly #writer = new RowWriter();
  readonly #parents = new IntBuffer();
  readonly #removed = new IntBuffer();
  #newest = -1;

  constructor(index: BlockIndex, options: EngineOptions = {}) {
    const k = options.k ?? 3;
    const marks = this.#marks;
    this.index = index;
    this.#reach = new Reachability(index);
    this.#blues = new BlueSets(this.#reach);
    const search = new CandidateSearch(index, this.#reach, marks);
    const matrixLimit = options.matrixLimit ?? MATRIX_LIMIT;
    const greedy = new GreedyColouring(index, this.#reach, this.#blues, search, marks, k, matrixLimit);
    this.#virtual = new VirtualBlock(
      index,
      this.#reach,
      this.#blues,
      search,
      greedy,
      k,
      options.keptLimit ?? KEPT_LIMIT,
    );
    this.#colourer = new BlockColourer(
      index,
      this.#reach,
      this.#blues,
      search,
      greedy,
      this.#virtual,
      options.parentLimit ?? PARENT_LIMIT,
    );
    this.#virtualBlues = new VirtualBlues(this.#blues);
    this.#order = new BlockOrder(index, this.#reach, this.#virtual, this.#virtualBlues, marks);
  }

  /**
   * Connects a block that was appended to the index with status `stored`; its parents must be connected. Sets its
   * status to `valid`.
   * @throws {RangeError} if that does not hold.
   */
  addBlock(id: number): EngineChange {
    this.#checkConnectable(id);
    const rows = this.index.count;
    const parents = this.#parents;
    this.#marks.ensure(rows);
    parents.clear();
    this.index.readDistinctParents(id, parents);
    let row: Uint8Array;
    this.index.connect(id);
    if (id === 0) {
      this.#insertGenesis();
      row = encodeRow(id, this.#factsOf(id), this.#writer);
    } else {
      row = this.#insert(id, parents);
    }
    this.#virtual.add(id, parents);
    this.#virtualBlues.update(this.#virtual.selected, this.#virtual.chains, id, rows);
    const cut = this.#order.repair(this.#virtualBlues.changed, rows, this.#removed);
    this.#newest = id;
    return {
      id,
      selectedParent: this.#blues.selectedParent(id),
      blueCount: this.#blues.blueCount(id),
      row,
      recoloured: this.#virtualBlues.changed.toArray(),
      ...this.#orderChange(cut),
    };
  }

  /** Ids of the blocks without children: the older ones ascending by hash, the block connected last at the end. */
  get tips(): number[] {
    const tips = [...this.#virtual.tips()].filter((tip) => tip !== this.#newest);
    tips.sort((a, b) => this.index.compareHashes(a, b));
    if (this.#newest >= 0) tips.push(this.#newest);
    return tips;
  }

  get tipCount(): number {
    return this.#virtual.tipCount;
  }

  /** True if the block is connected and has no children. */
  isTip(id: number): boolean {
    return this.#virtual.isTip(id);
  }

  /** Connected children, ascending by hash. */
  children(id: number): number[] {
    if (!this.index.isConnected(id)) return [];
    const children = new IntBuffer();
    this.#reach.readChildren(id, children);
    return children.toArray().sort((a, b) => this.index.compareHashes(a, b));
  }

  /** True if a is in past(b): an ancestor, not b itself. Both must be connected. */
  isAncestor(a: number, b: number): boolean {
    return this.#reach.isAncestor(a, b);
  }

  /** Number of ancestors of a connected block. */
  pastSize(id: number): number {
    return this.#reach.pastSize(id);
  }

  /** The parent whose blue set a connected block extends; −1 for genesis. */
  selectedParent(id: number): number {
    return this.#blues.selectedParent(id);
  }

  /** |B(id)| of a connected block. */
  blueCount(id: number): number {
    return this.#blues.blueCount(id);
  }

  /** True if `member` is in B(id). Both must be connected. */
  isBlueOf(member: number, id: number): boolean {
    return this.#blues.has(id, member);
  }

  /** B(id), ascending by hash. Costs the size of the answer. */
  colouringOf(id: number): number[] {
    const blocks: number[] = [];
    for (let at = id; at >= 0; at = this.#blues.selectedParent(at)) {
      blocks.push(at);
      this.#blues.eachOfDiff(at, (block) => blocks.push(block));
    }
    return blocks.sort((a, b) => this.index.compareHashes(a, b));
  }

  /** True if the block is blue for the virtual block over all tips. */
  isVirtualBlue(id: number): boolean {
    return this.index.isConnected(id) && this.#virtualBlues.has(id);
  }

  /** Size of the virtual blue set. */
  get virtualBlueCount(): number {
    return this.#virtual.size;
  }

  /** The tip whose blue set the virtual block extends; −1 before genesis. */
  get selectedTip(): number {
    return this.#virtual.selected;
  }

  /**
   * Number of blocks in the order. Less than the number of connected blocks only where some block names a redundant
   * parent (an ancestor of another of its parents).
   */
  get orderLength(): number {
    return this.#order.length;
  }

  /** The block at a position of the order. */
  orderAt(position: number): number {
    if (!(position >= 0 && position < this.#order.length)) throw new RangeError(`no order position ${position}`);
    return this.#order.at(position);
  }

  /** A block's position in the order, −1 if it has none. */
  positionOf(id: number): number {
    return this.index.isConnected(id) ? this.#order.positionOf(id) : -1;
  }

  /** The row of a block that is not connected (status `stored` or `failed`), to be stored under its id. */
  unconnectedRow(id: number): Uint8Array {
    if (this.index.isConnected(id)) throw new RangeError(`block ${id} is connected`);
    return encodeRow(id, this.#factsOf(id), this.#writer);
  }

  /** Order pages changed since the last call (or since the load). Ask once a commit, after all its blocks. */
  takeOrderPages(): OrderWrite {
    const pageCount = Math.ceil(this.#order.length / PAGE_POSITIONS);
    const isClean = this.#order.dirtyFrom >= this.#order.length;
    const firstPage = isClean ? pageCount : Math.floor(this.#order.dirtyFrom / PAGE_POSITIONS);
    const pages: Uint8Array[] = [];
    for (let page = firstPage; page < pageCount; page++) pages.push(encodePage(this.#order, page, this.#writer));
    this.#order.markClean();
    return { firstPage, pages, pageCount };
  }

  /** Memory of index and engine in bytes, without the working buffers of single blocks. */
  get bytes(): number {
    const columns = this.#marks.bytes + this.#virtualBlues.bytes;
    return this.index.bytes + this.#reach.bytes + this.#blues.bytes + this.#order.bytes + columns;
  }

  /**
   * Rebuilds index and engine from what was stored: all rows in ascending order of ids (0, 1, 2 … without gaps) and all
   * order pages in ascending order. One pass, no replay. Equal to the engine that wrote them, except that
   * {@link tips} is wholly sorted by hash.
   * @throws {EngineLoadError} if rows and pages do not fit together.
   */
  static load(
    rows: Iterable<Uint8Array>,
    pages: Iterable<Uint8Array>,
    options: EngineOptions & BlockIndexOptions = {},
  ): DagEngine {
    const engine = new DagEngine(new BlockIndex(options), options);
    try {
      for (const row of rows) engine.#loadRow(row);
      engine.#loadVirtual();
      const count = engine.index.count;
      for (const page of pages) loadPage(engine.#order, page, count, (block) => engine.#isKnown(block));
      engine.#checkOrder();
    } catch (error) {
      if (!(error instanceof RowError || error instanceof RangeError)) throw error;
      throw new EngineLoadError(`the stored block index is damaged: ${error.message}`, { cause: error });
    }
    return engine;
  }

  #checkConnectable(id: number): void {
    if (this.index.status(id) !== BlockStatus.stored) throw new RangeError(`block ${id} cannot be connected`);
    for (const parent of this.index.parents(id)) {
      if (!this.index.isConnected(parent)) throw new RangeError(`parent ${parent} of block ${id} is not connected`);
    }
  }

  #insertGenesis(): void {
    this.#reach.insertGenesis();
    this.#blues.add(0, -1, []);
  }

  /** Colours a block and enters it into the structures that never change again; returns its row. */
  #insert(id: number, parents: IntBuffer): Uint8Array {
    const { selectedParent, chains, treeParent, mergeSet } = this.#colourer.colour(parents);
    this.#reach.insert(id, treeParent, parents, mergeSet);
    this.#blues.add(id, selectedParent, chains);
    let rest: readonly number[] | Int32Array = mergeSet;
    if (treeParent === selectedParent && chains.length > 0) {
      const diff = new Set(chains.flat());
      rest = mergeSet.filter((block) => !diff.has(block));
    }
    return encodeRow(id, { ...this.#factsOf(id), links: { selectedParent, treeParent, chains, rest } }, this.#writer);
  }

  #factsOf(id: number): BlockRow {
    const { index } = this;
    return {
      status: index.status(id),
      hash: index.hashOf(id),
      time: index.time(id),
      bits: index.bits(id),
      parents: index.parents(id),
    };
  }

  /** What of the order really changed: the redone end often begins as the old one did. */
  #orderChange(cut: number): Pick<EngineChange, 'orderCut' | 'removed' | 'added'> {
    const removed = this.#removed;
    const order = this.#order;
    let same = 0;
    while (same < removed.length && cut + same < order.length && removed.data[same] === order.at(cut + same)) same++;
    const added: number[] = [];
    for (let position = cut + same; position < order.length; position++) added.push(order.at(position));
    return { orderCut: cut + same, removed: Array.from(removed.data.subarray(same, removed.length)), added };
  }

  #isKnown(block: number): boolean {
    return block >= 0 && block < this.index.count && this.index.isConnected(block);
  }

  #loadRow(bytes: Uint8Array): void {
    const id = this.index.count;
    const { status, hash, time, bits, parents, links } = decodeRow(id, bytes);
    let height = 0;
    for (const parent of parents) height = Math.max(height, this.index.height(parent) + 1);
    const isConnected = status === BlockStatus.valid;
    this.index.append({ hash, height, time, bits, status: isConnected ? BlockStatus.stored : status, parents });
    this.#marks.ensure(id + 1);
    if (!isConnected) return;
    this.#checkConnectable(id);
    this.index.connect(id);
    if (!links) {
      this.#insertGenesis();
      return;
    }
    const { selectedParent, treeParent, chains, rest } = links;
    const mergeSet = Int32Array.from(treeParent === selectedParent ? [...rest, ...chains.flat()] : rest);
    const distinct = this.#parents;
    distinct.clear();
    this.index.readDistinctParents(id, distinct);
    this.#reach.insert(id, treeParent, distinct, mergeSet);
    this.#blues.add(id, selectedParent, chains);
    for (let i = 0; i < distinct.length; i++) this.#marks.set(distinct.data[i]!, 1);
  }

  /** Finds the tips among the loaded blocks (they alone have no mark) and colours the virtual block. */
  #loadVirtual(): void {
    const { count } = this.index;
    if (count === 0) return;
    const tips: number[] = [];
    for (let id = 0; id < count; id++) {
      if (this.#marks.get(id) === 0 && this.index.isConnected(id)) tips.push(id);
      this.#marks.set(id, 0);
    }
    this.#virtual.reset(tips);
    this.#virtualBlues.update(this.#virtual.selected, this.#virtual.chains, -1, count);
  }

  /** The order must begin with genesis, its records must not go backwards, and its first tip must be one. */
  #checkOrder(): void {
    const order = this.#order;
    if ((order.length === 0) !== (this.index.connectedCount === 0)) throw new RowError('the order is missing');
    if (order.length === 0) return;
    let last = 1;
    let position = 0;
    for (; position < order.length && order.lengthBefore(position) > 0; position++) {
      const length = order.lengthBefore(position);
      if (length < last || length > order.length) throw new RowError(`order position ${position} is damaged`);
      last = length;
    }
    if (position === 0 || order.at(0) !== 0 || !this.isTip(order.at(position - 1))) {
      throw new RowError('the order does not fit the blocks');
    }
  }
}
