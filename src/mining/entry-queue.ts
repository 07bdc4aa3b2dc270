/** A transaction on its way into a template, with the two numbers by which it is ranked. */
export interface Ranked {
  /** nanoSoter per 1,000 bytes. */
  readonly feeRate: number;
  /** Value times age of the confirmed inputs a byte. */
  readonly priority: number;
  /** Unique; decides between equals, so that a template depends on its input only. */
  readonly index: number;
}

/**
 * Priority queue of template candidates: highest priority first, or highest fee rate first after {@link rankByFee}. The
 * other number decides between equals, then the order of arrival. A binary heap.
 */
export class EntryQueue<T extends Ranked> {
  readonly #heap: T[] = [];
  #byFee: boolean;

  constructor(byFee: boolean) {
    this.#byFee = byFee;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** What is queued, in no useful order. */
  values(): IterableIterator<T> {
    return this.#heap.values();
  }

  push(entry: T): void {
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
  }

  /** Adds many at once, cheaper than one by one. */
  pushAll(entries: Iterable<T>): void {
    for (const entry of entries) this.#heap.push(entry);
    this.#order();
  }

  /** Removes and returns the first; undefined if empty. */
  pop(): T | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  /** Ranks by fee rate from now on. */
  rankByFee(): void {
    this.#byFee = true;
    this.#order();
  }

  #order(): void {
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  #before(a: T, b: T): boolean {
    const byFee = b.feeRate - a.feeRate;
    const byPriority = b.priority - a.priority;
    return ((this.#byFee ? byFee || byPriority : byPriority || byFee) || a.index - b.index) < 0;
  }

  #rise(child: number): void {
    const heap = this.#heap;
    const entry = heap[child];
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#before(entry, heap[parent])) break;
      heap[child] = heap[parent];
      child = parent;
    }
    heap[child] = entry;
  }

  #sink(parent: number): void {
    const heap = this.#heap;
    const entry = heap[parent];
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1], heap[child])) child++;
      if (!this.#before(heap[child], entry)) break;
      heap[parent] = heap[child];
      parent = child;
    }
    heap[parent] = entry;
  }
}
