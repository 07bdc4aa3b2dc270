/**
 * `npm run crash -- --kills N [--corruptions N] [--power N] [--size BLOCKS] [--seed S] [--json]`: kills nodes at random
 * instants and at every step of a commit, damages their files, takes their disks away, and compares what is left with a
 * twin to which nothing happened. Exits 1 if there is any difference. What is promised stands in docs/durability.md.
 *
 * Everything but the instants of some kills follows from the seed. Without further options as many files are damaged as
 * processes are killed.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { runCorruptions } from './corruptions.ts';
import { runDiskCases } from './disk.ts';
import { runKills } from './kills.ts';
import { runPowerLosses } from './power.ts';
import { jsonLines, problemsOf, tableOf } from './report.ts';
import { Workbench } from './workbench.ts';

const USAGE = 'usage: npm run crash -- [--kills N] [--corruptions N] [--power N] [--size BLOCKS] [--seed S] [--json]';

interface Options {
  readonly kills: number;
  readonly corruptions: number;
  readonly power: number;
  readonly size: number;
  readonly seed: string;
  readonly json: boolean;
}

function optionsOf(args: string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      kills: text,
      corruptions: text,
      power: text,
      size: text,
      seed: text,
      json: { type: 'boolean' },
    },
  });
  const number = (name: 'kills' | 'corruptions' | 'power' | 'size', otherwise: number): number => {
    const value = Number(values[name] ?? otherwise);
    if (!Number.isInteger(value) || value < 0)
      throw new RangeError(`--${name} must be a number, not "${values[name]}"`);
    return value;
  };
  const kills = number('kills', 60);
  return {
    kills,
    corruptions: number('corruptions', kills),
    power: number('power', Math.ceil(kills / 20)),
    size: Math.max(60, number('size', 160)),
    seed: values.seed ?? '1',
    json: values.json ?? false,
  };
}

/** True if `strace` is there and may stop processes. */
function canTrace(): boolean {
  const inject = '--inject=writev:error=EIO:when=65535';
  return spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', '--trace=writev', inject, 'true']).status === 0;
}

function options(): Options {
  try {
    return optionsOf(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(1);
  }
}

const { kills, corruptions, power, size, seed, json } = options();
const bench = new Workbench();
process.on('SIGINT', () => {
  bench.close();
  process.exit(130);
});
const progress = (what: string, total: number) => (done: number) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${what} ${done} of ${total} `);
};
try {
  const shared = { seed, size, canTrace: canTrace() };
  const report = {
    kills: await runKills(bench, { ...shared, kills, onProgress: progress('kill', kills) }),
    power: await runPowerLosses(bench, { ...shared, commits: power }),
    corruptions: await runCorruptions(bench, { ...shared, corruptions, onProgress: progress('damage', corruptions) }),
    disk: await runDiskCases(bench, shared),
  };
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(json ? jsonLines(report).join('\n') : tableOf(report));
  process.exitCode = problemsOf(report).length > 0 ? 1 : 0;
} finally {
  bench.close();
}
