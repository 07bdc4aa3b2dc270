import { parseArgs } from 'node:util';

/** What `--help` prints. */
export const USAGE = `usage: npm run fuzz -- [options]

Sends mutated messages to a real node, while honest peers use it; see docs/fuzzing.md.

  --messages N      how many (20000)
  --seed TEXT       what they are made from (1)
  --connections N   attackers at once (8)
  --time SECONDS    Unix time of the newest block; replays need that of the first run (now)
  --vectors FOLDER  recorded conversations (../shared/vectors/p2p, if it is there)
  --json            one object with all figures
  --help            this`;

/** What the command line asks for. */
export interface Options {
  readonly messages: number;
  readonly seed: string;
  readonly connections: number;
  /** Unix seconds. */
  readonly time: number;
  readonly vectors: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

/** A command line that cannot be understood. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Reads the command line. @param now Unix seconds. @throws {UsageError} */
export function parseOptions(args: readonly string[], now: number): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const options = { messages: text, seed: text, connections: text, time: text, vectors: text, json: flag, help: flag };
  try {
    const { values } = parseArgs({ args: [...args], options });
    const number = (name: 'messages' | 'connections' | 'time', otherwise: number): number => {
      const value = Number(values[name] ?? otherwise);
      if (!Number.isInteger(value) || value < 1) throw new UsageError(`--${name} needs a whole number above 0`);
      return value;
    };
    return {
      messages: number('messages', 20_000),
      connections: number('connections', 8),
      time: number('time', now),
      seed: values.seed ?? '1',
      vectors: values.vectors,
      json: values.json,
      help: values.help,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${error instanceof Error ? error.message : error}; --help lists the options`);
  }
}
