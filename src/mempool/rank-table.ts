/** Figures of an entry by which blocks are filled. */
export interface RankedEntry {
  /** nanoSoter per 1,000 vbytes, rounded down. */
  readonly feeRateValue: number;
  readonly weight: number;
  readonly sigOpCost: number;
  readonly hasWitness: boolean;
  /** Lock time, or 0 if the transaction is final at any height and time. */
  readonly lockTime: number;
  /** Place in the order of arrival, unique. */
  readonly sequence: number;
  /** Sum over the confirmed inputs of value, and of value × height; nanoSoter. */
  readonly valueSum: number;
  readonly valueHeightSum: number;
  /** Divisor of priorities; 0: the priority is always 0. */
  readonly prioritySize: number;
  /** Entries that it spends from. */
  readonly parents?: ReadonlySet<unknown> | undefined;
  /** Its place in the table, -1 outside. */
  row: number;
}

const FIRST_ROOM = 1024;

/**
 * The figures of all entries side by side, a typed array for each. Choosing among hundreds of thousands of transactions is a
 * matter of how much memory is touched: a walk over the entries themselves takes tens of milliseconds, one over these
 * columns a few. Rows have no order, and removing one moves another to its place.
 */
export class RankTable<E extends RankedEntry> {
  readonly #entries: E[] = [];
  feeRates = new Float64Array(FIRST_ROOM);
  valueSums = new Float64Array(FIRST_ROOM);
  valueHeightSums = new Float64Array(FIRST_ROOM);
  prioritySizes = new Float64Array(FIRST_ROOM);
  sequences = new Float64Array(FIRST_ROOM);
  weights = new Uint32Array(FIRST_ROOM);
  sigOpCosts = new Uint32Array(FIRST_ROOM);
  lockTimes = new Uint32Array(FIRST_ROOM);
  /** 1 for entries with witness data. */
  witnesses = new Uint8Array(FIRST_ROOM);
  /** 1 for entries that spend from no other entry. */
  roots = new Uint8Array(FIRST_ROOM);

  /** Number of entries: rows are 0 … rows - 1. */
  get rows(): number {
    return this.#entries.length;
  }

  entry(row: number): E {
    return this.#entries[row];
  }

  add(entry: E): void {
    const row = this.#entries.length;
    if (row === this.feeRates.length) this.#grow(Math.ceil(1.5 * row));
    this.#entries.push(entry);
    entry.row = row;
    this.feeRates[row] = entry.feeRateValue;
    this.sequences[row] = entry.sequence;
    this.weights[row] = entry.weight;
    this.sigOpCosts[row] = entry.sigOpCost;
    this.lockTimes[row] = entry.lockTime;
    this.witnesses[row] = entry.hasWitness ? 1 : 0;
    this.update(entry);
  }

  /** Takes over what may change: parents, and the inputs that are confirmed. No effect outside of the table. */
  update(entry: E): void {
    const { row } = entry;
    if (row === -1) return;
    this.valueSums[row] = entry.valueSum;
    this.valueHeightSums[row] = entry.valueHeightSum;
    this.prioritySizes[row] = entry.prioritySize;
    this.roots[row] = entry.parents?.size ? 0 : 1;
  }

  remove(entry: E): void {
    const { row } = entry;
    entry.row = -1;
    const last = this.#entries.pop();
    if (!last || last === entry) return;
    const from = this.#entries.length;
    this.#entries[row] = last;
    last.row = row;
    for (const column of this.#columns()) column[row] = column[from];
  }

  #columns() {
    const { feeRates, valueSums, valueHeightSums, prioritySizes, sequences } = this;
    const { weights, sigOpCosts, lockTimes, witnesses, roots } = this;
    const floats = [feeRates, valueSums, valueHeightSums, prioritySizes, sequences];
    return [...floats, weights, sigOpCosts, lockTimes, witnesses, roots];
  }

  #grow(room: number): void {
    this.feeRates = copied(new Float64Array(room), this.feeRates);
    this.valueSums = copied(new Float64Array(room), this.valueSums);
    this.valueHeightSums = copied(new Float64Array(room), this.valueHeightSums);
    this.prioritySizes = copied(new Float64Array(room), this.prioritySizes);
    this.sequences = copied(new Float64Array(room), this.sequences);
    this.weights = copied(new Uint32Array(room), this.weights);
    this.sigOpCosts = copied(new Uint32Array(room), this.sigOpCosts);
    this.lockTimes = copied(new Uint32Array(room), this.lockTimes);
    this.witnesses = copied(new Uint8Array(room), this.witnesses);
    this.roots = copied(new Uint8Array(room), this.roots);
  }
}

function copied<T extends { set(from: ArrayLike<number>): void }>(to: T, from: ArrayLike<number>): T {
  to.set(from);
  return to;
}
