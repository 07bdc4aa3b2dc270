import type { PicturedBlock } from './blocks.ts';
import { shortName } from './dot.ts';

/** How a block looks from some step on: its index, whether it is blue and a tip, and its place in the order, -1 for none. */
export type Look = readonly [index: number, isBlue: 0 | 1, isTip: 0 | 1, position: number];

/** One step of the growth of a DAG: what changed with it. */
export interface Step {
  readonly caption: string;
  readonly looks: readonly Look[];
}

/** The growth of a DAG, step by step. */
export class Film {
  readonly #indexes = new Map<string, number>();
  readonly #looks: Look[] = [];
  readonly #steps: Step[] = [];
  #newest: readonly PicturedBlock[] = [];

  /** What the DAG looks like at the end. */
  get blocks(): readonly PicturedBlock[] {
    return this.#newest;
  }

  /** Hashes of all blocks, in the order in which they appeared: looks refer to these. */
  get hashes(): readonly string[] {
    return [...this.#indexes.keys()];
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Takes the state of a DAG that only grew since the step before; all its blocks. */
  add(blocks: readonly PicturedBlock[]): void {
    const looks: Look[] = [];
    const added: PicturedBlock[] = [];
    let recoloured = 0;
    let moved = 0;
    for (const block of blocks) {
      const before = this.#look(block.hash);
      const look = this.#lookOf(block);
      if (before?.every((value, place) => value === look[place])) continue;
      if (!before) added.push(block);
      else if (before[1] !== look[1]) recoloured++;
      if (before && before[3] !== look[3]) moved++;
      this.#looks[look[0]] = look;
      looks.push(look);
    }
    this.#newest = blocks;
    if (looks.length > 0) this.#steps.push({ caption: caption(added, recoloured, moved), looks });
  }

  #look(hash: string): Look | undefined {
    const index = this.#indexes.get(hash);
    return index === undefined ? undefined : this.#looks[index];
  }

  #lookOf({ hash, isBlue, isTip, position = -1 }: PicturedBlock): Look {
    let index = this.#indexes.get(hash);
    if (index === undefined) {
      index = this.#indexes.size;
      this.#indexes.set(hash, index);
    }
    return [index, isBlue ? 1 : 0, isTip ? 1 : 0, position];
  }
}

function caption(added: readonly PicturedBlock[], recoloured: number, moved: number): string {
  const [first] = added;
  const parts: string[] = [];
  if (first && added.length === 1) {
    const { hash, height, isBlue, parents, position } = first;
    const colour = isBlue ? 'blue' : 'red';
    const place = position === undefined ? 'left out of the order' : `number ${position} of the order`;
    const named = `${parents.length} ${parents.length === 1 ? 'parent' : 'parents'}`;
    parts.push(`Block ${shortName(hash)} at height ${height} with ${named}: ${colour}, ${place}`);
  } else if (added.length > 0) parts.push(`${added.length} blocks at once`);
  if (recoloured > 0) parts.push(`${recoloured} changed colour`);
  if (moved > 0) parts.push(`${moved} moved in the order`);
  return parts.join('; ');
}
