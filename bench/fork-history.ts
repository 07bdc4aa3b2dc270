import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Dag } from '../src/dag/index.ts';
import { systemStoreHost } from '../src/node/store-host.ts';
import { networkParams } from '../src/params/index.ts';
import { sha256dPow } from '../src/pow/index.ts';
import { openLmdbStore } from '../src/store/index.ts';
import { type Hash, hashKey } from '../src/util/hash.ts';
import { SeededRandom } from '../src/util/testing/seeded-random.ts';
import type { Block } from '../src/wire/index.ts';
import { BlockMaker } from './block-maker.ts';

/** Blocks that share commits while the history is written. */
const CHUNK = 256;

/**
 * A DAG as several miners make it who hear of each other late: in every round some of them make a block on the tips that
 * they know, and learn of the others' blocks one round later. Coinbase only, simnet, equal for equal seeds.
 */
export function forkHistory(blocks: number, miners: number, seed: number): Block[] {
  const params = networkParams('simnet');
  const maker = new BlockMaker(params);
  const random = new SeededRandom(seed);
  const made: Block[] = [];
  const heights = new Map<string, number>([[hashKey(params.genesisHash), 0]]);
  const views = Array.from({ length: miners }, () => [params.genesisHash] as Hash[]);
  while (made.length < blocks - 1) {
    const round: Block[] = [];
    views.forEach((tips, miner) => {
      if (made.length + round.length >= blocks - 1 || random.float() < 0.5) return;
      const height = 1 + tips.reduce((most, tip) => Math.max(most, heights.get(hashKey(tip))!), 0);
      const block = maker.make(height, tips);
      heights.set(hashKey(block.hash), height);
      views[miner] = [block.hash];
      round.push(block);
    });
    made.push(...round);
    for (const [miner, tips] of views.entries()) views[miner] = merged(tips, round);
  }
  // After a round everybody knows everything: one block on all tips ends the history.
  const height = 1 + views[0].reduce((most, tip) => Math.max(most, heights.get(hashKey(tip))!), 0);
  made.push(maker.make(height, views[0]));
  return made;
}

/** The tips of a miner who has heard of these blocks, too. */
function merged(tips: readonly Hash[], heard: readonly Block[]): Hash[] {
  const all = new Map([...tips, ...heard.map(({ hash }) => hash)].map((hash) => [hashKey(hash), hash]));
  for (const { parentHashes } of heard) for (const parent of parentHashes) all.delete(hashKey(parent));
  return [...all.values()];
}

/** How a history is written. */
export interface WriteOptions {
  /** The history is known to be valid: its scripts need not run. */
  readonly trusted?: boolean;
}

/** Writes a history into the block database of a node that is not running. @param dataDir folder of the network. */
export async function writeHistory(
  dataDir: string,
  history: Iterable<Block>,
  { trusted = false }: WriteOptions = {},
): Promise<void> {
  const folder = join(dataDir, 'blocks');
  mkdirSync(folder, { recursive: true });
  const store = openLmdbStore(folder, { host: systemStoreHost });
  const now = Date.now();
  const dag = new Dag(
    { params: networkParams('simnet') },
    {
      store,
      clock: { now: () => now, monotonic: () => now },
      pow: sha256dPow,
      ...(trusted && { scriptVerifier: { verify: () => undefined } }),
    },
  );
  dag.open();
  const write = (chunk: readonly Block[]): void => {
    for (const result of dag.processBlocks(chunk)) {
      if (result instanceof Error || result.status !== 'accepted') throw new Error('the history is not valid');
    }
  };
  let chunk: Block[] = [];
  for (const block of history) {
    chunk.push(block);
    if (chunk.length < CHUNK) continue;
    write(chunk);
    chunk = [];
  }
  write(chunk);
  await dag.close();
  await store.close();
}
