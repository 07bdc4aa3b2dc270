/** A reusable stack of 32-bit integers for the inner loops: filled, read and cleared without touching the heap. */
export class IntBuffer {
  /** The integers; only the first {@link length} count. Replaced when the buffer grows: do not keep a copy. */
  data: Int32Array;
  /** Number of integers held. */
  length = 0;

  constructor(capacity = 64) {
    this.data = new Int32Array(capacity);
  }

  /** Appends one integer. */
  push(value: number): void {
    if (this.length === this.data.length) this.reserve(this.length + 1);
    this.data[this.length++] = value;
  }

  /** Takes the last integer; the buffer must not be empty. */
  pop(): number {
    return this.data[--this.length]!;
  }

  /** Makes room for `capacity` integers in all. */
  reserve(capacity: number): void {
    if (capacity <= this.data.length) return;
    const bigger = new Int32Array(Math.max(capacity, this.data.length * 2));
    bigger.set(this.data);
    this.data = bigger;
  }

  /** Forgets the contents; a buffer blown up by one extraordinary block gives its memory back. */
  clear(): void {
    this.length = 0;
    if (this.data.length > 1 << 20) this.data = new Int32Array(64);
  }

  /** A typed copy of the contents. */
  toInt32Array(): Int32Array {
    return this.data.slice(0, this.length);
  }

  /** A plain array of the contents. */
  toArray(): number[] {
    return Array.from(this.data.subarray(0, this.length));
  }
}
