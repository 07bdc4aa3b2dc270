import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { differences } from './digest.ts';
import { type ChildResult, messageAt, runChild } from './run-child.ts';
import type { StoredScenario, Workbench } from './workbench.ts';

/**
 * What a machine that loses power can leave of one commit. The database writes the new pages to places that nothing
 * refers to, forces them to the disk, and then writes the meta page that refers to them, in one sector and forced to the disk as
 * well (`npx tsx` under `strace` shows it). So before that, any part of the new pages may be there in any order, and after it all.
 * `torn` leaves some sectors of some pages; `pages` some whole pages; `unlinked` all pages without the meta page; `whole` everything.
 */
const LOSSES = ['torn', 'pages', 'unlinked', 'whole'] as const;
type Loss = (typeof LOSSES)[number];

const PAGE = 4096;
const SECTOR = 512;
const META_PAGES = 2;

export interface PowerOptions {
  /** Commits that are cut off, each in every way. */
  readonly commits: number;
  readonly seed: string;
  readonly size: number;
}

export interface PowerReport {
  readonly losses: number;
  /** Cases in which the commit counted. */
  readonly kept: number;
  /** What was wrong; empty if all is well. */
  readonly differences: readonly string[];
}

/** Makes the disk images that a loss of power in a commit can leave, and lets a node open and continue them. */
export async function runPowerLosses(bench: Workbench, options: PowerOptions): Promise<PowerReport> {
  const random = new SeededRandom(`power/${options.seed}`);
  const found: string[] = [];
  let kept = 0;
  for (let number = 0; number < options.commits; number++) {
    const scenario = bench.scenario(`${options.seed}/${number % 3}`, options.size);
    const { blocks, arrival } = scenario;
    const photo = bench.path();
    const count = random.between(1, Math.ceil(arrival.length / 12));
    const folder = bench.path();
    const seed = `power/${number}`;
    await runChild({ folder, blocks, seed, readFirst: false, photograph: { count, to: photo } });
    bench.remove(folder);
    if (!existsSync(`${photo}.after`)) throw new Error(`there is no commit ${count}`);
    const before = readFileSync(`${photo}.before`);
    const after = readFileSync(`${photo}.after`);
    const open = async (loss: Loss): Promise<number | undefined> => {
      const image = bench.path();
      mkdirSync(image);
      writeFileSync(join(image, 'data.mdb'), lose(random.fork(`${number}/${loss}`), loss, before, after));
      const result = await runChild({ folder: image, blocks, seed: 'continue', readFirst: true });
      bench.remove(image);
      const problem = problemOf(result, scenario);
      if (problem) found.push(`commit ${count} of DAG ${number % 3}, ${loss}: ${problem}`);
      return messageAt(result, 'open')?.count;
    };
    const [torn, pages, unlinked, whole] = await Promise.all(LOSSES.map(open));
    if (torn !== pages || pages !== unlinked) found.push(`commit ${count}: parts of a commit count`);
    if (!whole || !unlinked || whole <= unlinked) found.push(`commit ${count}: a finished commit is lost`);
    else kept++;
  }
  return { losses: LOSSES.length * options.commits, kept, differences: found };
}

/** What is wrong with a node that opened an image and continued it. */
function problemOf(result: ChildResult, { twin }: StoredScenario): string | undefined {
  const open = messageAt(result, 'open');
  const end = messageAt(result, 'end');
  if (!open?.digest || !end) {
    return messageAt(result, 'refused')?.message ?? result.signal ?? result.errors.slice(0, 1000);
  }
  const parts = [...differences(open.digest, twin.at(open.count)), ...differences(end.digest, twin.at(twin.size))];
  return parts.length > 0 ? `another state: ${parts.join(', ')}` : undefined;
}

/** The file after the loss. */
function lose(random: SeededRandom, loss: Loss, before: Buffer, after: Buffer): Buffer {
  if (loss === 'whole') return after;
  const image = Buffer.alloc(random.chance(0.5) ? after.length : Math.max(before.length, PAGE * META_PAGES));
  before.copy(image);
  const unit = loss === 'torn' ? SECTOR : PAGE;
  for (let at = META_PAGES * PAGE; at < image.length; at += unit) {
    if (loss === 'unlinked' || random.chance(0.5)) after.copy(image, at, at, Math.min(at + unit, image.length));
  }
  return image;
}
