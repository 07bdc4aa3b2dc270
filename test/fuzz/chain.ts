import { Dag } from '../../src/dag/index.ts';
import type { NetworkParams } from '../../src/params/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import type { Block, Transaction } from '../../src/wire/index.ts';
import { craftBlock } from '../simulation/hostile/craft.ts';

/** Generations of the past: enough for some coinbases to be spendable. */
const GENERATIONS = 140;
/** Seconds between two generations. */
const SPACING = 20;
/** Most blocks of one generation. */
const WIDTH = 3;

/** One block and its height. */
export interface PlacedBlock {
  readonly block: Block;
  readonly height: number;
}

/** The DAG that a node holds when it is attacked; equal for equal arguments. */
export interface FuzzChain {
  readonly params: NetworkParams;
  /** Unix seconds of its newest block. */
  readonly time: number;
  /** All but genesis, parents first. */
  readonly blocks: readonly PlacedBlock[];
  /** Transactions whose outputs anyone can spend now, and some for which it is too early. */
  readonly coinbases: readonly Transaction[];
}

/**
 * Makes the past.
 * @param time Unix seconds of its newest block.
 */
export function makeChain(params: NetworkParams, seed: string, time: number): FuzzChain {
  const random = new SeededRandom(`fuzz chain ${seed}`);
  const clock = { now: () => time * 1000, monotonic: () => 0 };
  const dag = new Dag({ params }, { store: new MemoryStore(), clock, pow: sha256dPow });
  dag.open();
  const blocks: PlacedBlock[] = [];
  for (let generation = GENERATIONS - 1; generation >= 0; generation--) {
    const { parents, height } = dag.nextTemplateContext();
    const siblings = Array.from({ length: random.between(1, WIDTH) }, () =>
      craftBlock({ parents, height, time: time - generation * SPACING }, params, random),
    );
    dag.processBlocks(siblings);
    blocks.push(...siblings.map((block) => ({ block, height })));
  }
  return { params, time, blocks, coinbases: blocks.map(({ block }) => block.transactions[0]!) };
}
