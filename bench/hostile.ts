/**
 * `npm run bench -- hostile [--only TEXT] [--json]`: what can a peer without any work of its own do to a node? Each attack
 * comes over TCP to a node in a process of its own, which measures itself: the longest wait of its event loop, processor
 * time of all its threads, memory before and after. `wait`: the longest that another peer waited for a pong. Then caches and
 * tables are filled with keys that somebody chose: their time is compared with that of random keys.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { databaseFolder } from '../src/node/database-files.ts';
import { networkParams } from '../src/params/index.ts';
import { NodeProcess, until } from '../test/e2e/process.ts';
import { BlockMaker } from './block-maker.ts';
import { FundedDag } from './funded-dag.ts';
import { ATTACKS, type Attack, type Battlefield, FUND_COUNT, fundScript } from './hostile-attacks.ts';
import { chosenKeys } from './hostile-keys.ts';
import type { SpanReport } from './hostile-node.ts';
import { HostilePeer, pause } from './hostile-peer.ts';
import type { Report } from './report.ts';

/** Of compiled programs, or of sources when these are run as they are. */
const EXTENSION = import.meta.url.slice(-3);
const MEBIBYTE = 1024 * 1024;
/** Milliseconds between two questions of the peer that watches. */
const WATCH_MS = 10;

/** The node under attack. */
class Victim {
  readonly node: NodeProcess;
  readonly #reports: string;
  #taken = 0;

  private constructor(node: NodeProcess, reports: string) {
    this.node = node;
    this.#reports = reports;
  }

  static async start(home: string): Promise<Victim> {
    const reports = `${home}.jsonl`;
    const program = [
      ...process.execArgv,
      fileURLToPath(new URL(`./hostile-node${EXTENSION}`, import.meta.url)),
      reports,
    ];
    return new Victim(await NodeProcess.start(['--nobanning', '--debuglevel=error'], home, program), reports);
  }

  /** What happened since the last report. */
  async report(): Promise<SpanReport> {
    this.node.program.child.kill('SIGUSR2');
    const line = await until(() => {
      const lines = existsSync(this.#reports) ? readFileSync(this.#reports, 'utf8').split('\n') : [];
      return lines.length > this.#taken + 1 && lines[this.#taken];
    });
    this.#taken++;
    return JSON.parse(line);
  }
}

/** Asks again and again until told to stop. @returns the longest wait for an answer, milliseconds. */
async function watch(peer: HostilePeer, stopped: () => boolean): Promise<number> {
  let longest = 0;
  while (!stopped() && !peer.closed) {
    const start = performance.now();
    await peer.settled();
    longest = Math.max(longest, performance.now() - start);
    await pause(WATCH_MS);
  }
  peer.transport.destroy();
  return longest;
}

async function attack(victim: Victim, { name, prepare }: Attack, field: Battlefield, report: Report): Promise<void> {
  const port = victim.node.p2pPort;
  const peer = await HostilePeer.connect(port);
  const run = prepare(field, peer);
  const watcher = await HostilePeer.connect(port);
  await pause(200);
  const before = await victim.report();
  let done = false;
  const watching = watch(watcher, () => done);
  const start = performance.now();
  await run();
  const seconds = (performance.now() - start) / 1000;
  done = true;
  const wait = await watching;
  const { longest, cpu, memory, peak } = await victim.report();
  peer.transport.destroy();
  // Alive, and what the connection held is gone.
  await victim.node.call('getblockcount');
  const add = (metric: string, value: number, unit: string) => report.add({ case: name, metric, value, unit });
  add('longest_turn', longest, 'ms');
  add('wait', wait, 'ms');
  add('cpu', cpu, 'ms');
  add('duration', seconds, 's');
  add('memory_before', before.memory / MEBIBYTE, 'MiB');
  add('memory_after', memory / MEBIBYTE, 'MiB');
  add('peak_growth', (peak - before.peak) / MEBIBYTE, 'MiB');
}

export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { only: { type: 'string', default: '' } } });
  const params = networkParams('simnet');
  const home = mkdtempSync(join(tmpdir(), 'soterd-hostile-'));
  const folder = databaseFolder(join(home, 'node', '.soterd', 'data', 'simnet'));
  mkdirSync(folder, { recursive: true });
  const funds = new FundedDag(FUND_COUNT, fundScript, { folder, current: true });
  const { dag, outputs } = funds;
  const { maxHeight: height } = dag.snapshot();
  const [parent] = dag.blocksAtHeight(height - 1);
  await funds.close();
  const field = { outputs, height, parent, maker: new BlockMaker(params) };
  const victim = await Victim.start(join(home, 'node'));
  try {
    for (const each of ATTACKS) if (each.name.includes(values.only)) await attack(victim, each, field, report);
  } finally {
    await victim.node.program.end('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
  if (values.only === '') chosenKeys(report);
}
