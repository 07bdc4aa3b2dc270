import type { SourceEntry } from './ports.ts';

/**
 * Priority queue of template candidates: highest priority first, or highest fee rate first after {@link rankByFee}. The
 * other number decides between equals, then the order of arrival. A binary heap over typed arrays: what is compared lies
 * close together, which makes a queue of hundreds of thousands a matter of milliseconds.
 */
export class EntryQueue {
  /** By place; a place is given once between two calls of {@link reset}. */
  #entries: (SourceEntry | undefined)[] = [];
  #feeRates = new Float64Array();
  #priorities = new Float64Array();
  #weights = new Uint32Array();
  #sigOpCosts = new Uint32Array();
  #witnesses = new Uint8Array();
  /** Places, the first of the queue in front. */
  #heap = new Uint32Array();
  #places = 0;
  #size = 0;
  #height = 0;
  #byFee = false;

  /**
   * Forgets everything. The memory is kept: fresh memory for a large queue costs more than filling it.
   * @param height at which priorities are taken.
   * @param capacity how many entries may be added, those that come back counted again.
   */
  reset(byFee: boolean, height: number, capacity: number): void {
    this.#byFee = byFee;
    this.#height = height;
    this.#entries.fill(undefined, 0, this.#places);
    this.#places = 0;
    this.#size = 0;
    if (capacity <= this.#heap.length) return;
    const room = Math.ceil(1.2 * capacity);
    this.#entries = new Array<SourceEntry | undefined>(room).fill(undefined);
    this.#feeRates = new Float64Array(room);
    this.#priorities = new Float64Array(room);
    this.#weights = new Uint32Array(room);
    this.#sigOpCosts = new Uint32Array(room);
    this.#witnesses = new Uint8Array(room);
    this.#heap = new Uint32Array(room);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Adds an entry out of order; call {@link order} after the last one.
   * @throws {RangeError} beyond the capacity.
   */
  add(entry: SourceEntry): void {
    const place = this.#places++;
    if (place >= this.#heap.length) throw new RangeError('more entries than announced');
    this.#entries[place] = entry;
    this.#feeRates[place] = entry.feeRateValue;
    this.#priorities[place] = entry.priorityAt(this.#height);
    this.#weights[place] = entry.weight;
    this.#sigOpCosts[place] = entry.sigOpCost;
    this.#witnesses[place] = entry.hasWitness ? 1 : 0;
    this.#heap[this.#size++] = place;
  }

  /** Puts everything in its order. */
  order(): void {
    for (let i = (this.#size >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  push(entry: SourceEntry): void {
    this.add(entry);
    this.#rise(this.#size - 1);
  }

  /** Removes and returns the first; undefined if empty. */
  pop(): SourceEntry | undefined {
    if (this.#size === 0) return undefined;
    const heap = this.#heap;
    const first = heap[0];
    this.#size--;
    if (this.#size > 0) {
      heap[0] = heap[this.#size];
      this.#sink(0);
    }
    return this.#entries[first];
  }

  /** Ranks by fee rate from now on. */
  rankByFee(): void {
    this.#byFee = true;
    this.order();
  }

  /** True if an entry with witness data is queued. */
  hasWitness(): boolean {
    return this.#heap.subarray(0, this.#size).some((place) => this.#witnesses[place] === 1);
  }

  /**
   * Forgets all entries that need more than this.
   * @param exceptWitness keep those with witness data all the same.
   */
  dropAbove(weight: number, sigOpCost: number, exceptWitness: boolean): void {
    const heap = this.#heap;
    let kept = 0;
    for (let i = 0; i < this.#size; i++) {
      const place = heap[i];
      const fits = this.#weights[place] <= weight && this.#sigOpCosts[place] <= sigOpCost;
      if (fits || (exceptWitness && this.#witnesses[place] === 1)) heap[kept++] = place;
    }
    if (kept === this.#size) return;
    this.#size = kept;
    this.order();
  }

  #before(a: number, b: number): boolean {
    const byFee = this.#feeRates[a] - this.#feeRates[b];
    const byPriority = this.#priorities[a] - this.#priorities[b];
    const difference = this.#byFee ? byFee || byPriority : byPriority || byFee;
    return difference === 0 ? this.#sequence(a) < this.#sequence(b) : difference > 0;
  }

  #rise(child: number): void {
    const heap = this.#heap;
    const place = heap[child];
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#before(place, heap[parent])) break;
      heap[child] = heap[parent];
      child = parent;
    }
    heap[child] = place;
  }

  #sink(parent: number): void {
    const heap = this.#heap;
    const size = this.#size;
    const place = heap[parent];
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(heap[child + 1], heap[child])) child++;
      if (!this.#before(heap[child], place)) break;
      heap[parent] = heap[child];
      parent = child;
    }
    heap[parent] = place;
  }

  #sequence(place: number): number {
    return this.#entries[place]?.sequence ?? 0;
  }
}
