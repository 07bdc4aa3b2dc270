import { Int32Column, Uint32Column } from './columns.ts';
import type { Reachability } from './reachability.ts';

/**
 * The blue sets B(n), each stored as its difference to that of the selected parent:
 * B(n) = B(selected parent) ∪ diff(n) ∪ {n}. They never change.
 *
 * The blocks of a diff are all unrelated to the selected parent, and no more than k of them can be pairwise unrelated:
 * the one added last would have had the parent and the others, more than k, unrelated to it. So a diff is kept as at
 * most k *chains*: lists of blocks from descendant to ancestor. Whoever asks which members are unrelated to a block
 * reads each chain from the top down to the first ancestor, whatever the length of the diff.
 */
export class BlueSets {
  readonly #reach: Reachability;
  readonly #selectedParent = new Int32Column();
  readonly #blueCount = new Int32Column();
  readonly #diffStart = new Uint32Column();
  /** Per chain its length, then its blocks, descendants first. */
  readonly #diffs = new Int32Column();
  #diffLength = 0;
  #rows = 0;

  constructor(reach: Reachability) {
    this.#reach = reach;
  }

  /** Stores the colouring of a block. `chains` hold the diff, each chain ascending. */
  add(id: number, selectedParent: number, chains: readonly (readonly number[])[]): void {
    this.#selectedParent.ensure(id + 1);
    this.#blueCount.ensure(id + 1);
    this.#diffStart.ensure(id + 2);
    while (this.#rows <= id) this.#diffStart.set(this.#rows++, this.#diffLength);
    let added = 0;
    for (const chain of chains) {
      added += chain.length;
      this.#diffs.ensure(this.#diffLength + chain.length + 1);
      this.#diffs.set(this.#diffLength++, chain.length);
      for (let i = chain.length - 1; i >= 0; i--) this.#diffs.set(this.#diffLength++, chain[i]!);
    }
    this.#diffStart.set(id + 1, this.#diffLength);
    this.#selectedParent.set(id, selectedParent);
    this.#blueCount.set(id, (selectedParent < 0 ? 0 : this.#blueCount.get(selectedParent)) + added + 1);
  }

  /** The parent whose blue set the block's extends; −1 for genesis. */
  selectedParent(id: number): number {
    return this.#selectedParent.get(id);
  }

  /** |B(id)|. */
  blueCount(id: number): number {
    return this.#blueCount.get(id);
  }

  /** Chains of the diff, each ascending; a fresh copy. */
  chains(id: number): number[][] {
    const chains: number[][] = [];
    const end = this.#diffStart.get(id + 1);
    for (let at = this.#diffStart.get(id); at < end; ) {
      const length = this.#diffs.get(at++);
      const chain: number[] = [];
      for (let i = at + length - 1; i >= at; i--) chain.push(this.#diffs.get(i));
      chains.push(chain);
      at += length;
    }
    return chains;
  }

  /** Calls `visit` for every block of the diff. */
  eachOfDiff(id: number, visit: (block: number) => void): void {
    const end = this.#diffStart.get(id + 1);
    for (let at = this.#diffStart.get(id); at < end; ) {
      const length = this.#diffs.get(at++);
      for (let i = 0; i < length; i++) visit(this.#diffs.get(at++));
    }
  }

  /**
   * Number of members of B(tip), the tip not counted, that are unrelated to `block`, a block that is neither the tip
   * nor related to it. Counting stops beyond `limit`. Only members that are ancestors of the block are related to it
   * (none can be a descendant), so the walk along the selected parents ends at the first ancestor: its blue set lies in
   * the block's past. All blocks met before are unrelated, so there are no more than `limit` + 1 steps.
   */
  countUnrelated(tip: number, block: number, limit: number): number {
    let count = 0;
    for (let at = tip; ; count++) {
      const end = this.#diffStart.get(at + 1);
      for (let from = this.#diffStart.get(at); from < end; ) {
        const next = from + 1 + this.#diffs.get(from);
        for (let i = from + 1; i < next && !this.#reach.isAncestor(this.#diffs.get(i), block); i++) {
          if (++count > limit) return count;
        }
        from = next;
      }
      at = this.#selectedParent.get(at);
      if (at < 0 || count > limit || this.#reach.isAncestor(at, block)) return count;
    }
  }

  /** True if `member` is in B(id). Costs the walk along the selected parents down to where the member is. */
  has(id: number, member: number): boolean {
    for (let at = id; at >= member; at = this.#selectedParent.get(at)) {
      if (at === member) return true;
      if (!this.#reach.isAncestor(member, at)) return false;
      const end = this.#diffStart.get(at + 1);
      for (let from = this.#diffStart.get(at); from < end; ) {
        const next = from + 1 + this.#diffs.get(from);
        for (let i = from + 1; i < next && this.#diffs.get(i) >= member; i++) {
          if (this.#diffs.get(i) === member) return true;
        }
        from = next;
      }
    }
    return false;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#selectedParent.bytes + this.#blueCount.bytes + this.#diffStart.bytes + this.#diffs.bytes;
  }
}
