import type { BlueSets } from './blue-sets.ts';
import { Uint8Column } from './columns.ts';
import { IntBuffer } from './int-buffer.ts';

const MEMBER = 1;
const MARKED = 2;

/**
 * Who is in the virtual blue set, as one flag a block, and who has changed. The set before and the set after are both a
 * walk along selected parents with diffs; where the walks meet they are equal from there on, so a change costs the
 * parts that differ.
 */
export class VirtualBlues {
  readonly #blues: BlueSets;
  readonly #flags = new Uint8Column();
  #tip = -1;
  #chains: readonly (readonly number[])[] = [];
  readonly #before = new IntBuffer();
  readonly #after = new IntBuffer();
  /** The blocks that entered or left with the last {@link update}. */
  readonly changed = new IntBuffer();

  constructor(blues: BlueSets) {
    this.#blues = blues;
  }

  /** True if the block is in the virtual blue set. */
  has(id: number): boolean {
    return (this.#flags.get(id) & MEMBER) !== 0;
  }

  /**
   * Makes B(tip) and the blocks of `chains` the virtual blue set. `rows` is the number of block ids in use. The chains
   * are copied.
   */
  update(tip: number, chains: readonly (readonly number[])[], rows: number): void {
    this.#flags.ensure(rows);
    const before = this.#before;
    const after = this.#after;
    before.clear();
    after.clear();
    this.changed.clear();
    for (const chain of this.#chains) for (const block of chain) before.push(block);
    for (const chain of chains) for (const block of chain) after.push(block);
    for (let old = this.#tip, fresh = tip; old !== fresh; ) {
      if (old > fresh) old = this.#step(old, before);
      else fresh = this.#step(fresh, after);
    }
    for (let i = 0; i < after.length; i++) {
      const block = after.data[i]!;
      const flags = this.#flags.get(block);
      if ((flags & MEMBER) === 0) this.changed.push(block);
      this.#flags.set(block, MEMBER | MARKED);
    }
    for (let i = 0; i < before.length; i++) {
      const block = before.data[i]!;
      if ((this.#flags.get(block) & MARKED) !== 0) continue;
      this.#flags.set(block, 0);
      this.changed.push(block);
    }
    for (let i = 0; i < after.length; i++) this.#flags.set(after.data[i]!, MEMBER);
    this.#tip = tip;
    this.#chains = chains.map((chain) => chain.slice());
  }

  /** Collects a block and its diff; returns its selected parent. */
  #step(id: number, into: IntBuffer): number {
    into.push(id);
    this.#blues.eachOfDiff(id, (block) => into.push(block));
    return this.#blues.selectedParent(id);
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#flags.bytes;
  }
}
