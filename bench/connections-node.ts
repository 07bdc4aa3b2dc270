/**
 * soterd as the benchmarks `connections` and `relay` run it: at each SIGUSR2 it appends to the file named by its first argument, a line
 * of JSON, what it measured since the last one. All other arguments are those of soterd. Run it with `--expose-gc`.
 */
import { appendFileSync } from 'node:fs';
import { runDaemon } from '../src/node/daemon.ts';

/** What a node reports. */
export interface NodeSpan {
  /** Processor time of all threads since the last report, seconds. */
  readonly cpu: number;
  /** Bytes of JavaScript in use after a collection, buffers included. */
  readonly memory: number;
  /** Bytes of the process in memory. */
  readonly rss: number;
}

const [file, ...args] = process.argv.slice(2);
let before = process.cpuUsage();
process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage(before);
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const span: NodeSpan = { cpu: (user + system) / 1e6, memory: heapUsed + external, rss };
  appendFileSync(file, `${JSON.stringify(span)}\n`);
  before = process.cpuUsage();
});
process.exitCode = await runDaemon(args);
