/** `npm run sim -- [options]`: simulates networks of real nodes in virtual time. See docs/simulation.md. */
import { CANARIES, type Canary } from './canaries.ts';
import { localRunner, ProcessRunner, type Runner } from './jobs.ts';
import { ALL_CANARIES, type Options, parseOptions, USAGE, UsageError } from './options.ts';
import type { TimedResult } from './runs.ts';
import { type SimulationResult, scenarioOf } from './simulation.ts';

/** Seeds in which a canary must be caught, unless the user says otherwise. */
const CANARY_SEEDS = 12;

function replayCommand({ nodes, minutes }: Options, seed: number): string {
  return `npm run sim -- --seeds 1 --first-seed ${seed} --nodes ${nodes} --minutes ${minutes} --trace`;
}

function speedOf({ result, cpu }: TimedResult): number {
  return Math.round(result.simulated / cpu);
}

/** Runs the real node. @returns whether everything held. */
async function runSeeds(options: Options, runner: Runner): Promise<boolean> {
  const { nodes, minutes } = options;
  let failed = 0;
  let simulated = 0;
  let busy = 0;
  let most = 0;
  const started = performance.now();
  const seeds = Array.from({ length: options.seeds }, (_, i) => options.firstSeed + i);
  for await (const timed of inOrder(seeds, runner, (seed) => runner.run({ seed, nodes, minutes }))) {
    const { result, took, cpu, rss } = timed;
    simulated += result.simulated;
    busy += cpu;
    most = Math.max(most, rss);
    if (result.problems.length > 0) failed++;
    if (options.json)
      console.log(JSON.stringify({ ...result, realMilliseconds: Math.round(took), cpuMilliseconds: Math.round(cpu) }));
    else printRun(options, timed);
  }
  const real = performance.now() - started;
  const totals = {
    seeds: options.seeds,
    failed,
    simulatedHours: simulated / 3_600_000,
    simulatedSecondsPerSecond: Math.round(simulated / real),
    simulatedSecondsPerCpuSecond: Math.round(simulated / busy),
    rssMegabytes: Math.round(most / 2 ** 20),
  };
  if (options.json) console.log(JSON.stringify(totals));
  else {
    console.log(
      `${totals.seeds} seeds, ${totals.simulatedHours.toFixed(1)} simulated hours, ${failed} failed, ` +
        `${totals.simulatedSecondsPerSecond} simulated seconds per real second ` +
        `(${totals.simulatedSecondsPerCpuSecond} per second of processor time), ${totals.rssMegabytes} MB`,
    );
  }
  return failed === 0;
}

function printRun(options: Options, timed: TimedResult): void {
  const { result } = timed;
  const { seed, problems, hash, blocks, payments, relay, summary } = result;
  const verdict = problems.length === 0 ? 'ok' : 'FAILED';
  const times = `relay ${seconds(relay.median)} / ${seconds(relay.p99)} / ${seconds(relay.worst)} s`;
  console.log(
    `seed ${seed}  ${verdict}  ${blocks} blocks  ${payments} payments  ${times}  x${speedOf(timed)}  ${hash}  ${summary}`,
  );
  for (const problem of problems) console.log(`    ${problem}`);
  if (problems.length > 0) console.log(`    replay: ${replayCommand(options, seed)}`);
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2);
}

/** Does pieces of work, all at once if the runner makes runs at once. Results come out in the order of the items. */
async function* inOrder<T, R>(
  items: readonly T[],
  { width }: Runner,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun = width > 1 ? items.map(work) : [];
  for (const [i, item] of items.entries()) yield await (begun[i] ?? work(item));
}

/** Runs nodes with planted defects. @returns whether all of them were caught. */
async function runCanaries(
  options: Options,
  runner: Runner,
  wanted: readonly Canary[],
  seeds: number,
): Promise<boolean> {
  let missed = 0;
  const caught = inOrder(wanted, runner, async (canary) => ({
    canary,
    caught: await hunt(options, runner, canary, seeds),
  }));
  for await (const { canary, caught: result } of caught) {
    if (!result) missed++;
    const verdict = result ? { caught: true, seed: result.seed, problem: result.problems[0] } : { caught: false };
    if (options.json) console.log(JSON.stringify({ canary: canary.name, ...verdict }));
    else if (result)
      console.log(`${canary.name}  caught by seed ${result.seed}: ${result.problems[0]?.split('\n')[0]}`);
    else console.log(`${canary.name}  NOT CAUGHT by ${seeds} seeds: ${canary.defect}`);
  }
  if (!options.json) console.log(`${wanted.length - missed} of ${wanted.length} canaries caught`);
  return missed === 0;
}

/** Looks for a seed that fails with the defect and holds without it. */
async function hunt(
  options: Options,
  runner: Runner,
  canary: Canary,
  seeds: number,
): Promise<SimulationResult | undefined> {
  const { nodes, minutes, firstSeed } = options;
  let left = seeds;
  for (let seed = firstSeed; left > 0; seed++) {
    if (!isSuitable(options, seed, canary)) continue;
    left--;
    const { result } = await runner.run({ seed, nodes, minutes, canary: canary.name });
    if (result.problems.length === 0) continue;
    const control = await runner.run({ seed, nodes, minutes, quiet: true });
    if (control.result.problems.length === 0) return result;
  }
  return undefined;
}

/** True if a seed brings what the defect needs to show. */
function isSuitable({ nodes, minutes }: Options, seed: number, { needs = {} }: Canary): boolean {
  const { hostile, faults } = scenarioOf({ seed, nodes, minutes });
  if (needs.hostile !== undefined && !hostile.some(({ kind }) => kind === needs.hostile)) return false;
  return needs.fault === undefined || faults.some(({ fault }) => fault.kind === needs.fault);
}

async function main(args: readonly string[]): Promise<boolean> {
  const options = parseOptions(args);
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  const trace = options.trace ? (line: string) => console.log(line) : undefined;
  // Lines of several runs at once would tell nobody anything.
  const runner = options.jobs > 1 && !trace ? new ProcessRunner(options.jobs) : localRunner(trace);
  try {
    return await runAll(options, runner, args);
  } finally {
    runner.close();
  }
}

function runAll(options: Options, runner: Runner, args: readonly string[]): Promise<boolean> {
  if (options.canary === undefined) return runSeeds(options, runner);
  const wanted = CANARIES.filter(({ name }) => options.canary === ALL_CANARIES || name === options.canary);
  if (wanted.length === 0) {
    throw new UsageError(`no canary ${options.canary}; there are: ${CANARIES.map(({ name }) => name).join(' ')}`);
  }
  return runCanaries(options, runner, wanted, args.includes('--seeds') ? options.seeds : CANARY_SEEDS);
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
