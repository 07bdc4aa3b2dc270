/** The three kinds of instruments that monitoring systems know, reduced to what a node needs. */

/** A number that only grows. */
export class Counter {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** @param by ≥ 0. */
  add(by = 1): void {
    this.#value += by;
  }
}

/** A number that goes up and down. */
export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }
}

/** How often values fell under each of some bounds, with their number and sum. */
export class Histogram {
  /** Upper bounds, ascending, inclusive; values above the last count only in {@link count}. */
  readonly bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    for (let i = 1; i < bounds.length; i++) {
      if (bounds[i]! <= bounds[i - 1]!) throw new RangeError('histogram bounds must ascend');
    }
    this.bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  observe(value: number): void {
    this.#count++;
    this.#sum += value;
    const index = this.bounds.findIndex((bound) => value <= bound);
    if (index >= 0) this.#counts[index]!++;
  }

  /** For every bound the number of values that do not exceed it. */
  cumulative(): number[] {
    let total = 0;
    return this.#counts.map((count) => {
      total += count;
      return total;
    });
  }
}

/** One instrument's state at one moment. */
export type Measurement =
  | { readonly kind: 'counter' | 'gauge'; readonly name: string; readonly help: string; readonly value: number }
  | {
      readonly kind: 'histogram';
      readonly name: string;
      readonly help: string;
      readonly count: number;
      readonly sum: number;
      /** Cumulative: values ≤ bound. */
      readonly buckets: readonly { readonly bound: number; readonly count: number }[];
    };

/**
 * All instruments of a node by name. A hot path holds its counter and adds to it, which costs one addition; a value that
 * somebody else keeps anyway is registered as a function and read when asked for.
 */
export class Registry {
  readonly #readers = new Map<string, () => Measurement>();

  /** @throws {RangeError} if the name is taken; also in the other methods. */
  counter(name: string, help: string): Counter {
    const counter = new Counter();
    this.#add(name, () => ({ kind: 'counter', name, help, value: counter.value }));
    return counter;
  }

  gauge(name: string, help: string): Gauge {
    const gauge = new Gauge();
    this.#add(name, () => ({ kind: 'gauge', name, help, value: gauge.value }));
    return gauge;
  }

  /** A gauge or counter whose value is read from its owner when a snapshot is taken. */
  observed(kind: 'counter' | 'gauge', name: string, help: string, read: () => number): void {
    this.#add(name, () => ({ kind, name, help, value: read() }));
  }

  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const histogram = new Histogram(bounds);
    this.#add(name, () => {
      const cumulative = histogram.cumulative();
      const buckets = histogram.bounds.map((bound, i) => ({ bound, count: cumulative[i]! }));
      return { kind: 'histogram', name, help, count: histogram.count, sum: histogram.sum, buckets };
    });
    return histogram;
  }

  /** Every instrument's state, in the order of registration. */
  snapshot(): Measurement[] {
    return [...this.#readers.values()].map((read) => read());
  }

  #add(name: string, read: () => Measurement): void {
    if (!/^[a-z][a-z0-9_]*$/u.test(name)) throw new RangeError(`bad metric name ${name}`);
    if (this.#readers.has(name)) throw new RangeError(`metric ${name} is already registered`);
    this.#readers.set(name, read);
  }
}
