/**
 * A node as the crash tests need one: opens database and DAG in a folder, feeds the blocks that it does not know yet, some in
 * commits of their own, some in batches, and some in batches that another thread writes, and tells what it does. Started by `run-child.ts`; see `messages.ts`.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dag } from '../../src/dag/index.ts';
import { systemStoreHost } from '../../src/node/store-host.ts';
import { startStoreWriter } from '../../src/node/store-writer.ts';
import { type KeyValueStore, openLmdbStore, StoreError } from '../../src/store/index.ts';
import { hashKey } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import type { Block } from '../../src/wire/index.ts';
import { digestOf } from './digest.ts';
import { type ChildPhase, type ChildTask, REFUSED_EXIT, tell } from './messages.ts';
import { openDag, readArrival } from './scenario.ts';
import { SteppedStore, type StoreStep } from './stepped-store.ts';

/** Share of the groups that are a single block, and most blocks of the others. */
const SINGLES = 0.6;
const BATCH = 24;
/** Share of the batches that another thread writes. */
const ASIDE = 0.6;

const task: ChildTask = JSON.parse(process.argv[2]);
let phase: ChildPhase = 'opening';
let opened: KeyValueStore | undefined;
/** Why the DAG cannot be used any more. */
let failure: unknown;
let steps = 0;
let commits = 0;

function onStep(step: StoreStep): void {
  const { suicide, photograph } = task;
  const current = phase === 'opening' ? 'open' : 'feed';
  if (suicide?.step === step && suicide.phase === current && ++steps === suicide.count) {
    process.kill(process.pid, 'SIGKILL');
  }
  if (step === 'written' && task.tellCommits) tell({ at: 'committing' });
  if (!photograph || phase !== 'feeding') return;
  if (step === 'written') commits++;
  if (commits !== photograph.count) return;
  if (step === 'written') copyFileSync(join(task.folder, 'data.mdb'), `${photograph.to}.before`);
  if (step === 'committed') {
    copyFileSync(join(task.folder, 'data.mdb'), `${photograph.to}.after`);
    process.exit(0);
  }
}

function knownPlaces(dag: Dag, arrival: readonly Block[]): number[] {
  return arrival.flatMap(({ hash }, place) => (dag.blockStatus(hash) === undefined ? [] : [place]));
}

/** Number of known blocks; some arrive more than once. */
function countKnown(dag: Dag, arrival: readonly Block[]): number {
  return 1 + new Set(knownPlaces(dag, arrival).map((place) => hashKey(arrival[place].hash))).size;
}

async function feedAll(dag: Dag, arrival: readonly Block[]): Promise<void> {
  const random = new SeededRandom(`groups/${task.seed}`);
  const places = new Map(arrival.map(({ hash }, place) => [hashKey(hash), place]));
  dag.events.on('accepted', ({ hash }) => tell({ at: 'accepted', place: places.get(hashKey(hash))! }));
  const unknown = arrival.slice(0, task.until).filter(({ hash }) => dag.blockStatus(hash) === undefined);
  for (let at = 0; at < unknown.length; ) {
    const length = random.chance(SINGLES) ? 1 : 1 + random.below(BATCH);
    const group = unknown.slice(at, at + length);
    if (length > 1 && random.chance(ASIDE)) await feedAside(dag, group, random.below(3));
    else dag.processBlocks(group);
    at += length;
  }
  // All of it, whatever the last group was.
  dag.openBatch()();
}

/** @param turns of the event loop in which the commit may be done, before the next group comes. */
async function feedAside(dag: Dag, group: readonly Block[], turns: number): Promise<void> {
  const end = dag.openBatch();
  dag.processBlocks(group);
  end(true);
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, i));
}

async function main(): Promise<void> {
  const arrival = readArrival(task.blocks);
  tell({ at: 'opening' });
  const store: KeyValueStore = new SteppedStore(
    openLmdbStore(task.folder, { host: systemStoreHost, writer: startStoreWriter }),
    onStep,
  );
  opened = store;
  const dag = openDag(store);
  dag.events.on('failed', (error) => {
    failure = error;
  });
  phase = 'reading';
  const known = knownPlaces(dag, arrival);
  const digest = task.readFirst ? digestOf(dag, store, arrival) : undefined;
  tell({ at: 'open', known, count: countKnown(dag, arrival), digest });
  phase = 'feeding';
  await feedAll(dag, arrival);
  phase = 'reading';
  tell({ at: 'end', count: countKnown(dag, arrival), digest: digestOf(dag, store, arrival) });
  phase = 'closing';
  await dag.close();
  await store.close();
  tell({ at: 'closed' });
}

/** A node that cannot go on stops in an orderly way; its database may refuse once more, but not otherwise. */
async function stopAfterRefusal(): Promise<void> {
  try {
    await opened?.close();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

try {
  await main();
} catch (thrown) {
  const error = failure ?? thrown;
  if (!(error instanceof StoreError)) throw error;
  tell({ at: 'refused', phase, kind: error.kind, message: error.message });
  await stopAfterRefusal();
  process.exit(REFUSED_EXIT);
}
