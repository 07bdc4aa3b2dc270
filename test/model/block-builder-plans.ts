import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { Bitmap } from './bitmap.ts';
import { randomDag, type Shape } from './random-dag.ts';

/** Where one block of a DAG stands. Blocks are named by their place: genesis is 0, the first planned block is 1. */
export interface PlannedBlock {
  /** In message order. */
  readonly parents: readonly number[];
  /** All blocks below this place are in the block's past: what they paid may be spent. */
  readonly visible: number;
}

/** A chain. */
export function* linearPlan(blocks: number): Iterable<PlannedBlock> {
  for (let place = 1; place <= blocks; place++) yield { parents: [place - 1], visible: place };
}

/** Rounds of `width` parallel blocks, each on all blocks of the round before. */
export function* widePlan(blocks: number, width: number): Iterable<PlannedBlock> {
  let parents = [0];
  for (let first = 1; first <= blocks; first += width) {
    const round = Array.from({ length: Math.min(width, blocks + 1 - first) }, (_, i) => first + i);
    for (const _ of round) yield { parents, visible: first };
    parents = round;
  }
}

/**
 * Miners who take turns at random; each block stands on all tips that its miner sees, who is up to `lag` blocks behind.
 * The shape of an honest network. Costs O(blocks × miners).
 */
export function* minersPlan(
  random: SeededRandom,
  blocks: number,
  { miners = 4, lag = 6 }: { readonly miners?: number; readonly lag?: number } = {},
): Iterable<PlannedBlock> {
  const parentsOf: (readonly number[])[] = [[]];
  const views = Array.from({ length: miners }, () => ({ seen: 1, tips: new Set([0]) }));
  for (let place = 1; place <= blocks; place++) {
    const view = random.pick(views);
    const until = Math.max(view.seen, place - random.below(lag + 1));
    for (; view.seen < until; view.seen++) {
      for (const parent of parentsOf[view.seen]) view.tips.delete(parent);
      view.tips.add(view.seen);
    }
    const parents = [...view.tips];
    parentsOf.push(parents);
    yield { parents, visible: view.seen };
  }
}

/** One of the shapes of {@link randomDag}, honest or hostile. For some thousand blocks at most. */
export function* shapedPlan(random: SeededRandom, blocks: number, shape: Shape): Iterable<PlannedBlock> {
  const { parents } = randomDag(random, shape, 'none', blocks + 1);
  const pasts: Bitmap[] = [new Bitmap()];
  for (let place = 1; place <= blocks; place++) {
    const past = new Bitmap();
    for (const parent of parents[place]) {
      past.add(parent);
      past.addAll(pasts[parent]);
    }
    pasts.push(past);
    let visible = 0;
    while (past.has(visible)) visible++;
    yield { parents: parents[place], visible };
  }
}
