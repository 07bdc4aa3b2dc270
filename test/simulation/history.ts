import { Dag } from '../../src/dag/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { craftBlock } from './hostile/craft.ts';
import { SIM_PARAMS } from './sim-params.ts';

/** Seconds between two generations of the past. */
const SPACING = 20;
/** Most blocks of one generation. */
const WIDTH = 3;

const made = new Map<number, MemoryStore>();

/**
 * A disk with a DAG that was mined before a simulation begins. Equal for equal arguments, and made only once.
 * @param blocks about so many, genesis left out.
 * @param epoch milliseconds; all blocks are older.
 */
export function history(blocks: number, epoch: number): MemoryStore {
  const store = made.get(blocks) ?? mineHistory(blocks, epoch);
  made.set(blocks, store);
  return store;
}

function mineHistory(blocks: number, epoch: number): MemoryStore {
  const store = new MemoryStore();
  const random = new SeededRandom(`history of ${blocks}`);
  const clock = { now: () => epoch, monotonic: () => 0 };
  const dag = new Dag({ params: SIM_PARAMS }, { store, clock, pow: sha256dPow });
  dag.open();
  let time = Math.floor(epoch / 1000) - blocks * SPACING;
  while (dag.snapshot().blockCount <= blocks) {
    const { parents, height, medianTime } = dag.nextTemplateContext();
    time = Math.max(medianTime + 1, time + SPACING);
    const generation = Array.from({ length: random.between(1, WIDTH) }, () =>
      craftBlock({ parents, height, time }, SIM_PARAMS, random),
    );
    dag.processBlocks(generation);
  }
  return store;
}
