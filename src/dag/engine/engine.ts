import type { BlockIndex, BlockIndexOptions } from './block-index.ts';

/** Settings of the engine. */
export interface EngineOptions {
  /** The anticone limit k of PHANTOM; 3 on every network. */
  readonly k?: number;
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
 * Colouring and order of a DAG that grows block by block (PHANTOM, k = 3, in the variant of docs/consensus). All
 * answers are a function of the DAG alone, whatever the order of arrival, except {@link tips}.
 */
export class DagEngine {
  readonly index: BlockIndex;

  constructor(index: BlockIndex, _options: EngineOptions = {}) {
    this.index = index;
  }

  /**
   * Connects a block that was appended to the index with status `stored`; its parents must be connected. Sets its
   * status to `valid`.
   * @throws {RangeError} if that does not hold.
   */
  addBlock(_id: number): EngineChange {
    throw new Error('not implemented');
  }

  /** Ids of the blocks without children: the older ones ascending by hash, the block connected last at the end. */
  get tips(): number[] {
    throw new Error('not implemented');
  }

  get tipCount(): number {
    throw new Error('not implemented');
  }

  isTip(_id: number): boolean {
    throw new Error('not implemented');
  }

  /** Connected children, ascending by hash. */
  children(_id: number): number[] {
    throw new Error('not implemented');
  }

  /** True if a is in past(b): an ancestor, not b itself. Both must be connected. */
  isAncestor(_a: number, _b: number): boolean {
    throw new Error('not implemented');
  }

  /** The parent whose blue set this block extends; −1 for genesis. */
  selectedParent(_id: number): number {
    throw new Error('not implemented');
  }

  /** |B(id)|. */
  blueCount(_id: number): number {
    throw new Error('not implemented');
  }

  /** True if `member` is in B(id). */
  isBlueOf(_member: number, _id: number): boolean {
    throw new Error('not implemented');
  }

  /** B(id), ascending by hash. Costs the size of the answer. */
  colouringOf(_id: number): number[] {
    throw new Error('not implemented');
  }

  /** True if the block is blue for the virtual block over all tips. */
  isVirtualBlue(_id: number): boolean {
    throw new Error('not implemented');
  }

  /** Size of the virtual blue set. */
  get virtualBlueCount(): number {
    throw new Error('not implemented');
  }

  /** The tip whose blue set the virtual block extends. */
  get selectedTip(): number {
    throw new Error('not implemented');
  }

  /** Number of blocks in the order. May be less than the number of connected blocks if some block names a redundant parent. */
  get orderLength(): number {
    throw new Error('not implemented');
  }

  /** The block at a position of the order. */
  orderAt(_position: number): number {
    throw new Error('not implemented');
  }

  /** A block's position in the order, −1 if it has none. */
  positionOf(_id: number): number {
    throw new Error('not implemented');
  }

  /** The row of a block that is not connected (status `stored` or `failed`), to be stored under its id. */
  unconnectedRow(_id: number): Uint8Array {
    throw new Error('not implemented');
  }

  /** Order pages changed since the last call (or since the load). Ask once a commit, after all its blocks. */
  takeOrderPages(): OrderWrite {
    throw new Error('not implemented');
  }

  /** Memory of index and engine in bytes, working buffers included. */
  get bytes(): number {
    throw new Error('not implemented');
  }

  /**
   * Rebuilds index and engine from what was stored: all rows in ascending order of ids (0, 1, 2 … without gaps) and all
   * order pages in ascending order. One pass, no replay. Equal to the engine that wrote them, except that
   * {@link tips} is wholly sorted by hash.
   * @throws {EngineLoadError} if rows and pages do not fit together.
   */
  static load(
    _rows: Iterable<Uint8Array>,
    _pages: Iterable<Uint8Array>,
    _options: EngineOptions & BlockIndexOptions = {},
  ): DagEngine {
    throw new Error('not implemented');
  }
}
