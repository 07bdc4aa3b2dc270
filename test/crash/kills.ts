import type { ChildProcess } from 'node:child_process';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { differences } from './digest.ts';
import type { ChildMessage, ChildTask } from './messages.ts';
import { type ChildOptions, type ChildResult, messageAt, runChild } from './run-child.ts';
import type { StoreStep } from './stepped-store.ts';
import type { StoredScenario, Workbench } from './workbench.ts';

/**
 * Ways to kill. `instant`: any moment while blocks come in. `opening`: any moment between the start and the end of opening, the
 * recovery from the kill before included. `commit`: some moment around the database's own commit. `closing`: while the node
 * stops. `step:…`: the process kills itself at exactly this step of a commit. `open-step:…`: likewise while it opens.
 * `call:…`: as it enters a system call of the commit, only where `strace` works: LMDB writes data pages by `writev` and
 * `pwrite64`, forces them to the disk by `fdatasync`, then writes the page that makes the commit valid by `pwrite64`.
 */
export const KILL_KINDS = [
  'instant',
  'commit',
  'step:begin',
  'step:write',
  'step:written',
  'step:committed',
  'opening',
  'open-step:read',
  'open-step:written',
  'closing',
  'call:writev',
  'call:fdatasync',
  'call:pwrite64',
] as const;
export type KillKind = (typeof KILL_KINDS)[number];

/** How many kills of a round are of each kind. */
const KIND_WEIGHTS: readonly (readonly [KillKind, number])[] = [
  ['instant', 4],
  ['commit', 3],
  ['step:begin', 1],
  ['step:write', 2],
  ['step:written', 1],
  ['step:committed', 1],
  ['opening', 2],
  ['open-step:read', 1],
  ['open-step:written', 1],
  ['closing', 1],
  ['call:writev', 1],
  ['call:fdatasync', 1],
  ['call:pwrite64', 1],
];
const CYCLE: readonly KillKind[] = KIND_WEIGHTS.flatMap(([kind, weight]) => Array<KillKind>(weight).fill(kind));

/** Kills after which a fresh DAG is begun, if the old one lasts so long. */
const KILLS_PER_FOLDER = 10;
/** Different DAGs in a run. */
const SCENARIOS = 8;
/** After so many of them it is clear that something is wrong. */
const MAX_DIFFERENCES = 20;
/** Milliseconds that a kill follows the moment it waits for, at most. */
const COMMIT_WINDOW = 12;
const CLOSE_WINDOW = 6;

export interface KillOptions {
  readonly kills: number;
  readonly seed: string;
  /** Blocks of a DAG. */
  readonly size: number;
  /** `strace` can be used. */
  readonly canTrace: boolean;
  readonly onProgress?: (kills: number) => void;
}

export interface KillReport {
  readonly kills: number;
  readonly byKind: ReadonlyMap<KillKind, number>;
  /** Kills that hit a process that had not finished opening. */
  readonly duringOpen: number;
  /** Processes that opened a database after a kill, and how long the opening took, milliseconds. */
  readonly opens: number;
  readonly openMs: { readonly mean: number; readonly max: number };
  /** States compared with the twin's. */
  readonly compared: number;
  /** Folders fed to the end after their kills. */
  readonly finished: number;
  /** What was wrong; empty if all is well. */
  readonly differences: readonly string[];
}

/** Kills nodes that are being fed, and compares what is left with a twin that nobody kills. */
export async function runKills(bench: Workbench, options: KillOptions): Promise<KillReport> {
  const run = new KillRun(bench, options);
  await run.all();
  return run.report();
}

class KillRun {
  readonly #bench: Workbench;
  readonly #options: KillOptions;
  readonly #random: SeededRandom;
  readonly #byKind = new Map<KillKind, number>();
  readonly #differences: string[] = [];
  readonly #openMs: number[] = [];
  /** Kinds of kills to come in this round. */
  #round: KillKind[] = [];
  #kills = 0;
  #duringOpen = 0;
  #compared = 0;
  #finished = 0;
  /** Milliseconds from the start of opening to its end, by experience. */
  #openTime = 60;

  constructor(bench: Workbench, options: KillOptions) {
    this.#bench = bench;
    this.#options = options;
    this.#random = new SeededRandom(`kills/${options.seed}`);
  }

  async all(): Promise<void> {
    for (let folder = 0; this.#kills < this.#options.kills && this.#differences.length < MAX_DIFFERENCES; folder++) {
      const { seed, size } = this.#options;
      const scenario = this.#bench.scenario(`${seed}/${folder % SCENARIOS}`, size);
      await this.#oneFolder(scenario, folder);
    }
  }

