import { readFileSync, writeFileSync } from 'node:fs';
import { Dag } from '../../src/dag/index.ts';
import { type NetworkParams, networkParams } from '../../src/params/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { type KeyValueStore, MemoryStore } from '../../src/store/index.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { Block } from '../../src/wire/index.ts';
import { generateDag } from '../model/block-builder-dag.ts';
import { minersPlan, shapedPlan } from '../model/block-builder-plans.ts';
import { LOCKS } from '../model/block-builder-wallet.ts';

/** simnet, with coins that ripen soon, so that small DAGs hold many transactions. */
const PARAMS: NetworkParams = { ...networkParams('simnet'), coinbaseMaturity: 4 };
/** A time at which no generated block is too new. */
const NOW = Date.UTC(2100, 0, 1);
/** Shapes that rewrite the end of the order often. */
const SHAPES = ['miners', 'latency', 'branches', 'random', 'redundant', 'mixed'] as const;
/** Outputs kept in memory: few, so that most are read from the store. */
const OUTPUT_CACHE = 32 * 1024;

/** A DAG of the kind that the crash tests feed. */
export function openDag(store: KeyValueStore): Dag {
  const clock = { now: () => NOW, monotonic: () => 0 };
  const dag = new Dag({ params: PARAMS, outputCacheBytes: OUTPUT_CACHE }, { store, clock, pow: sha256dPow });
  dag.open();
  return dag;
}

/**
 * The blocks that a node gets, in their order of arrival: forks, merges, signed transactions, double spends, blocks that fail, orphans,
 * repetitions. A function of seed and size.
 * @param size honest blocks.
 */
export function makeArrival(seed: string, size: number): Block[] {
  const random = new SeededRandom(`arrival/${seed}`);
  const shape = random.pick(SHAPES);
  const shapeRandom = random.fork('shape');
  const plan = shape === 'miners' ? minersPlan(shapeRandom, size) : shapedPlan(shapeRandom, size, shape);
  const oracle = openDag(new MemoryStore());
  const generated = generateDag({
    seed,
    params: PARAMS,
    plan,
    transactions: 3,
    doubleSpends: 0.3,
    nested: 0.2,
    greedy: 0.04,
    locks: LOCKS,
    isStored: (outpoint) => oracle.utxo(outpoint) !== undefined,
  });
  const arrival: { readonly block: Block; readonly at: number }[] = [];
  for (const { place, block } of generated) {
    if (place >= 0) oracle.processBlock(block);
    const at = arrival.length;
    // A late block makes orphans of its children.
    arrival.push({ block, at: random.chance(0.08) ? at + 1.5 + random.below(6) : at });
    if (random.chance(0.03)) arrival.push({ block, at: at + 4 });
  }
  return arrival.sort((a, b) => a.at - b.at).map(({ block }) => block);
}

/** Writes blocks to a file, each behind its length (u32). */
export function writeArrival(path: string, blocks: readonly Block[]): void {
  const parts: Uint8Array[] = [];
  for (const block of blocks) {
    const bytes = block.toBytes();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    parts.push(length, bytes);
  }
  writeFileSync(path, Buffer.concat(parts));
}

/** Reads what {@link writeArrival} wrote. */
export function readArrival(path: string): Block[] {
  const file = readFileSync(path);
  const blocks: Block[] = [];
  for (let at = 0; at < file.length; ) {
    const end = at + 4 + file.readUInt32LE(at);
    blocks.push(Block.fromBytes(file.subarray(at + 4, end), PARAMS.generation));
    at = end;
  }
  return blocks;
}
