/**
 * `npm run sim -- [--seeds N] [--first-seed N] [--nodes N] [--minutes N] [--canary [NAME]] [--trace] [--json]`: simulates
 * networks of real nodes in virtual time. See docs/simulation.md.
 */
import { CANARIES, type Canary } from './canaries.ts';
import { ALL_CANARIES, type Options, parseOptions, USAGE, UsageError } from './options.ts';
import { Simulation, type SimulationResult, scenarioOf } from './simulation.ts';

/** Seeds in which a canary must be caught, unless the user says otherwise. */
const CANARY_SEEDS = 12;

interface Timed {
  readonly result: SimulationResult;
  /** Real milliseconds, and those of them in which the processor worked for us. */
  readonly took: number;
  readonly cpu: number;
}

async function simulate(options: Options, seed: number, canary?: Canary): Promise<Timed> {
  const { nodes, minutes, trace } = options;
  const remove = canary?.install?.();
  const started = performance.now();
  const cpu = process.cpuUsage();
  const simulation = new Simulation({
    seed,
    nodes,
    minutes,
    hooks: canary?.hooks,
    ...(trace && { trace: (line: string) => console.log(line) }),
  });
  const rejected = (reason: unknown) =>
    simulation.report(`unhandled rejection: ${reason instanceof Error ? reason.stack : reason}`);
  process.on('unhandledRejection', rejected);
  try {
    const result = await simulation.run();
    const { user, system } = process.cpuUsage(cpu);
    return { result, took: performance.now() - started, cpu: (user + system) / 1000 };
  } finally {
    process.off('unhandledRejection', rejected);
    remove?.();
  }
}

function replayCommand({ nodes, minutes }: Options, seed: number, canary?: string): string {
  const plant = canary === undefined ? '' : ` --canary ${canary}`;
  return `npm run sim -- --seeds 1 --first-seed ${seed} --nodes ${nodes} --minutes ${minutes}${plant} --trace`;
}

function speedOf({ result, cpu }: Timed): number {
  return Math.round(result.simulated / cpu);
}

/** Runs the real node. @returns whether everything held. */
async function runSeeds(options: Options): Promise<boolean> {
  let failed = 0;
  let simulated = 0;
  let real = 0;
  let busy = 0;
  for (let seed = options.firstSeed; seed < options.firstSeed + options.seeds; seed++) {
    const timed = await simulate(options, seed);
    const { result, took, cpu } = timed;
    simulated += result.simulated;
    real += took;
    busy += cpu;
    if (result.problems.length > 0) failed++;
    if (options.json)
      console.log(JSON.stringify({ ...result, realMilliseconds: Math.round(took), cpuMilliseconds: Math.round(cpu) }));
    else printRun(options, timed);
  }
  const { rss } = process.memoryUsage();
  const totals = {
    seeds: options.seeds,
    failed,
    simulatedHours: simulated / 3_600_000,
    simulatedSecondsPerSecond: Math.round(simulated / real),
    simulatedSecondsPerCpuSecond: Math.round(simulated / busy),
    rssMegabytes: Math.round(rss / 2 ** 20),
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

function printRun(options: Options, timed: Timed): void {
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

/** Runs nodes with planted defects. @returns whether all of them were caught. */
async function runCanaries(options: Options, wanted: readonly Canary[], seeds: number): Promise<boolean> {
  let missed = 0;
  for (const canary of wanted) {
    const caught = await hunt(options, canary, seeds);
    if (!caught) missed++;
    const verdict = caught ? { caught: true, seed: caught.seed, problem: caught.problems[0] } : { caught: false };
    if (options.json) console.log(JSON.stringify({ canary: canary.name, ...verdict }));
    else if (caught)
      console.log(`${canary.name}  caught by seed ${caught.seed}: ${caught.problems[0]?.split('\n')[0]}`);
    else console.log(`${canary.name}  NOT CAUGHT by ${seeds} seeds: ${canary.defect}`);
  }
  if (!options.json) console.log(`${wanted.length - missed} of ${wanted.length} canaries caught`);
  return missed === 0;
}

/** Looks for a seed that fails with the defect and holds without it. */
async function hunt(options: Options, canary: Canary, seeds: number): Promise<SimulationResult | undefined> {
  let left = seeds;
  for (let seed = options.firstSeed; left > 0; seed++) {
    if (!isSuitable(options, seed, canary)) continue;
    left--;
    const { result } = await simulate(options, seed, canary);
    if (result.problems.length === 0) continue;
    const control = await simulate({ ...options, trace: false }, seed);
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
  if (options.canary === undefined) return runSeeds(options);
  const wanted = CANARIES.filter(({ name }) => options.canary === ALL_CANARIES || name === options.canary);
  if (wanted.length === 0) {
    throw new UsageError(`no canary ${options.canary}; there are: ${CANARIES.map(({ name }) => name).join(' ')}`);
  }
  return runCanaries(options, wanted, args.includes('--seeds') ? options.seeds : CANARY_SEEDS);
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
