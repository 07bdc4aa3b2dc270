/**
 * soterd as benchmarks run it that ask what a node needs, see `measured-node.ts`: at each SIGUSR2 it appends what it measured
 * since the last one to the file named by its first argument, a line of JSON. The second one is the resolution of the event
 * loop's delay, milliseconds. All other arguments are those of soterd.
 */
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runDaemon } from '../src/node/daemon.ts';
import type { NodeSpan } from './measured-node.ts';
import { usedMemory } from './used-memory.ts';

const [file, resolutionText, ...args] = process.argv.slice(2);
const resolution = Number(resolutionText);
const delay = monitorEventLoopDelay({ resolution });
const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolution);
let before = process.cpuUsage();
process.on('SIGUSR2', () => {
  delay.disable();
  const { user, system } = process.cpuUsage(before);
  const span: NodeSpan = {
    loopP99: late(delay.percentile(99)),
    loopMax: late(delay.max),
    cpu: (user + system) / 1e6,
    memory: usedMemory(),
    rss: process.memoryUsage.rss(),
    peakRss: process.resourceUsage().maxRSS * 1024,
  };
  appendFileSync(file, `${JSON.stringify(span)}\n`);
  before = process.cpuUsage();
  delay.reset();
  delay.enable();
});
process.exitCode = await runDaemon(args);
