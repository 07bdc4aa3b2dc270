import type { SourceEntry } from './ports.ts';

/**
 * Priority queue of template candidates: highest priority first, or highest fee rate first after {@link rankByFee}. The
 * other number decides between equals, then the order of arrival. A binary heap over typed arrays: what is compared lies
 * close together, which makes a queue of hundreds of thousands a matter of milliseconds.
 */
export class EntryQueue {
  readonly #height: number;
  readonly #entries: SourceEntry[] = [];
  /** By place in {@link #entries}. */
  #feeRates: Float64Array;
  #priorities: Float64Array;
  #weights: Uint32Array;
  #sigOpCosts: Uint32Array;
  #witnesses: Uint8Array;
  /** Places, the first of the queue in front. */
  #heap: Uint32Array;
  #size = 0;
  #byFee: boolean;

  /**
   * @param height at which priorities are taken.
   * @param capacity how many entries are expected.
   */
  constructor(byFee: boolean, height: number, capacity: number) {
    this.#byFee = byFee;
    this.#height = height;
    this.#feeRates = new Float64Array(capacity);
    this.#priorities = new Float64Array(capacity);
    this.#weights = new Uint32Array(capacity);
    this.#sigOpCosts = new Uint32Array(capacity);
    this.#witnesses = new Uint8Array(capacity);
    this.#heap = new Uint32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds an entry out of order; call {@link order} after the last one. */
  add(entry: SourceEntry): void {
    const place = this.#entries.length;
    if (place === this.#heap.length) this.#grow();
    this.#entries.push(entry);
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
    return difference === 0 ? this.#entries[a].sequence < this.#entries[b].sequence : difference > 0;
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

  #grow(): void {
    const capacity = 2 * this.#heap.length + 16;
    const larger = <T extends { set(from: T): void }>(array: T, copy: T): T => {
      copy.set(array);
      return copy;
    };
    this.#feeRates = larger(this.#feeRates, new Float64Array(capacity));
    this.#priorities = larger(this.#priorities, new Float64Array(capacity));
    this.#weights = larger(this.#weights, new Uint32Array(capacity));
    this.#sigOpCosts = larger(this.#sigOpCosts, new Uint32Array(capacity));
    this.#witnesses = larger(this.#witnesses, new Uint8Array(capacity));
    this.#heap = larger(this.#heap, new Uint32Array(capacity));
  }
}
