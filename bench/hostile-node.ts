/**
 * soterd as the benchmark `hostile` runs it: at each SIGUSR2 it appends what it measured since the last one to the file
 * named by its first argument, a line of JSON. All other arguments are those of soterd.
 */
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runDaemon } from '../src/node/daemon.ts';
import { usedMemory } from './used-memory.ts';

/** What a node reports of the time since the last report. */
export interface SpanReport {
  /** Longest wait of the event loop, milliseconds. */
  readonly longest: number;
  /** Processor time of all threads, milliseconds. */
  readonly cpu: number;
  /** Bytes in use at the end, after a collection. */
  readonly memory: number;
  /** Most memory of the process so far, bytes. */
  readonly peak: number;
}

/** Milliseconds between two samples of the event loop. */
const RESOLUTION = 2;

const [file, ...args] = process.argv.slice(2);
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
let before = process.cpuUsage();
process.on('SIGUSR2', () => {
  delay.disable();
  const { user, system } = process.cpuUsage(before);
  const longest = Math.max(0, delay.max / 1e6 - RESOLUTION);
  const peak = process.resourceUsage().maxRSS * 1024;
  const report: SpanReport = { longest, cpu: (user + system) / 1000, memory: usedMemory(), peak };
  appendFileSync(file, `${JSON.stringify(report)}\n`);
  before = process.cpuUsage();
  delay.reset();
  delay.enable();
});
process.exitCode = await runDaemon(args);
