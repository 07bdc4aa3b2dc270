import type { Transaction } from '../../wire/index.ts';

/** What of an output, or of the outputs of a transaction, does not last: who makes it, or somebody who names it. */
const MAKER = 1;
const SPENDER = 2;

/**
 * Which transactions of some blocks make or name (as an input) the same outputs, and in which order they stand. Outputs and ids
 * of transactions are numbered; only outputs that somebody names get a number, so memory grows with the inputs.
 */
export class OutputUses {
  readonly #numbers = new Map<string, number>();
  /** For the number of an output that of the id of its transaction; for an id itself. */
  readonly #makers: number[] = [];
  /** Of a block, for each transaction: the number of its id, how many outputs it names, and their numbers. */
  readonly #blocks = new Map<number, readonly number[]>();

  add(block: number, transactions: readonly Transaction[]): void {
    const uses: number[] = [];
    for (const { idKey, isCoinbase, inputKeys } of transactions) {
      const named = isCoinbase ? [] : inputKeys;
      uses.push(this.#number(idKey), named.length);
      for (const key of named) {
        const output = this.#number(key);
        if (this.#makers[output] === output) this.#makers[output] = this.#number(key.slice(0, idKey.length));
        uses.push(output);
      }
    }
    this.#blocks.set(block, uses);
  }

  /**
   * Compares two orders of added blocks.
   * @returns for every block in both, a flag for each transaction: 1 if it lasts, see `findLasting`.
   */
  compare(old: readonly number[], now: readonly number[]): ReadonlyMap<number, Uint8Array> {
    const before = new Map<number, number[]>();
    const earlier = new Walk(this.#numbers.size, this.#makers);
    for (const block of old) {
      const counts: number[] = [];
      earlier.pass(this.#blocks.get(block)!, (count) => {
        counts.push(count);
        return true;
      });
      before.set(block, counts);
    }
    const flags = new Map<number, Uint8Array>();
    const later = new Walk(this.#numbers.size, this.#makers);
    for (const block of now) {
      const counts = before.get(block);
      const lasting = new Uint8Array(counts?.length ?? 0);
      let index = 0;
      later.pass(this.#blocks.get(block)!, (count, lasts) => {
        if (!counts) return false;
        const same = lasts && count === counts[index];
        lasting[index++] = same ? 1 : 0;
        return same;
      });
      if (counts) flags.set(block, lasting);
    }
    return flags;
  }

  #number(key: string): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    this.#makers.push(number);
    return number;
  }
}

/** A walk along an order, from transaction to transaction. */
class Walk {
  /** How often the id of a transaction stood for one, and how often an output, or one of the outputs of an id, was named. */
  readonly #made: Uint32Array;
  readonly #named: Uint32Array;
  readonly #changed: Uint8Array;
  readonly #makers: readonly number[];

  constructor(numbers: number, makers: readonly number[]) {
    this.#made = new Uint32Array(numbers);
    this.#named = new Uint32Array(numbers);
    this.#changed = new Uint8Array(numbers);
    this.#makers = makers;
  }

  /**
   * Passes the transactions of a block.
   * @param visit gets the number of uses so far of what the transaction uses. If that is the same in two orders, and all of
   * those lasted, then they are the same: were another one among them, that one would not have found its own count. It also
   * gets whether they all lasted, and tells whether this one does.
   */
  pass(uses: readonly number[], visit: (count: number, lasts: boolean) => boolean): void {
    const [made, named, changed, makers] = [this.#made, this.#named, this.#changed, this.#makers];
    for (let at = 0; at < uses.length; ) {
      const id = uses[at];
      const first = at + 2;
      const end = first + uses[at + 1];
      let count = made[id] + named[id];
      let touched = changed[id];
      for (let i = first; i < end; i++) {
        const output = uses[i];
        const maker = makers[output];
        count += made[maker] + named[output];
        touched |= (changed[maker] & MAKER) | changed[output];
      }
      const lasts = visit(count, touched === 0);
      made[id]++;
      if (!lasts) changed[id] |= MAKER;
      for (let i = first; i < end; i++) {
        const output = uses[i];
        const maker = makers[output];
        named[output]++;
        named[maker]++;
        if (lasts) continue;
        changed[output] |= SPENDER;
        changed[maker] |= SPENDER;
      }
      at = end;
    }
  }
}
