/** Keeps the newest values of a stream, dropping the oldest, in memory bounded by `capacity`. */
export class Newest<T> {
  readonly #capacity: number;
  readonly #values: T[] = [];
  /** Index of the oldest value once the ring is full. */
  #oldest = 0;

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`capacity ${capacity}`);
    this.#capacity = capacity;
  }

  push(value: T): void {
    if (this.#values.length < this.#capacity) {
      this.#values.push(value);
      return;
    }
    this.#values[this.#oldest] = value;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
  }

  /** A copy of the values, oldest first. */
  toArray(): T[] {
    return [...this.#values.slice(this.#oldest), ...this.#values.slice(0, this.#oldest)];
  }
}
