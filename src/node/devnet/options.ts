import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { applicationFolder, type PathEnvironment } from '../config/index.ts';

/** Most nodes of a devnet: all of them share one process. */
const MAX_NODES = 16;

/** Most payments a second. */
const MAX_TPS = 5_000;

/** How a devnet is to be run. */
export interface DevnetOptions {
  readonly nodes: number;
  /** Mean milliseconds between two blocks of the whole network. */
  readonly interval: number;
  readonly dataFolder: string;
  readonly mine: boolean;
  /** First P2P port; node n has the n-th port above in steps of ten. RPC listens one above. 0: any free ports. */
  readonly port: number;
  /** Seconds after which it ends by itself; 0: never. */
  readonly duration: number;
  /** Payments a second; 0: none. */
  readonly tps: number;
}

/** The command line of devnet is wrong; the message says how. */
export class DevnetOptionError extends Error {
  override name = 'DevnetOptionError';
}

/** Help text of `soterd devnet`. */
export const DEVNET_HELP = `Usage: soterd devnet [options]

Runs a small network of real nodes on this machine and shows it live. Each node keeps its own database, talks TCP to the
others, serves RPC and mines, so that parallel blocks occur. The next start continues the same DAG. To try payments in one
that is running: soterd devnet keys, balance and pay; each explains itself with --help.

  --nodes=N          number of nodes, 1 to ${MAX_NODES} (default 4)
  --interval=TIME    mean time between blocks of the whole network, such as 500ms or 2s (default 1s)
  --datadir=FOLDER   where everything is kept (default ~/.soterd/devnet)
  --nomine           do not mine; RPC setgenerate or generate can
  --port=PORT        first P2P port, the RPC port is one above, the next node ten above (default 18555; 0: any free)
  --duration=TIME    end after this time, with --tps when the last payments have settled too
  --tps=N            send N signed payments a second between the nodes' keys, every 50th of them twice at two nodes, and
                     report how soon they are in a block and stable, and whether all nodes agree who won
  -h, --help         show this text
`;

/**
 * Reads the options of `soterd devnet`.
 * @returns undefined if help was asked for.
 * @throws {DevnetOptionError} with one clear line.
 */
export function readDevnetOptions(args: readonly string[], environment: PathEnvironment): DevnetOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const folder = values.datadir ?? join(applicationFolder('soterd', environment), 'devnet');
  if (folder === '') throw new DevnetOptionError('--datadir needs a folder');
  return {
    nodes: wholeNumber('nodes', values.nodes ?? '4', 1, MAX_NODES),
    interval: milliseconds('interval', values.interval ?? '1s'),
    dataFolder: folder,
    mine: !values.nomine,
    port: wholeNumber('port', values.port ?? '18555', 0, 65_535 - 10 * MAX_NODES),
    tps: wholeNumber('tps', values.tps ?? '0', 0, MAX_TPS),
    duration: values.duration === undefined ? 0 : milliseconds('duration', values.duration) / 1000,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        nodes: { type: 'string' },
        interval: { type: 'string' },
        datadir: { type: 'string', short: 'b' },
        nomine: { type: 'boolean' },
        port: { type: 'string' },
        duration: { type: 'string' },
        tps: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    // The library explains at length how to write positional arguments; its first sentence is enough.
    const text = error instanceof Error ? error.message : String(error);
    throw new DevnetOptionError(text.split('. ')[0]);
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/u.test(text) || value < min || value > max)
    throw new DevnetOptionError(`--${name} must be a whole number from ${min} to ${max}, not '${text}'`);
  return value;
}

function milliseconds(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/u.exec(text);
  const value = match ? Number(match[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2]]! : 0;
  if (value <= 0) throw new DevnetOptionError(`--${name} must be a time such as 500ms, 2s or 1m, not '${text}'`);
  return value;
}
