import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';

/** A DAG to be built: per block its hash (wire order) and its parents, which stand before it. Block 0 is genesis. */
export interface DagPlan {
  readonly hashes: readonly Uint8Array[];
  readonly parents: readonly (readonly number[])[];
}

/** Shapes of generated DAGs, honest and hostile. */
export const SHAPES = [
  'latency',
  'rounds',
  'branches',
  'random',
  'redundant',
  'old-tips',
  'star',
  'comb',
  'mixed',
] as const;
export type Shape = (typeof SHAPES)[number];

/** How hashes relate to the order of arrival. */
export const GRINDS = ['none', 'falling', 'rising', 'zigzag', 'narrow'] as const;
export type Grind = (typeof GRINDS)[number];

/** Generates a DAG of `size` blocks. The same random stream gives the same DAG. */
export function randomDag(random: SeededRandom, shape: Shape, grind: Grind, size: number): DagPlan {
  const parents: number[][] = [[]];
  const width = 1 + random.below(8);
  for (let block = 1; block < size; block++) {
    const kind = shape === 'mixed' ? SHAPES[random.below(SHAPES.length - 1)]! : shape;
    parents.push(chooseParents(random, kind, parents, width));
  }
  return { hashes: parents.map((_, block) => grindHash(random, grind, block)), parents };
}

/** A random order of arrival in which parents come before children; entry i is the block that comes i-th. */
export function shuffledArrival(random: SeededRandom, plan: DagPlan): number[] {
  const waiting = plan.parents.map((parents) => new Set(parents).size);
  const children = plan.parents.map((): number[] => []);
  plan.parents.forEach((parents, block) => {
    for (const parent of new Set(parents)) children[parent]!.push(block);
  });
  const ready = [0];
  const arrival: number[] = [];
  while (ready.length > 0) {
    const [block] = ready.splice(random.below(ready.length), 1);
    arrival.push(block!);
    for (const child of children[block!]!) if (--waiting[child]! === 0) ready.push(child);
  }
  return arrival;
}

function chooseParents(random: SeededRandom, shape: Shape, parents: readonly number[][], width: number): number[] {
  const count = parents.length;
  const recent = (span: number) => count - 1 - random.below(Math.min(span, count));
  switch (shape) {
    case 'latency':
      return tipsOf(parents, Math.max(1, count - random.below(width)));
    case 'rounds': {
      const first = count - ((count - 1) % width);
      return Array.from({ length: Math.min(width, first) }, (_, i) => first - 1 - i);
    }
    case 'branches':
      // Long private branches, merged now and then.
      return random.chance(0.15) ? tipsOf(parents, count) : [tipsOf(parents, count)[random.below(2)] ?? count - 1];
    case 'random':
      return withoutAncestors(
        parents,
        pick(random, 1 + random.below(3), () => recent(8)),
      );
    case 'redundant':
      // Ancestors of other parents and duplicates allowed, in any order.
      return pick(random, 1 + random.below(4), () => recent(random.chance(0.2) ? count : 6));
    case 'old-tips':
      return random.chance(0.2) ? [recent(count)] : tipsOf(parents, count);
    case 'star':
      return random.chance(0.05) ? tipsOf(parents, count) : [Math.max(0, count - 1 - ((count - 1) % 12))];
    case 'comb':
      // A chain that each time also names an ever older block.
      return random.chance(0.5) ? [recent(2)] : [...new Set([count - 1, random.below(count)])];
    default:
      return [count - 1];
  }
}

/** The blocks below `end` without children below `end`, the newest first. */
function tipsOf(parents: readonly number[][], end: number): number[] {
  const hasChild = new Set<number>();
  for (let block = 0; block < end; block++) for (const parent of parents[block]!) hasChild.add(parent);
  const tips: number[] = [];
  for (let block = end - 1; block >= 0; block--) if (!hasChild.has(block)) tips.push(block);
  return tips;
}

function withoutAncestors(parents: readonly number[][], blocks: readonly number[]): number[] {
  const past = new Set<number>();
  const stack = blocks.flatMap((block) => parents[block]!);
  for (let block = stack.pop(); block !== undefined; block = stack.pop()) {
    if (past.has(block)) continue;
    past.add(block);
    stack.push(...parents[block]!);
  }
  return [...new Set(blocks)].filter((block) => !past.has(block));
}

function pick(random: SeededRandom, count: number, draw: () => number): number[] {
  const list = Array.from({ length: count }, draw);
  return random.chance(0.5) ? list : list.reverse();
}

/** A hash whose most significant bytes (the last ones) follow the wanted pattern. */
function grindHash(random: SeededRandom, grind: Grind, block: number): Uint8Array {
  const hash = random.bytes(32);
  if (grind === 'falling') hash[31] = 255 - (block % 256);
  if (grind === 'rising') hash[31] = block % 256;
  if (grind === 'zigzag') hash[31] = block % 2 === 0 ? block % 128 : 255 - (block % 128);
  // All alike but for the lowest word: every comparison has to look at all bytes.
  if (grind === 'narrow') hash.fill(7, 4);
  return hash;
}
