import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { DAMAGES, type Damage, damageFile } from './damage.ts';
import { differences } from './digest.ts';
import { messageAt, runChild } from './run-child.ts';
import type { StoredScenario, Workbench } from './workbench.ts';

/**
 * How a trial ended. `unharmed`: nothing needed the damaged bytes. `older`: the state is that of an earlier commit, whole and
 * right, as after the loss of the last one. `refused`: one clear line that names the remedy, and no answer.
 *
 * The others must not happen. `unclear`: refused without naming a remedy in one line. `wrong`: another state than the twin's.
 * `fault`: the process died in native code. `crash`: an error that is no refusal. `hang`: it never ended.
 */
export const OUTCOMES = ['unharmed', 'older', 'refused', 'unclear', 'wrong', 'fault', 'crash', 'hang'] as const;
export type Outcome = (typeof OUTCOMES)[number];
const GOOD: readonly Outcome[] = ['unharmed', 'older', 'refused'];

export interface CorruptionOptions {
  readonly corruptions: number;
  readonly seed: string;
  readonly size: number;
  /** Different databases that are damaged; default 6. */
  readonly images?: number;
  readonly onProgress?: (trials: number) => void;
}

export interface CorruptionReport {
  readonly trials: number;
  readonly outcomes: ReadonlyMap<Outcome, number>;
  /** Outcomes by kind of damage. */
  readonly byDamage: ReadonlyMap<Damage, ReadonlyMap<Outcome, number>>;
  /** Refusals by what the node was doing. */
  readonly refusals: ReadonlyMap<string, number>;
  /** What was wrong; empty if all is well. */
  readonly problems: readonly string[];
}

/** A database as some process left it. */
interface Image {
  readonly folder: string;
  readonly scenario: StoredScenario;
  /** Blocks it knows. */
  readonly count: number;
  /** An earlier state of the same database. */
  readonly earlier: string;
}

/** Damages copies of databases and lets a node open, read and continue them. */
export async function runCorruptions(bench: Workbench, options: CorruptionOptions): Promise<CorruptionReport> {
  const random = new SeededRandom(`corruptions/${options.seed}`);
  const outcomes = new Map<Outcome, number>();
  const byDamage = new Map<Damage, Map<Outcome, number>>();
  const refusals = new Map<string, number>();
  const problems: string[] = [];
  const images: Image[] = [];
  for (let trial = 0; trial < options.corruptions; trial++) {
    if (images.length < (options.images ?? 6)) images.push(await makeImage(bench, options, images.length));
    const image = images[trial % images.length];
    const damage = DAMAGES[trial % DAMAGES.length];
    const trialRandom = random.fork(trial);
    const folder = bench.path();
    bench.copy(image.folder, folder);
    const what = damageFile(trialRandom, damage, folder, image.earlier);
    const { outcome, text, phase } = await judge(folder, image, trialRandom.chance(0.5));
    const where = `trial ${trial}, ${what}`;
    if (!GOOD.includes(outcome)) problems.push(`${where}: ${outcome}: ${text}`);
    if (phase) refusals.set(phase, (refusals.get(phase) ?? 0) + 1);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const counts = byDamage.get(damage) ?? new Map<Outcome, number>();
    byDamage.set(damage, counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
    bench.remove(folder);
    options.onProgress?.(trial + 1);
  }
  return { trials: options.corruptions, outcomes, byDamage, refusals, problems };
}

/** A database fed to some point, closed or killed there, and a copy from some time before. */
async function makeImage(bench: Workbench, { seed, size }: CorruptionOptions, number: number): Promise<Image> {
  const random = new SeededRandom(`image/${seed}/${number}`);
  const scenario = bench.scenario(`${seed}/${number % 3}`, size);
  const { arrival, blocks } = scenario;
  const folder = bench.path();
  const early = random.between(Math.ceil(arrival.length / 4), Math.ceil(arrival.length / 2));
  const late = random.between(Math.ceil(arrival.length * 0.6), arrival.length);
  const base = { folder, blocks, seed: `image/${number}`, readFirst: false };
  await runChild({ ...base, until: early });
  const earlier = bench.path();
  bench.copy(folder, earlier);
  const left = await runChild(
    { ...base, until: late },
    // Every other database is left by a process that was killed.
    { onMessage: (message, child) => number % 2 === 1 && message.at === 'end' && child.kill('SIGKILL') },
  );
  const count = messageAt(left, 'end')?.count;
  if (count === undefined) throw new Error(`a child failed: ${left.errors}`);
  return { folder, scenario, count, earlier };
}

interface Verdict {
  readonly outcome: Outcome;
  readonly text: string;
  /** Where a refusal came. */
  readonly phase?: string;
}

/** Opens a damaged database, reads all of it, and feeds it to the end. */
async function judge(folder: string, { scenario, count }: Image, readFirst: boolean): Promise<Verdict> {
  const { twin, blocks } = scenario;
  const result = await runChild({ folder, blocks, seed: 'continue', readFirst });
  if (result.hung) return { outcome: 'hang', text: 'does not end' };
  const refused = messageAt(result, 'refused');
  const open = messageAt(result, 'open');
  const end = messageAt(result, 'end');
  if (open?.digest) {
    const parts = differences(open.digest, twin.at(open.count));
    if (parts.length > 0) return { outcome: 'wrong', text: `with ${open.count} blocks: ${parts.join(', ')}` };
  }
  if (refused) {
    const { kind, message, phase } = refused;
    return {
      outcome: isClear(kind, message) ? 'refused' : 'unclear',
      text: `${kind} while ${phase}: ${message}`,
      phase,
    };
  }
  if (end) {
    const parts = differences(end.digest, twin.at(end.count));
    if (end.count !== twin.size) parts.push(`${twin.size - end.count} blocks missing`);
    if (parts.length > 0) return { outcome: 'wrong', text: `in the end: ${parts.join(', ')}` };
  }
  if (result.signal) return { outcome: 'fault', text: `${result.signal} ${result.errors.slice(-500)}` };
  if (result.code !== 0 || !end || !open) return { outcome: 'crash', text: result.errors.slice(-2000) };
  return { outcome: open.count < count ? 'older' : 'unharmed', text: '' };
}

/** One line that tells the operator what to do. */
function isClear(kind: string, message: string): boolean {
  if (message.includes('\n')) return false;
  return kind !== 'corrupt' || message.includes('restore it from a backup');
}
