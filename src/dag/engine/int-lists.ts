import { Int32Column } from './columns.ts';

const CHUNK_SHIFT = 16;
const CHUNK_SLOTS = 1 << CHUNK_SHIFT;
/** Slots of a list, its length included, by size class; a longer list has an array of its own. */
const CLASS_SLOTS = [2, 3, 4, 6, 8, 10, 12, 14, 17, 20, 24, 28, 34, 40, 48, 64, 96, 128, 192, 256, 512, 1024, 2048];
const GREATEST_CLASS = CLASS_SLOTS[CLASS_SLOTS.length - 1]!;

/** Size class by number of slots. */
const CLASS_OF = new Uint8Array(GREATEST_CLASS + 1);
for (let slots = 0, size = 0; slots <= GREATEST_CLASS; slots++) {
  if (slots > CLASS_SLOTS[size]!) size++;
  CLASS_OF[slots] = size;
}

/**
 * One list of 32-bit integers per id, most of them empty or short, in an arena of size classes with free lists. An
 * empty list costs the four bytes of its handle.
 */
export class IntLists {
  /** Per id: 0 for an empty list, slot number in the arena, or −1 − n for the n-th long list. */
  readonly #handle = new Int32Column();
  readonly #chunks: Int32Array[] = [];
  /** First slot not handed out yet; slot 0 is never used. */
  #top = CHUNK_SLOTS;
  /** Per size class: a freed slot range, whose first slot names the next one; 0 ends. */
  readonly #free = new Int32Array(CLASS_SLOTS.length);
  /** Long lists, each an array of its own with its length first. */
  readonly #long: Int32Array[] = [];

  /** Gives ids 0 … `count` − 1 a list. */
  ensure(count: number): void {
    this.#handle.ensure(count);
  }

  /** Number of entries of a list. */
  length(id: number): number {
    const handle = this.#handle.get(id);
    if (handle === 0) return 0;
    return handle > 0
      ? this.#chunks[handle >>> CHUNK_SHIFT]![handle & (CHUNK_SLOTS - 1)]!
      : this.#long[-1 - handle]![0]!;
  }

  /** Where a list lies in its memory: its length there, its entries behind it. Not valid after an insert. */
  baseOf(id: number): number {
    const handle = this.#handle.get(id);
    return handle > 0 ? handle & (CHUNK_SLOTS - 1) : 0;
  }

  /** The memory of a list that is not empty; see {@link baseOf}. Not valid after an insert. */
  dataOf(id: number): Int32Array {
    const handle = this.#handle.get(id);
    return handle > 0 ? this.#chunks[handle >>> CHUNK_SHIFT]! : this.#long[-1 - handle]!;
  }

  /** Inserts a value so that it gets the index `at`, 0 ≤ at ≤ length. */
  insertAt(id: number, at: number, value: number): void {
    const length = this.length(id);
    this.#makeRoom(id, length);
    const data = this.dataOf(id);
    const base = this.baseOf(id);
    if (at < length) data.copyWithin(base + 2 + at, base + 1 + at, base + 1 + length);
    data[base + 1 + at] = value;
    data[base] = length + 1;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    let bytes = this.#handle.bytes + this.#chunks.length * CHUNK_SLOTS * 4;
    for (const list of this.#long) bytes += list.byteLength;
    return bytes;
  }

  /** Moves a list that fills its slots to bigger ones. */
  #makeRoom(id: number, length: number): void {
    const handle = this.#handle.get(id);
    if (handle < 0) {
      const list = this.#long[-1 - handle]!;
      if (length + 2 <= list.length) return;
      const bigger = new Int32Array(list.length + (list.length >>> 1));
      bigger.set(list);
      this.#long[-1 - handle] = bigger;
      return;
    }
    const sizeClass = CLASS_OF[length + 1]!;
    if (length > 0 && length + 2 <= CLASS_SLOTS[sizeClass]!) return;
    if (length + 2 > GREATEST_CLASS) {
      const list = new Int32Array(GREATEST_CLASS * 2);
      list.set(this.dataOf(id).subarray(this.baseOf(id), this.baseOf(id) + length + 1));
      this.#release(handle, sizeClass);
      this.#long.push(list);
      this.#handle.set(id, -this.#long.length);
      return;
    }
    const fresh = this.#allocate(CLASS_OF[length + 2]!);
    const data = this.#chunks[fresh >>> CHUNK_SHIFT]!;
    const base = fresh & (CHUNK_SLOTS - 1);
    data[base] = length;
    if (length > 0) {
      const old = this.dataOf(id);
      const oldBase = this.baseOf(id);
      for (let i = 1; i <= length; i++) data[base + i] = old[oldBase + i]!;
      this.#release(handle, sizeClass);
    }
    this.#handle.set(id, fresh);
  }

  #allocate(sizeClass: number): number {
    const freed = this.#free[sizeClass]!;
    if (freed !== 0) {
      this.#free[sizeClass] = this.#chunks[freed >>> CHUNK_SHIFT]![freed & (CHUNK_SLOTS - 1)]!;
      return freed;
    }
    const slots = CLASS_SLOTS[sizeClass]!;
    if ((this.#top & (CHUNK_SLOTS - 1)) + slots > CHUNK_SLOTS || this.#top >>> CHUNK_SHIFT >= this.#chunks.length) {
      this.#top = this.#chunks.length << CHUNK_SHIFT;
      this.#chunks.push(new Int32Array(CHUNK_SLOTS));
      if (this.#top === 0) this.#top = 1;
    }
    const slot = this.#top;
    this.#top += slots;
    return slot;
  }

  #release(slot: number, sizeClass: number): void {
    this.#chunks[slot >>> CHUNK_SHIFT]![slot & (CHUNK_SLOTS - 1)] = this.#free[sizeClass]!;
    this.#free[sizeClass] = slot;
  }
}
