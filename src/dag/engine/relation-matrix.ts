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
    const words = this.words;
    if (this.#bits.length < count * words) this.#bits = new Int32Array(count * words * 2);
    const bits = this.#bits.fill(0, 0, count * words);
    const marks = this.#marks;
    for (let i = 0; i < count; i++) marks.set(zone.data[i]!, rows.data[i]! + 1);
    // Downwards every block hands its descendants and itself to its parents.
    for (let i = 0; i < count; i++) {
      const row = rows.data[i]!;
      this.#readParentsInZone(zone.data[i]!);
      for (let p = 0; p < this.#parents.length; p++) {
        const to = this.#parents.data[p]!;
        for (let word = 0; word < words; word++) bits[to * words + word]! |= bits[row * words + word]!;
        bits[to * words + (row >>> 5)]! |= 1 << (row & 31);
      }
    }
    // A relation holds both ways: each descendant's bit is copied to the other triangle.
    for (let row = 0; row < count; row++) {
      for (let word = 0; word < words; word++) {
        for (let rest = bits[row * words + word]!; rest !== 0; rest &= rest - 1) {
          const other = (word << 5) + 31 - Math.clz32(rest & -rest);
          bits[other * words + (row >>> 5)]! |= 1 << (row & 31);
        }
      }
    }
    for (let i = 0; i < count; i++) marks.set(zone.data[i]!, 0);
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
