/** A binary heap of ids, greatest first: the frontier of a backward search in topological order. */
export class IdHeap {
  #ids = new Int32Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(id: number): void {
    if (this.#size === this.#ids.length) {
      const bigger = new Int32Array(this.#size * 2);
      bigger.set(this.#ids);
      this.#ids = bigger;
    }
    const ids = this.#ids;
    let at = this.#size++;
    while (at > 0) {
      const up = (at - 1) >>> 1;
      const other = ids[up]!;
      if (other >= id) break;
      ids[at] = other;
      at = up;
    }
    ids[at] = id;
  }

  /** Takes the greatest id; the heap must not be empty. */
  pop(): number {
    const ids = this.#ids;
    const greatest = ids[0]!;
    const size = --this.#size;
    if (size === 0) return greatest;
    const id = ids[size]!;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= size) break;
      if (down + 1 < size && ids[down + 1]! > ids[down]!) down++;
      const other = ids[down]!;
      if (other <= id) break;
      ids[at] = other;
      at = down;
    }
    ids[at] = id;
    return greatest;
  }
}
