import type { BlockIndex } from './block-index.ts';
import type { Int32Column } from './columns.ts';
import { IntBuffer } from './int-buffer.ts';

/**
 * Which blocks of a small zone are related (one is an ancestor of the other), as one bit set a block. All paths between
 * two blocks of a zone run inside the zone, so the sets follow from its own edges without any query.
 */
export class RelationMatrix {
  readonly #index: BlockIndex;
  /** Working memory of one number a block, 0 between uses: here row + 1 of a block of the zone. */
  readonly #marks: Int32Column;
  readonly #parents = new IntBuffer();
  #bits = new Int32Array(64);
  #ancestors = new Int32Array(64);
  /** Words of one row. */
  words = 1;

  constructor(index: BlockIndex, marks: Int32Column) {
    this.#index = index;
    this.#marks = marks;
  }

  /** Rows of all blocks: bit j of row i says "blocks i and j are related". Row i begins at word i × `words`. */
  get bits(): Int32Array {
    return this.#bits;
  }

  /** Builds the matrix. `zone` holds the blocks in descending order of ids, `rows` the row number of each. */
  build(zone: IntBuffer, rows: IntBuffer): void {
    const count = zone.length;
    this.words = (count + 31) >>> 5;
    const length = count * this.words;
    if (this.#bits.length < length) {
      this.#bits = new Int32Array(length * 2);
      this.#ancestors = new Int32Array(length * 2);
    }
    const bits = this.#bits.fill(0, 0, length);
    const ancestors = this.#ancestors.fill(0, 0, length);
    for (let i = 0; i < count; i++) this.#marks.set(zone.data[i]!, rows.data[i]! + 1);
    // Descendants are handed down from block to parent, ancestors up from parent to block; both are relations.
    for (let i = 0; i < count; i++) {
      const row = rows.data[i]!;
      this.#readParentsInZone(zone.data[i]!);
      for (let p = 0; p < this.#parents.length; p++) this.#handOver(bits, row, this.#parents.data[p]!);
    }
    for (let i = count - 1; i >= 0; i--) {
      const row = rows.data[i]!;
      this.#readParentsInZone(zone.data[i]!);
      for (let p = 0; p < this.#parents.length; p++) this.#handOver(ancestors, this.#parents.data[p]!, row);
    }
    for (let word = 0; word < length; word++) bits[word]! |= ancestors[word]!;
    for (let i = 0; i < count; i++) this.#marks.set(zone.data[i]!, 0);
  }

  /** Adds to one row another row and that row's own number. */
  #handOver(bits: Int32Array, from: number, to: number): void {
    const words = this.words;
    for (let word = 0; word < words; word++) bits[to * words + word]! |= bits[from * words + word]!;
    bits[to * words + (from >>> 5)]! |= 1 << (from & 31);
  }

  #readParentsInZone(block: number): void {
    const parents = this.#parents;
    parents.length = 0;
    this.#index.readDistinctParents(block, parents);
    let kept = 0;
    for (let i = 0; i < parents.length; i++) {
      const row = this.#marks.get(parents.data[i]!);
      if (row > 0) parents.data[kept++] = row - 1;
    }
    parents.length = kept;
  }
}
