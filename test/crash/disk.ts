import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreErrorKind } from '../../src/store/index.ts';
import { differences } from './digest.ts';
import { runIntoLimit } from './node-stop.ts';
import { type ChildResult, messageAt, runChild } from './run-child.ts';
import type { StoredScenario, Workbench } from './workbench.ts';

/** How one case went. */
export interface DiskCase {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** The line that the operator saw, or why the case failed or was skipped. */
  readonly text: string;
}

export interface DiskOptions {
  readonly seed: string;
  readonly size: number;
  /** `strace` can be used. */
  readonly canTrace: boolean;
}

const KIB = 1024;
/** A disk on which every database of these tests has room. */
const LARGE_DISK = 64 * KIB * KIB;
/** Sizes of disks that are too small, as shares of what the database needs. */
const SMALL_DISKS = [0.05, 0.3, 0.5, 0.8];

/** Disks that are full, read-only or failing: the error is typed and clear, and nothing is lost or wrong afterwards. */
export async function runDiskCases(bench: Workbench, options: DiskOptions): Promise<DiskCase[]> {
  const cases: DiskCase[] = [];
  const run = async (name: string, obstacle: string | undefined, body: () => Promise<string>): Promise<void> => {
    if (obstacle) {
      cases.push({ name, result: 'skipped', text: obstacle });
      return;
    }
    try {
      cases.push({ name, result: 'passed', text: await body() });
    } catch (error) {
      if (!(error instanceof CaseFailure)) throw error;
      cases.push({ name, result: 'failed', text: error.message });
    }
  };
  const scenario = bench.scenario(`${options.seed}/0`, options.size);
  const noMounts = tmpfsObstacle(bench);
  const noTracer = options.canTrace ? undefined : 'strace is missing or may not trace';
  const needed = await neededBytes(bench, scenario);
  for (const share of SMALL_DISKS) {
    await run(`disk full at ${100 * share} %`, noMounts, () => fullDisk(bench, scenario, share * needed));
  }
  await run('read-only disk', noMounts, () => readOnlyDisk(bench, scenario));
  for (const [name, call, error] of [
    ['disk becomes full: data', 'writev', 'ENOSPC'],
    ['disk becomes full: commit', 'pwrite64', 'ENOSPC'],
    ['disk becomes read-only', 'pwrite64', 'EROFS'],
    ['disk fails: flush', 'fdatasync', 'EIO'],
    ['disk fails: write', 'writev', 'EIO'],
    ['quota reached', 'pwrite64', 'EDQUOT'],
  ] as const) {
    await run(name, noTracer, () => failingDisk(bench, scenario, call, error));
  }
  await run('file size limit', undefined, () => fileLimit(bench, scenario, needed / 2));
  await run('a whole node stops', undefined, () => nodeStops(bench));
  return cases;
}

class CaseFailure extends Error {}

function expectRefusal(result: ChildResult, kinds: readonly StoreErrorKind[]): string {
  const refused = messageAt(result, 'refused');
  if (!refused) {
    const end = result.signal ?? `code ${result.code}`;
    throw new CaseFailure(`no refusal but ${end} ${result.errors.trim().slice(-600)}`);
  }
  const { kind, message } = refused;
  if (!kinds.includes(kind)) throw new CaseFailure(`kind "${kind}" instead of "${kinds.join('" or "')}": ${message}`);
  if (message.includes('\n')) throw new CaseFailure(`more than one line: ${message}`);
  return message;
}

/** The database opens, holds everything that was reported, and goes on to the twin's end. */
async function expectUnharmed(folder: string, { twin, blocks }: StoredScenario, before: ChildResult): Promise<void> {
  const result = await runChild({ folder, blocks, seed: 'afterwards', readFirst: true });
  const open = messageAt(result, 'open');
  const end = messageAt(result, 'end');
  if (!open?.digest || !end) {
    const refused = messageAt(result, 'refused');
    throw new CaseFailure(`afterwards: ${refused?.message ?? result.signal ?? result.errors.slice(-600)}`);
  }
  const lost = before.messages.filter((message) => message.at === 'accepted' && !open.known.includes(message.place));
  if (lost.length > 0) throw new CaseFailure(`afterwards: ${lost.length} accepted blocks are lost`);
  const parts = [...differences(open.digest, twin.at(open.count)), ...differences(end.digest, twin.at(twin.size))];
  if (parts.length > 0) throw new CaseFailure(`afterwards another state: ${parts.join(', ')}`);
}

