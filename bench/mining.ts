/**
 * `npm run bench -- mining [--max N] [--json]`: how fast are hashing, templates and the miner? `size` is the number of
 * transactions in the pool; made-up payments whose scripts cost nothing, so that the figures are those of the selection.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Dag } from '../src/dag/index.ts';
import { Miner, type SearchJob, TemplateBuilder, templatePolicy } from '../src/mining/index.ts';
import { FakeDag } from '../src/mining/testing/fake-dag.ts';
import { FakePool, madeUp, testHash } from '../src/mining/testing/pool.ts';
import { threadWorkers } from '../src/node/mining-workers.ts';
import { systemWorld } from '../src/node/system.ts';
import { networkParams } from '../src/params/index.ts';
import { sha256dPow } from '../src/pow/index.ts';
import { MemoryStore } from '../src/store/index.ts';
import { silentLogger } from '../src/util/log.ts';
import { searchNonces, sha256dHeaders, sha256dMerkleRoot } from '../src/util/sha256d-wasm.ts';
import type { Report } from './report.ts';

const POOL_SIZES = [1000, 10_000, 100_000, 300_000];
const ROUNDS = 7;
/** Runs before the first that counts, for the engine to compile what it will compile. */
const WARM_UP = 10;
const params = networkParams('simnet');

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Median milliseconds of processor time that `work` takes. */
function cpuMilliseconds(work: () => void): number {
  for (let i = 0; i < WARM_UP; i++) work();
  const times = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return median(times);
}

function hashing(report: Report): void {
  const rate = (name: string, count: number, work: () => void) => {
    report.add({ case: name, metric: 'hash_rate', value: count / cpuMilliseconds(work) / 1000, unit: 'MH/s' });
  };
  const never = new Uint8Array(32);
  const headers = new Uint8Array(80 * 20_000).map((_, i) => i * 7);
  const first = headers.subarray(0, 80);
  rate('mining', 1 << 20, () => void searchNonces(first, never, 0, 1 << 20));
  rate('headers', 20_000, () => void sha256dHeaders(headers));
  rate('merkle-tree', 19_999, () => void sha256dMerkleRoot(headers.subarray(0, 32 * 20_000)));
  rate('node-crypto', 20_000, () => {
    for (let i = 0; i < 20_000; i++) {
      const inner = createHash('sha256')
        .update(headers.subarray(i * 80, i * 80 + 80))
        .digest();
      createHash('sha256').update(inner).digest();
    }
  });
}

function templates(report: Report, size: number): void {
  const dag = new FakeDag(params, systemWorld.clock);
  const pool = new FakePool(dag);
  const value = 1_000_000_000n;
  for (let i = 0; i < size; i++) {
    const outpoint = { hash: testHash(i), index: 0 };
    dag.addOutput(outpoint, { value, pkScript: new Uint8Array(25), height: 0, isCoinbase: false });
    const fee = BigInt(1000 + ((i * 7919) % 50_000));
    pool.add(madeUp({ inputs: [outpoint], values: [value / 2n, value / 2n - fee], fee, sigOps: 2, padding: 107 }));
  }
  const builder = new TemplateBuilder({ params, policy: templatePolicy() }, { dag, transactions: pool });
  const build = () => {
    // As if the pool had changed: nothing of the last selection may be used.
    pool.version++;
    builder.build();
  };
  report.add({ case: 'template', size, metric: 'ms_per_template', value: cpuMilliseconds(build), unit: 'ms' });
  const again = cpuMilliseconds(() => void builder.build());
  report.add({ case: 'template', size, metric: 'ms_same_transactions', value: again, unit: 'ms' });
}

async function generating(report: Report): Promise<void> {
  const store = new MemoryStore();
  const dag = new Dag({ params }, { store, clock: systemWorld.clock, pow: sha256dPow });
  dag.open();
  let submitting = 0;
  const nowhere = { send: () => undefined };
  const miner = new Miner(
    { payTo: [], processors: 1, reportHashes: false },
    {
      templates: new TemplateBuilder({ params, policy: templatePolicy() }, { dag }),
      sink: {
        submit: (block) => {
          const start = performance.now();
          const result = dag.processBlock(block);
          submitting += performance.now() - start;
          return result;
        },
      },
      workers: threadWorkers,
      world: systemWorld,
      logger: silentLogger,
      onTipsChanged: (listener) => dag.events.on('connected', listener),
      maxHeight: () => dag.snapshot().maxHeight,
      network: { peerCount: () => 0, isCurrent: () => true },
      measurements: { solveTime: nowhere, solveCount: nowhere, solveHash: nowhere },
    },
  );
  await miner.generate(1000);
  submitting = 0;
  const count = 3000;
  const start = performance.now();
  await miner.generate(count);
  const all = performance.now() - start;
  await dag.close();
  const add = (metric: string, milliseconds: number) =>
    report.add({ case: 'generate', metric, value: (1000 * milliseconds) / count, unit: 'us' });
  add('us_per_block', all);
  add('us_outside_dag', all - submitting);
}

async function threads(report: Report): Promise<void> {
  const none = new Uint8Array(0);
  const hopeless: SearchJob = {
    ...{ header: new Uint8Array(80), target: new Uint8Array(32), height: 1, branch: none, extraNonce: 0n },
    ...{ coinbaseHead: new Uint8Array(41), coinbaseTail: none },
  };
  const worker = threadWorkers.start();
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const times: number[] = [];
  for (let i = 0; i < 51; i++) {
    const search = worker.search(hopeless);
    // The first one also waits for the thread to start.
    await pause(i === 0 ? 1000 : 20);
    const start = performance.now();
    worker.cancel();
    await search;
    if (i > 0) times.push(performance.now() - start);
  }
  await worker.close();
  report.add({ case: 'cancel', metric: 'ms_median', value: median(times), unit: 'ms' });
  report.add({ case: 'cancel', metric: 'ms_most', value: Math.max(...times), unit: 'ms' });
}

export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { max: { type: 'string', default: '300000' } } });
  hashing(report);
  for (const size of POOL_SIZES.filter((each) => each <= Number(values.max))) templates(report, size);
  await generating(report);
  await threads(report);
}
