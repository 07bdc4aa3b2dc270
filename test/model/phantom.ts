import { Bitmap } from './bitmap.ts';

/**
 * PHANTOM as it is written down, and nothing else: every past set is kept as an explicit bitmap, the virtual blue set
 * and the order are computed from scratch whenever they are asked for. Slow and obviously right; the engine is compared
 * with it, and it is itself compared with the recordings of running nodes.
 *
 * Blocks are numbers in the order of insertion; `name` is what they are sorted by (a hash in display form).
 */
export class PhantomModel {
  readonly k: number;
  readonly #names: string[] = [];
  readonly #parents: number[][] = [];
  readonly #children: number[][] = [];
  readonly #past: Bitmap[] = [];
  /** B(n), which depends on past(n) only. */
  readonly #blue: Bitmap[] = [];

  constructor(k = 3) {
    this.k = k;
  }

  get size(): number {
    return this.#names.length;
  }

  /** Adds a block whose parents (any order, duplicates allowed) are known. */
  add(name: string, parents: readonly number[]): number {
    const block = this.#names.length;
    const distinct = [...new Set(parents)];
    const past = new Bitmap();
    for (const parent of distinct) {
      past.addAll(this.#past[parent]!);
      past.add(parent);
      this.#children[parent]!.push(block);
    }
    this.#names.push(name);
    this.#parents.push(distinct);
    this.#children.push([]);
    this.#past.push(past);
    const blue = distinct.length === 0 ? new Bitmap() : this.#best(distinct, past);
    blue.add(block);
    this.#blue.push(blue);
    return block;
  }

  /** True if a is in past(b). */
  isAncestor(a: number, b: number): boolean {
    return this.#past[b]!.has(a);
  }

  /** B(n), sorted by name. */
  blueOf(block: number): number[] {
    return this.#sorted(this.#blue[block]!);
  }

  tips(): number[] {
    return this.#sorted(this.#all()).filter((block) => this.#children[block]!.length === 0);
  }

  /** The blue set of the virtual block over all tips, sorted by name. */
  virtualBlue(): number[] {
    return this.#sorted(this.#best(this.tips(), this.#all()));
  }

  /** The block order. */
  order(): number[] {
    const VIRTUAL = -1;
    const all = this.#all();
    const blue = this.#best(this.tips(), all);
    const queue = [0];
    const seen = new Set(queue);
    const out: number[] = [];
    const enqueue = (block: number) => {
      if (seen.has(block)) return;
      seen.add(block);
      queue.push(block);
    };
    for (;;) {
      const x = queue.shift();
      if (x === undefined || x === VIRTUAL) return out;
      out.push(x);
      const isTip = this.#children[x]!.length === 0;
      const next = isTip ? [VIRTUAL] : this.#sorted(this.#children[x]!).filter((child) => blue.has(child));
      for (const child of next) {
        for (const block of this.#anticone(x, child === VIRTUAL ? all : this.#past[child]!)) enqueue(block);
        enqueue(child);
      }
    }
  }

  #best(tips: readonly number[], scope: Bitmap): Bitmap {
    let winner: Bitmap | undefined;
    for (const tip of this.#sorted(tips)) {
      const blue = this.#blue[tip]!.copy();
      for (const candidate of this.#anticone(tip, scope)) {
        let unrelated = 0;
        for (const member of blue) if (this.#isUnrelated(candidate, member)) unrelated++;
        if (unrelated <= this.k) blue.add(candidate);
      }
      if (!winner || blue.size > winner.size) winner = blue;
    }
    return winner ?? new Bitmap();
  }

  #isUnrelated(a: number, b: number): boolean {
    return a !== b && !this.#past[a]!.has(b) && !this.#past[b]!.has(a);
  }

  /** Members of the scope unrelated to a block, ascending by name. */
  #anticone(block: number, scope: Bitmap): number[] {
    return this.#sorted([...scope].filter((other) => this.#isUnrelated(block, other)));
  }

  #all(): Bitmap {
    return new Bitmap(this.#names.keys());
  }

  #sorted(blocks: Iterable<number>): number[] {
    return [...blocks].sort((a, b) => (this.#names[a]! < this.#names[b]! ? -1 : 1));
  }
}
