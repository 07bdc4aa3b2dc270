import { isFinalAt } from '../mempool/index.ts';
import type { Ranking } from './ports.ts';

/** Entries that are put in order at a time: about two blocks full at first, more if these are used up. */
const FIRST_TIER = 8192;
const TIER_GROWTH = 4;
/** Entries that are looked at to find out where a tier ends. */
const SAMPLE = 1024;

/** State of a row: not in the queue, waiting for its tier, or had its turn (in the heap, or taken out of it). */
const OUT = 0;
const WAITING = 1;
const CALLED = 2;

/**
 * Priority queue of template candidates: highest priority first, or highest fee rate first after {@link rankByFee}. The
 * other number decides between equals, then the order of arrival. A block takes a small part of a large pool, so only the
 * best few thousand are put in order, in a heap; all others wait until it comes to them.
 */
export class EntryQueue {
  readonly #firstTier: number;
  #ranking: Ranking | undefined;
  /** By row. */
  #states = new Uint8Array();
  /** Rows, the first of the queue in front. */
  #heap = new Uint32Array();
  #size = 0;
  #waiting = 0;
  #tier = FIRST_TIER;
  /** Those that wait come behind this row, all others that wait were called. -1: nobody was called. */
  #border = -1;
  /** What needs more than this, and has no witness or none is kept, is forgotten. */
  #maxWeight = Number.POSITIVE_INFINITY;
  #maxSigOpCost = Number.POSITIVE_INFINITY;
  #keepWitness = false;
  #height = 0;
  #byFee = false;

  /** @param firstTier how many entries are put in order at first, about. */
  constructor(firstTier = FIRST_TIER) {
    this.#firstTier = firstTier;
  }

  /**
   * Begins with all entries that depend on no other one and are final. The memory of earlier selections is used again.
   * @param height at which priorities are taken, and lock times by height.
   * @param time Unix seconds, for lock times by time.
   */
  reset(ranking: Ranking, { byFee, height, time }: { byFee: boolean; height: number; time: number }): void {
    const { rows, roots, lockTimes } = ranking;
    this.#ranking = ranking;
    this.#byFee = byFee;
    this.#height = height;
    this.#size = 0;
    this.#waiting = 0;
    this.#maxWeight = Number.POSITIVE_INFINITY;
    this.#maxSigOpCost = Number.POSITIVE_INFINITY;
    this.#rankAnew();
    if (rows > this.#heap.length) {
      const room = Math.ceil(1.2 * rows);
      this.#states = new Uint8Array(room);
      this.#heap = new Uint32Array(room);
    }
    const states = this.#states;
    for (let row = 0; row < rows; row++) {
      const lockTime = lockTimes[row];
      const isCandidate = roots[row] === 1 && (lockTime === 0 || isFinalAt(lockTime, height, time));
      states[row] = isCandidate ? WAITING : OUT;
      if (isCandidate) this.#waiting++;
    }
  }

  /** Lets go of the entries; the memory is kept. */
  release(): void {
    this.#ranking = undefined;
  }

  /** How many of those that are in order are left. */
  get size(): number {
    return this.#size;
  }

  /** Adds a row that is not in the queue. */
  push(row: number): void {
    this.#states[row] = CALLED;
    this.#heap[this.#size++] = row;
    this.#rise(this.#size - 1);
  }

