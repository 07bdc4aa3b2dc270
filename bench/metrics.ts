/**
 * `npm run bench -- metrics [--blocks N] [--rounds N] [--json]`: what measuring costs while a node catches up. Case `sum`: the cost of
 * one measurement of the dearest kind, its clock readings included, times the measurements that a synchronisation really takes, and of
 * a scrape each second, as shares of the processor time of the synchronisation. Case `pairs`: the synchronisation itself with measuring
 * and a scrape each second, and without, in turns; its runs differ by more than measuring costs, so it only shows that nothing was forgotten.
 */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MetricsManager } from '../src/metrics/index.ts';
import { systemClock } from '../src/node/system.ts';
import { type DagInfo, freePort, NodeProcess, until } from '../test/e2e/process.ts';
import { forkHistory, writeHistory } from './fork-history.ts';
import type { Report } from './report.ts';

const MINERS = 4;
const SEED = 5;
/** Measurements between two drains, about as many as one turn of the event loop brings while catching up. */
const PER_TURN = 50;
const SENDS = 400_000;
const SCRAPE_INTERVAL = 1000;
/** Clock ticks of /proc in a second. */
const TICKS = 100;

/** Runs the benchmark. */
export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { blocks: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '3' } },
  });
  const blocks = Number(values.blocks);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(blocks) || blocks < 1) throw new Error('--blocks needs a whole number above 0');
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds needs a whole number above 0');
  const home = mkdtempSync(join(tmpdir(), 'soterd-metrics-'));
  await writeHistory(join(home, '.soterd', 'data', 'simnet'), forkHistory(blocks, MINERS, SEED), { trusted: true });
  const source = await NodeProcess.start([], home);
  try {
    const measured: Sync[] = [];
    const plain: Sync[] = [];
    for (let round = 0; round < rounds; round++) {
      measured.push(await synchronise(source, true));
      plain.push(await synchronise(source, false));
    }
    addSum(report, blocks, measured);
    const add = (metric: string, value: number, unit: string) =>
      report.add({ case: 'pairs', size: blocks, metric, value, unit });
    add('cpu_measured', median(measured.map(({ cpu }) => cpu)), 's');
    add('cpu_plain', median(plain.map(({ cpu }) => cpu)), 's');
    add('seconds_measured', median(measured.map(({ seconds }) => seconds)), 's');
    add('seconds_plain', median(plain.map(({ seconds }) => seconds)), 's');
  } finally {
    await source.remove();
  }
}

function addSum(report: Report, blocks: number, runs: readonly Sync[]): void {
  const add = (metric: string, value: number, unit: string) =>
    report.add({ case: 'sum', size: blocks, metric, value, unit });
  const each = costOfMeasurement();
  const count = median(runs.map(({ measurements }) => measurements));
  const cpu = median(runs.map((sync) => sync.cpu));
  const scrape = median(runs.map((sync) => sync.scrape));
  const seconds = median(runs.map((sync) => sync.seconds));
  add('ns_per_measurement', each, 'ns');
  add('measurements_per_block', count / blocks, '');
  add('measuring_share', (100 * (count * each)) / (cpu * 1e9), '%');
  add('ms_per_scrape', scrape, 'ms');
  add('scraping_share', (100 * scrape * ((seconds * 1000) / SCRAPE_INTERVAL)) / (cpu * 1000), '%');
}

/** What a synchronisation came to. */
interface Sync {
  readonly seconds: number;
  /** Processor time of all threads, start included. */
  readonly cpu: number;
  readonly measurements: number;
  /** Median milliseconds of a scrape, as its reader sees it; 0 if there was none. */
  readonly scrape: number;
}

async function synchronise(source: NodeProcess, isMeasured: boolean): Promise<Sync> {
  const wanted = await source.call<DagInfo>('getdaginfo');
  const port = await freePort();
  const args = [`--connect=127.0.0.1:${source.p2pPort}`, ...(isMeasured ? [`--metricslisten=127.0.0.1:${port}`] : [])];
  const home = mkdtempSync(join(tmpdir(), 'soterd-metrics-'));
  const script = fileURLToPath(new URL('./unmeasured-node.js', import.meta.url));
  const started = performance.now();
  const target = isMeasured ? await NodeProcess.start(args, home) : await NodeProcess.start(args, home, script);
  const scrapes: number[] = [];
  const scraper = setInterval(async () => {
    if (!isMeasured) return;
    const begun = performance.now();
    await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    scrapes.push(performance.now() - begun);
  }, SCRAPE_INTERVAL);
  try {
    await until(async () => (await target.call<number>('getblockcount')) >= wanted.blocks);
    const seconds = (performance.now() - started) / 1000;
    clearInterval(scraper);
    const cpu = cpuSeconds(target.program.child.pid!);
    // Nothing else is going on any more: this is what a scrape costs by itself.
    if (isMeasured) {
      for (let i = 0; i < 20; i++) {
        const begun = performance.now();
        await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        scrapes.push(performance.now() - begun);
      }
    }
    const [taken] = await target.call<{ values: { value: number }[] }[]>('getmetrics', 'soterd_metrics_measurements');
    return { seconds, cpu, measurements: taken?.values[0]?.value ?? 0, scrape: median(scrapes) };
  } finally {
    clearInterval(scraper);
    await target.remove();
  }
}

/** User and system time of a process, with two digits. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Nanoseconds of a measurement with labels, from the first reading of the clock to the instruments. */
function costOfMeasurement(): number {
  const metrics = new MetricsManager({}, { timers: { soon: () => undefined } });
  metrics.start();
  const { block } = metrics.channels;
  const measure = (): void => {
    const start = systemClock.monotonic();
    block.send({ milliseconds: systemClock.monotonic() - start, outcome: 'accepted', blocks: 1 });
  };
  const runOnce = (): number => {
    const begun = performance.now();
    for (let i = 0; i < SENDS; i += PER_TURN) {
      for (let k = 0; k < PER_TURN; k++) measure();
      metrics.blockMetrics();
    }
    return ((performance.now() - begun) * 1e6) / SENDS;
  };
  runOnce();
  return median([runOnce(), runOnce(), runOnce()]);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
