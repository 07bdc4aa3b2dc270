import type { PoolEntry } from './pool-entry.ts';

/** True if `a` should leave the pool before `b`: it scores less, or as much and came later. */
function leavesBefore(a: PoolEntry, scoreA: number, b: PoolEntry, scoreB: number): boolean {
  return scoreA < scoreB || (scoreA === scoreB && a.sequence > b.sequence);
}

/**
 * The entries of the pool in a binary heap whose first is the least worth keeping. Entries know their place, so that any
 * of them can be moved or taken out in logarithmic time. Scores stand in an array of their own: comparing them then
 * touches no entry.
 */
export class EntryHeap {
  readonly #entries: PoolEntry[] = [];
  #scores = new Float64Array(1024);

  get size(): number {
    return this.#entries.length;
  }

  /** The entry least worth keeping. */
  get first(): PoolEntry | undefined {
    return this.#entries[0];
  }

  /** Score of the entry least worth keeping, as of when it was last added or updated; 0 in an empty heap. */
  get firstScore(): number {
    return this.#entries.length === 0 ? 0 : this.#scores[0];
  }

  add(entry: PoolEntry): void {
    const index = this.#entries.length;
    if (index === this.#scores.length) {
      const larger = new Float64Array(2 * index);
      larger.set(this.#scores);
      this.#scores = larger;
    }
    this.#entries.push(entry);
    this.#rise(index, entry, entry.score);
  }

  remove(entry: PoolEntry): void {
    const index = entry.heapIndex;
    const last = this.#entries.pop();
    entry.heapIndex = -1;
    if (last && last !== entry) this.#settle(index, last, this.#scores[this.#entries.length]);
  }

  /** The entry's score may have changed. */
  update(entry: PoolEntry): void {
    this.#settle(entry.heapIndex, entry, entry.score);
  }

  #settle(index: number, entry: PoolEntry, score: number): void {
    if (this.#rise(index, entry, score) === index) this.#sink(index, entry, score);
  }

  /** Moves an entry that belongs at `index` or nearer to the top; returns where it came to stand. */
  #rise(index: number, entry: PoolEntry, score: number): number {
    let at = index;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!leavesBefore(entry, score, this.#entries[parent], this.#scores[parent])) break;
      this.#put(at, this.#entries[parent], this.#scores[parent]);
      at = parent;
    }
    this.#put(at, entry, score);
    return at;
  }

  #sink(index: number, entry: PoolEntry, score: number): void {
    let at = index;
    for (let child = 2 * at + 1; child < this.#entries.length; child = 2 * at + 1) {
      if (child + 1 < this.#entries.length && this.#before(child + 1, child)) child++;
      if (!leavesBefore(this.#entries[child], this.#scores[child], entry, score)) break;
      this.#put(at, this.#entries[child], this.#scores[child]);
      at = child;
    }
    this.#put(at, entry, score);
  }

  #before(a: number, b: number): boolean {
    return leavesBefore(this.#entries[a], this.#scores[a], this.#entries[b], this.#scores[b]);
  }

  #put(index: number, entry: PoolEntry, score: number): void {
    this.#entries[index] = entry;
    this.#scores[index] = score;
    entry.heapIndex = index;
  }
}
