import type { Dag } from '../../../src/dag/index.ts';
import { type Hash, hashKey } from '../../../src/util/hash.ts';
import type { SeededRandom } from '../../../src/util/testing/seeded-random.ts';
import type { VirtualNode } from '../../../src/util/testing/virtual-world.ts';
import { type Block, InvType, type InvVector, UNKNOWN_HEIGHT } from '../../../src/wire/index.ts';
import { SIM_PARAMS } from '../sim-params.ts';
import { type BlockPlan, craftBlock } from './craft.ts';

/** Tools of strategies. */
export interface Toolbox {
  readonly random: SeededRandom;
  readonly world: VirtualNode;
  /** IPs of the attacker's machines. */
  readonly ips: readonly string[];
  /** True if no clock of the network is wrong: tricks may be played whose effect depends on clocks. */
  readonly clocksAgree: boolean;
  /** The DAG of some running node: attackers know everything that is public. */
  spy(): Dag | undefined;
}

/** A block on the tips of some node, valid unless the changes break a rule. */
export function blockOnTips(
  tools: Toolbox,
  changes: Partial<BlockPlan> = {},
): { block: Block; height: number } | undefined {
  const dag = tools.spy();
  if (!dag) return undefined;
  const { parents, height, medianTime } = dag.nextTemplateContext();
  const time = Math.max(medianTime + 1, Math.floor(tools.world.clock.now() / 1000));
  const block = craftBlock({ parents, height, time, ...changes }, SIM_PARAMS, tools.random);
  return { block, height: changes.height ?? height };
}

/** The announcement of a block. */
export function blockVector(hash: Hash, height = UNKNOWN_HEIGHT): InvVector {
  return { type: InvType.block, hash, height };
}

/** Blocks that an attacker can deliver, by hash; the oldest are forgotten. */
export class Stock {
  readonly #blocks = new Map<string, Block>();
  readonly #limit: number;

  constructor(limit = 500) {
    this.#limit = limit;
  }

  add(block: Block): void {
    this.#blocks.set(hashKey(block.hash), block);
    if (this.#blocks.size <= this.#limit) return;
    for (const oldest of this.#blocks.keys()) {
      this.#blocks.delete(oldest);
      return;
    }
  }

  get(hash: Hash): Block | undefined {
    return this.#blocks.get(hashKey(hash));
  }
}
