/**
 * soterd as the benchmark `ibd` runs it: on SIGUSR2 it begins to measure, and at its end it writes what it measured, as
 * JSON, to the file named by its first argument. All other arguments are those of soterd.
 */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runDaemon } from '../src/node/daemon.ts';

/** What a measured node reports. */
export interface NodeReport {
  /** Event loop delay beyond the resolution of the timer, milliseconds. */
  readonly loopP50: number;
  readonly loopP99: number;
  readonly loopMax: number;
  /** CPU time of all threads since SIGUSR2, seconds. */
  readonly cpu: number;
  /** Of the whole life of the process. */
  readonly peakRss: number;
}

/** Milliseconds between two samples of the event loop. */
const RESOLUTION = 10;

const [file, ...args] = process.argv.slice(2);
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
let cpuBefore = process.cpuUsage();
process.on('SIGUSR2', () => {
  cpuBefore = process.cpuUsage();
  delay.reset();
  delay.enable();
});
process.exitCode = await runDaemon(args);
delay.disable();
const { user, system } = process.cpuUsage(cpuBefore);
const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
const report: NodeReport = {
  loopP50: late(delay.percentile(50)),
  loopP99: late(delay.percentile(99)),
  loopMax: late(delay.max),
  cpu: (user + system) / 1e6,
  peakRss: process.resourceUsage().maxRSS * 1024,
};
writeFileSync(file, JSON.stringify(report));