async function fullDisk(bench: Workbench, scenario: StoredScenario, bytes: number): Promise<string> {
  return onTmpfs(bench, bytes, async (disk) => {
    const folder = join(disk, 'data');
    const { blocks } = scenario;
    const result = await runChild({ folder, blocks, seed: 'full', readFirst: false });
    const text = expectRefusal(result, ['full']);
    // A second start on the full disk either refuses in the same way or stops there again.
    expectRefusal(await runChild({ folder, blocks, seed: 'full', readFirst: true }), ['full']);
    mount(['-o', `remount,size=${LARGE_DISK}`, disk]);
    await expectUnharmed(folder, scenario, result);
    return text;
  });
}

async function readOnlyDisk(bench: Workbench, scenario: StoredScenario): Promise<string> {
  return onTmpfs(bench, LARGE_DISK, async (disk) => {
    const folder = join(disk, 'data');
    const task = { folder, blocks: scenario.blocks, seed: 'read-only', readFirst: true };
    const until = Math.floor(scenario.arrival.length / 2);
    const before = await runChild({ ...task, until });
    mount(['-o', 'remount,ro', disk]);
    const text = expectRefusal(await runChild(task), ['readOnly']);
    expectRefusal(await runChild({ ...task, folder: join(disk, 'new') }), ['readOnly']);
    mount(['-o', 'remount,rw', disk]);
    await expectUnharmed(folder, scenario, before);
    return text;
  });
}

/** Size of the database when all blocks are in it. */
async function neededBytes(bench: Workbench, { blocks }: StoredScenario): Promise<number> {
  const folder = bench.path();
  await runChild({ folder, blocks, seed: 'full', readFirst: false });
  const { size } = statSync(join(folder, 'data.mdb'));
  bench.remove(folder);
  return size;
}

/** From some call on, the operating system answers with an error. */
async function failingDisk(bench: Workbench, scenario: StoredScenario, call: string, error: string): Promise<string> {
  const folder = bench.path();
  const task = { folder, blocks: scenario.blocks, seed: 'failing', readFirst: false };
  await runChild({ ...task, until: 20 });
  const inject = `--inject=${call}:error=${error}:when=8+`;
  const wrapper = ['strace', '-f', '-qq', '-o', '/dev/null', `--trace=${call}`, inject];
  const result = await runChild(task, { wrapper });
  const text = expectRefusal(result, error === 'EROFS' ? ['readOnly'] : ['full']);
  await expectUnharmed(folder, scenario, result);
  bench.remove(folder);
  return text;
}

/** The database file may not grow further; needs no privileges. */
async function fileLimit(bench: Workbench, scenario: StoredScenario, bytes: number): Promise<string> {
  const folder = bench.path();
  const task = { folder, blocks: scenario.blocks, seed: 'limit', readFirst: false };
  // Without the signal that goes with it, the limit is an error of the write.
  const script = `trap "" XFSZ; ulimit -f ${Math.floor(bytes / 512)}; exec "$@"`;
  const result = await runChild(task, { wrapper: ['sh', '-c', script, 'sh'] });
  const text = expectRefusal(result, ['full']);
  await expectUnharmed(folder, scenario, result);
  bench.remove(folder);
  return text;
}

/** A whole node says once why it cannot go on, and ends. */
async function nodeStops(bench: Workbench): Promise<string> {
  const { code, critical, log } = await runIntoLimit(bench.path(), 512 * KIB);
  if (code === undefined) throw new CaseFailure(`the node goes on; its log ends with: ${log.trim().slice(-300)}`);
  if (code !== 1 || critical.length !== 1) {
    throw new CaseFailure(`code ${code}, ${critical.length} critical lines: ${log.trim().slice(-300)}`);
  }
  return critical[0];
}

function mount(args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new CaseFailure(`mount ${args.join(' ')}: ${stderr ?? error?.message}`);
}

async function onTmpfs<T>(bench: Workbench, bytes: number, body: (disk: string) => Promise<T>): Promise<T> {
  const disk = bench.path();
  mkdirSync(disk);
  mount(['-t', 'tmpfs', '-o', `size=${Math.floor(bytes)}`, 'soterd-crash', disk]);
  try {
    return await body(disk);
  } finally {
    spawnSync('umount', [disk]);
  }
}

/** Why no disk can be mounted here; undefined if it can. */
function tmpfsObstacle(bench: Workbench): string | undefined {
  const disk = bench.path();
  mkdirSync(disk);
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', 'soterd-crash', disk], { encoding: 'utf8' });
  if (status !== 0) return `no disk can be mounted here: ${(error?.message ?? stderr).trim()}`;
  spawnSync('umount', [disk]);
  return undefined;
}