  report(): KillReport {
    const mean = this.#openMs.reduce((sum, ms) => sum + ms, 0) / Math.max(1, this.#openMs.length);
    return {
      kills: this.#kills,
      byKind: this.#byKind,
      duringOpen: this.#duringOpen,
      opens: this.#openMs.length,
      openMs: { mean, max: Math.max(0, ...this.#openMs) },
      compared: this.#compared,
      finished: this.#finished,
      differences: this.#differences,
    };
  }

  /** Kills a node in one folder again and again while it is fed, then feeds it to the end. */
  async #oneFolder(scenario: StoredScenario, number: number): Promise<void> {
    const folder = this.#bench.path();
    const reported = new Set<number>();
    let kills = 0;
    for (let run = 0; ; run++) {
      const done = kills >= KILLS_PER_FOLDER || this.#kills >= this.#options.kills;
      const kind = done ? undefined : this.#chooseKind(run === 0);
      const seed = `${this.#options.seed}/${number}/${run}`;
      const task: ChildTask = { folder, blocks: scenario.blocks, seed, readFirst: true };
      const result = await this.#run(task, kind, scenario.arrival.length);
      const where = `folder ${number}, run ${run}, ${kind ?? 'not killed'}`;
      if (!this.#check(result, scenario, reported, where)) break;
      if (kind && result.signal === 'SIGKILL') {
        kills++;
        this.#count(kind, result);
      }
      if (messageAt(result, 'closed')) {
        this.#finished++;
        break;
      }
    }
    this.#bench.remove(folder);
  }

  #chooseKind(isNewFolder: boolean): KillKind {
    if (this.#round.length === 0) {
      const possible = CYCLE.filter((kind) => this.#options.canTrace || !kind.startsWith('call:'));
      this.#round = this.#random.shuffle(possible);
    }
    const kind = this.#round.pop()!;
    // Opening writes only when it makes a new database.
    return kind === 'open-step:written' && !isNewFolder ? 'opening' : kind;
  }

  #count(kind: KillKind, result: ChildResult): void {
    this.#kills++;
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + 1);
    if (!messageAt(result, 'open')) this.#duringOpen++;
    this.#options.onProgress?.(this.#kills);
  }

  async #run(task: ChildTask, kind: KillKind | undefined, blocks: number): Promise<ChildResult> {
    let openingAt = 0;
    const { task: armed, options } = this.#arm(task, kind, blocks);
    const result = await runChild(armed, {
      ...options,
      onMessage: (message, child) => {
        if (message.at === 'opening') openingAt = performance.now();
        if (message.at === 'open') {
          const ms = performance.now() - openingAt;
          this.#openMs.push(ms);
          this.#openTime = 0.8 * this.#openTime + 0.2 * ms;
        }
        options.onMessage?.(message, child);
      },
    });
    return result;
  }

  /** Prepares the kill of one run. */
  #arm(task: ChildTask, kind: KillKind | undefined, blocks: number): { task: ChildTask; options: ChildOptions } {
    const random = this.#random;
    if (!kind) return { task, options: {} };
    // Blocks or commits from now on: a run passes about a sixth of the DAG before its kill.
    const soon = 1 + random.below(Math.ceil(blocks / 6));
    const killed = (at: ChildMessage['at'], count: number, window: number, change = task) => ({
      task: change,
      options: { onMessage: killAt(at, count, random.float() * window) },
    });
    switch (kind) {
      case 'instant':
        return killed('accepted', soon, COMMIT_WINDOW);
      case 'commit':
        return killed('committing', Math.ceil(soon / 4), COMMIT_WINDOW, { ...task, tellCommits: true });
      case 'opening':
        return killed('opening', 1, this.#openTime);
      case 'closing':
        return killed('end', 1, CLOSE_WINDOW);
      case 'call:writev':
      case 'call:fdatasync':
      case 'call:pwrite64':
        return { task, options: { wrapper: tracer(kind.slice('call:'.length), soon) } };
      default: {
        const [phase, step] = kind.split(':') as ['step' | 'open-step', StoreStep];
        const perCommit = step === 'write' ? 25 : 1;
        const count = phase === 'open-step' ? (step === 'read' ? soon : 1) : Math.ceil((soon * perCommit) / 4);
        return { task: { ...task, suicide: { phase: phase === 'step' ? 'feed' : 'open', step, count } }, options: {} };
      }
    }
  }

  /** False if the folder is of no more use. */
  #check(result: ChildResult, { twin }: StoredScenario, reported: Set<number>, where: string): boolean {
    const wrong = (what: string): false => {
      this.#differences.push(`${where}: ${what}`);
      return false;
    };
    if (result.hung) return wrong('does not end');
    const refused = messageAt(result, 'refused');
    if (refused) return wrong(`refused while ${refused.phase}: ${refused.message}`);
    if (result.code !== 0 && result.signal !== 'SIGKILL') {
      return wrong(`ended with ${result.signal ?? `code ${result.code}`}: ${result.errors.slice(0, 2000)}`);
    }
    const open = messageAt(result, 'open');
    if (open?.digest) {
      const lost = [...reported].filter((place) => !open.known.includes(place));
      if (lost.length > 0) return wrong(`lost ${lost.length} blocks that were reported as accepted`);
      this.#compared++;
      const parts = differences(open.digest, twin.at(open.count));
      if (parts.length > 0) return wrong(`with ${open.count} blocks, another state: ${parts.join(', ')}`);
    }
    for (const message of result.messages) if (message.at === 'accepted') reported.add(message.place);
    const end = messageAt(result, 'end');
    if (end) {
      this.#compared++;
      if (end.count !== twin.size) return wrong(`ends with ${end.count} blocks instead of ${twin.size}`);
      const parts = differences(end.digest, twin.at(end.count));
      if (parts.length > 0) return wrong(`ends in another state: ${parts.join(', ')}`);
    }
    return true;
  }
}

/** Kills the child a while after the `count`-th message of a kind. */
function killAt(at: ChildMessage['at'], count: number, delay: number): NonNullable<ChildOptions['onMessage']> {
  let seen = 0;
  return (message: ChildMessage, child: ChildProcess) => {
    if (message.at === at && ++seen === count) setTimeout(() => child.kill('SIGKILL'), delay);
  };
}

/** A tracer that kills a process as it enters a system call for the `count`-th time. */
function tracer(call: string, count: number): string[] {
  return ['strace', '-f', '-qq', '-o', '/dev/null', `--trace=${call}`, `--inject=${call}:signal=SIGKILL:when=${count}`];
}
