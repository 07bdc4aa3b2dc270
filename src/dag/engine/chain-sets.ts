/**
 * A few sets of places 0 … n − 1, each place in at most one of them, with "next member before / behind a place":
 * bit sets with two levels of summary above, so that every question costs a handful of word reads.
 */
export class ChainSets {
  /** Per set and level a bit set; level l + 1 has a bit for every word of level l. */
  readonly #levels: Int32Array[][] = [];
  #places = 0;

  /** Number of sets in use. */
  count = 0;

  /** Forgets all sets and prepares for places 0 … `places` − 1. */
  reset(places: number): void {
    if (places !== this.#places) this.#levels.length = 0;
    this.#places = places;
    for (let set = 0; set < this.count && set < this.#levels.length; set++) {
      for (const level of this.#levels[set]!) level.fill(0);
    }
    this.count = 0;
  }

  /** Opens another, empty set and returns its number. */
  open(): number {
    if (this.count === this.#levels.length) {
      const levels: Int32Array[] = [];
      // One place more, so that a search for members below the end finds its word on every level.
      let bits = this.#places + 1;
      do {
        bits = (bits + 31) >>> 5;
        levels.push(new Int32Array(bits));
      } while (bits > 1);
      this.#levels.push(levels);
    }
    return this.count++;
  }

  /** Adds a place to a set. */
  add(set: number, place: number): void {
    let bit = place;
    for (const level of this.#levels[set]!) {
      level[bit >>> 5]! |= 1 << (bit & 31);
      bit >>>= 5;
    }
  }

  /** The greatest member below `place`, −1 if there is none. */
  before(set: number, place: number): number {
    const levels = this.#levels[set]!;
    let bit = place;
    for (let l = 0; l < levels.length; l++) {
      const word = levels[l]![bit >>> 5]! & ((1 << (bit & 31)) - 1);
      if (word !== 0) {
        bit = (bit & ~31) + 31 - Math.clz32(word);
        while (--l >= 0) bit = (bit << 5) + 31 - Math.clz32(levels[l]![bit]!);
        return bit;
      }
      bit >>>= 5;
    }
    return -1;
  }

  /** The least member above `place`, −1 if there is none. */
  behind(set: number, place: number): number {
    const levels = this.#levels[set]!;
    let bit = place;
    for (let l = 0; l < levels.length; l++) {
      const word = levels[l]![bit >>> 5]! & (-2 << (bit & 31));
      if (word !== 0) {
        bit = (bit & ~31) + 31 - Math.clz32(word & -word);
        while (--l >= 0) {
          const lower = levels[l]![bit]!;
          bit = (bit << 5) + 31 - Math.clz32(lower & -lower);
        }
        return bit;
      }
      bit >>>= 5;
    }
    return -1;
  }
}
