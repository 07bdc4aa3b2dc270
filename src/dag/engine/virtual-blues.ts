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
   * Makes B(tip) and the blocks of `chains` the virtual blue set, after `block` was connected. `rows` is the number of
   * block ids in use. The chains are kept, not copied: they may grow by appending the blocks of later calls.
   */
  update(tip: number, chains: readonly (readonly number[])[], block: number, rows: number): void {
    this.#flags.ensure(rows);
    this.changed.clear();
    if (tip === this.#tip && chains === this.#chains) {
      if (chains.some((chain) => chain[chain.length - 1] === block)) {
        this.#flags.set(block, MEMBER);
        this.changed.push(block);
      }
      return;
    }
    const before = this.#before;
    const after = this.#after;
    before.clear();
    after.clear();
    for (const chain of this.#chains) for (const member of chain) before.push(member);
    for (const chain of chains) for (const member of chain) after.push(member);
    for (let old = this.#tip, fresh = tip; old !== fresh; ) {
      if (old > fresh) old = this.#step(old, before);
      else fresh = this.#step(fresh, after);
    }
    for (let i = 0; i < after.length; i++) this.#enter(after.data[i]!);
    for (let i = 0; i < before.length; i++) {
      const member = before.data[i]!;
      // A member before may have been appended by this very call, without ever having been one.
      if (this.#flags.get(member) !== MEMBER) continue;
      this.#flags.set(member, 0);
      this.changed.push(member);
    }
    for (let i = 0; i < after.length; i++) this.#flags.set(after.data[i]!, MEMBER);
    this.#tip = tip;
    this.#chains = chains;
  }

  #enter(member: number): void {
    if ((this.#flags.get(member) & MEMBER) === 0) this.changed.push(member);
    this.#flags.set(member, MEMBER | MARKED);
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
