/**
 * soterd as the benchmark `miner-load` runs it: besides, threads keep all processors busy. Its first argument says which:
 * `idle` none, `mining` the search threads of the miner, on work without a solution, `busy` threads of ordinary priority. All
 * other arguments are those of soterd.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SearchJob } from '../src/mining/index.ts';
import { runDaemon } from '../src/node/daemon.ts';
import { threadWorkers } from '../src/node/mining-workers.ts';

const [load, ...args] = process.argv.slice(2);
const none = new Uint8Array(0);
const hopeless: SearchJob = {
  header: new Uint8Array(80),
  target: new Uint8Array(32),
  height: 1,
  coinbaseHead: new Uint8Array(41),
  coinbaseTail: none,
  branch: none,
  extraNonce: 0n,
};
for (let i = 0; i < availableParallelism(); i++) {
  if (load === 'mining') void threadWorkers.start().search(hopeless);
  if (load === 'busy') new Worker('for (;;);', { eval: true }).unref();
}
process.exit(await runDaemon(args));