  /** Removes and returns the first row; -1 if there is none. */
  pop(): number {
    while (this.#waiting > 0 && (this.#size === 0 || this.#isBehindBorder(this.#heap[0]))) this.#callTier();
    if (this.#size === 0) return -1;
    const heap = this.#heap;
    const first = heap[0];
    this.#size--;
    if (this.#size > 0) {
      heap[0] = heap[this.#size];
      this.#sink(0);
    }
    return first;
  }

  /** Ranks by fee rate from now on. */
  rankByFee(): void {
    this.#byFee = true;
    for (let i = 0; i < this.#size; i++) this.#states[this.#heap[i]] = WAITING;
    this.#waiting += this.#size;
    this.#size = 0;
    this.#rankAnew();
  }

  /** True if an entry with witness data is queued. */
  hasWitness(): boolean {
    const { rows, witnesses } = this.#table;
    if (this.#heap.subarray(0, this.#size).some((row) => witnesses[row] === 1)) return true;
    for (let row = 0; row < rows; row++) if (witnesses[row] === 1 && this.#states[row] === WAITING) return true;
    return false;
  }

  /** Priority of a row at the height of the selection. */
  priority(row: number): number {
    const { valueSums, valueHeightSums, prioritySizes } = this.#table;
    const size = prioritySizes[row];
    return size === 0 ? 0 : (valueSums[row] * this.#height - valueHeightSums[row]) / size;
  }

  /**
   * Forgets all entries that need more than this.
   * @param exceptWitness keep those with witness data all the same.
   */
  dropAbove(weight: number, sigOpCost: number, exceptWitness: boolean): void {
    this.#maxWeight = weight;
    this.#maxSigOpCost = sigOpCost;
    this.#keepWitness = exceptWitness;
    const heap = this.#heap;
    let kept = 0;
    for (let i = 0; i < this.#size; i++) if (this.#fits(heap[i])) heap[kept++] = heap[i];
    if (kept === this.#size) return;
    this.#size = kept;
    this.#order();
  }

  get #table(): Ranking {
    if (!this.#ranking) throw new Error('the queue is empty');
    return this.#ranking;
  }

  #rankAnew(): void {
    this.#tier = this.#firstTier;
    this.#border = -1;
  }

  #fits(row: number): boolean {
    const { weights, sigOpCosts, witnesses } = this.#table;
    if (weights[row] <= this.#maxWeight && sigOpCosts[row] <= this.#maxSigOpCost) return true;
    return this.#keepWitness && witnesses[row] === 1;
  }

  #isBehindBorder(row: number): boolean {
    return this.#border === -1 || this.#before(this.#border, row);
  }

  /** Puts the best of those that wait in order. */
  #callTier(): void {
    const states = this.#states;
    const heap = this.#heap;
    const { rows, feeRates } = this.#table;
    if (this.#maxWeight < Number.POSITIVE_INFINITY) this.#forgetMisfits();
    if (this.#waiting === 0) return;
    const border = this.#nextBorder();
    // Most are decided by the fee rate alone.
    const leastFee = this.#byFee && border !== -1 ? feeRates[border] : 0;
    for (let row = 0; row < rows; row++) {
      if (states[row] !== WAITING || feeRates[row] < leastFee) continue;
      if (border !== -1 && row !== border && !this.#before(row, border)) continue;
      this.#waiting--;
      states[row] = CALLED;
      heap[this.#size++] = row;
    }
    if (border !== -1) this.#border = border;
    this.#tier *= TIER_GROWTH;
    this.#order();
  }

  /** {@link dropAbove} for those that wait. */
  #forgetMisfits(): void {
    const states = this.#states;
    const { rows } = this.#table;
    for (let row = 0; row < rows; row++) {
      if (states[row] !== WAITING || this.#fits(row)) continue;
      states[row] = OUT;
      this.#waiting--;
    }
  }

  /** The last row of the next tier; -1: all that wait belong to it. */
  #nextBorder(): number {
    if (this.#waiting <= this.#tier) return -1;
    const { rows } = this.#table;
    const step = Math.ceil(rows / SAMPLE);
    const sample: number[] = [];
    // Any sample leads to the same queue; a bad one only takes longer.
    for (let row = 0; row < rows; row += step) if (this.#states[row] === WAITING) sample.push(row);
    if (sample.length === 0) return -1;
    sample.sort((a, b) => (this.#before(a, b) ? -1 : 1));
    return sample[Math.min(sample.length - 1, Math.floor((sample.length * this.#tier) / this.#waiting))];
  }

  #before(a: number, b: number): boolean {
    const { feeRates, sequences } = this.#table;
    const byFee = feeRates[a] - feeRates[b];
    if (this.#byFee && byFee !== 0) return byFee > 0;
    const byPriority = this.priority(a) - this.priority(b);
    if (byPriority !== 0) return byPriority > 0;
    return byFee === 0 ? sequences[a] < sequences[b] : byFee > 0;
  }

  #order(): void {
    for (let i = (this.#size >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  #rise(child: number): void {
    const heap = this.#heap;
    const row = heap[child];
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#before(row, heap[parent])) break;
      heap[child] = heap[parent];
      child = parent;
    }
    heap[child] = row;
  }

  #sink(parent: number): void {
    const heap = this.#heap;
    const size = this.#size;
    const row = heap[parent];
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(heap[child + 1], heap[child])) child++;
      if (!this.#before(heap[child], row)) break;
      heap[parent] = heap[child];
      parent = child;
    }
    heap[parent] = row;
  }
}
