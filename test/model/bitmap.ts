/** A set of small non-negative integers as a bitmap that grows as needed. For the slow models: plain, not fast. */
export class Bitmap {
  #words: Uint32Array;

  constructor(members: Iterable<number> = []) {
    this.#words = new Uint32Array(1);
    for (const member of members) this.add(member);
  }

  add(member: number): void {
    const word = member >>> 5;
    if (word >= this.#words.length) {
      const bigger = new Uint32Array(Math.max(word + 1, this.#words.length * 2));
      bigger.set(this.#words);
      this.#words = bigger;
    }
    this.#words[word]! |= 1 << (member & 31);
  }

  has(member: number): boolean {
    return (((this.#words[member >>> 5] ?? 0) >>> (member & 31)) & 1) === 1;
  }

  addAll(other: Bitmap): void {
    for (const member of other) this.add(member);
  }

  copy(): Bitmap {
    return new Bitmap(this);
  }

  get size(): number {
    let size = 0;
    for (const _ of this) size++;
    return size;
  }

  /** The members, ascending. */
  *[Symbol.iterator](): Iterator<number> {
    for (let word = 0; word < this.#words.length; word++) {
      const bits = this.#words[word]!;
      if (bits === 0) continue;
      for (let bit = 0; bit < 32; bit++) if ((bits >>> bit) & 1) yield word * 32 + bit;
    }
  }
}
