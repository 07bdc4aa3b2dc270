/** What the command line asks for. */
export interface Options {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly nodes: number;
  readonly minutes: number;
  /** Processes that make runs at once. */
  readonly jobs: number;
  /** Canaries to run instead of the real node: all, or one by name. */
  readonly canary: string | undefined;
  readonly trace: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** What `--help` prints. */
export const USAGE = `usage: npm run sim -- [options]

Simulates networks of real nodes in virtual time; see docs/simulation.md.

  --seeds N        how many runs (10; of a canary: 12 that suit it)
  --first-seed N   seed of the first (1)
  --nodes N        honest nodes of each run (8)
  --minutes N      virtual minutes of each run; less than 30 counts as 30 (60)
  --jobs N         processes that run seeds at once (1)
  --canary [NAME]  plants a known defect, or each of them in turn, and expects to see it
  --trace          prints everything that happens
  --json           one object a line
  --help           this`;

/** Stands for all canaries. */
export const ALL_CANARIES = 'all';

/** A command line that cannot be understood. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const NUMBERS = {
  '--seeds': 'seeds',
  '--first-seed': 'firstSeed',
  '--nodes': 'nodes',
  '--minutes': 'minutes',
  '--jobs': 'jobs',
} as const;

type Numbers = { -readonly [K in (typeof NUMBERS)[keyof typeof NUMBERS]]: number };

/** Reads the command line. @throws {UsageError} */
export function parseOptions(args: readonly string[]): Options {
  const numbers: Numbers = { seeds: 10, firstSeed: 1, nodes: 8, minutes: 60, jobs: 1 };
  let canary: string | undefined;
  let trace = false;
  let json = false;
  let help = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const next = args[i + 1];
    if (arg === '--trace') trace = true;
    else if (arg === '--json') json = true;
    else if (arg === '--help' || arg === '-h') help = true;
    else if (arg === '--canary') {
      const named = next !== undefined && !next.startsWith('--');
      canary = named ? next : ALL_CANARIES;
      if (named) i++;
    } else if (isNumberOption(arg)) {
      numbers[NUMBERS[arg]] = positive(arg, next);
      i++;
    } else throw new UsageError(`unknown option ${arg}; --help lists them`);
  }
  return { ...numbers, canary, trace, json, help };
}

function isNumberOption(arg: string): arg is keyof typeof NUMBERS {
  return Object.hasOwn(NUMBERS, arg);
}

function positive(option: string, text: string | undefined): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`${option} needs a whole number above 0`);
  return value;
}
