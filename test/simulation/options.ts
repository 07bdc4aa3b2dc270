/** What the command line asks for. */
export interface Options {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly nodes: number;
  readonly minutes: number;
  /** Canaries to run instead of the real node: all, or one by name. */
  readonly canary: string | undefined;
  readonly trace: boolean;
  readonly json: boolean;
}

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
} as const;

type Numbers = { -readonly [K in (typeof NUMBERS)[keyof typeof NUMBERS]]: number };

/** Reads the command line. @throws {UsageError} */
export function parseOptions(args: readonly string[]): Options {
  const numbers: Numbers = { seeds: 10, firstSeed: 1, nodes: 8, minutes: 60 };
  let canary: string | undefined;
  let trace = false;
  let json = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const next = args[i + 1];
    if (arg === '--trace') trace = true;
    else if (arg === '--json') json = true;
    else if (arg === '--canary') {
      const named = next !== undefined && !next.startsWith('--');
      canary = named ? next : ALL_CANARIES;
      if (named) i++;
    } else if (isNumberOption(arg)) {
      numbers[NUMBERS[arg]] = positive(arg, next);
      i++;
    } else throw new UsageError(`unknown option ${arg}`);
  }
  return { ...numbers, canary, trace, json };
}

function isNumberOption(arg: string): arg is keyof typeof NUMBERS {
  return Object.hasOwn(NUMBERS, arg);
}

function positive(option: string, text: string | undefined): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`${option} needs a whole number above 0`);
  return value;
}
