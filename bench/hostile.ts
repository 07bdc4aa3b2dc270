/**
 * `npm run bench -- hostile [--only TEXT] [--json]`: what can a peer without any work of its own do to a node? Each attack
 * comes over TCP to a node in a process of its own, which measures itself: the longest wait of its event loop, processor
 * time of all its threads, memory before and after. `wait`: the longest that another peer waited for a pong. Then caches and
 * tables are filled with keys that somebody chose: their time is compared with that of random keys.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { databaseFolder } from '../src/node/database-files.ts';
import { networkParams } from '../src/params/index.ts';
import { BlockMaker } from './block-maker.ts';
import { FundedDag } from './funded-dag.ts';
import { ATTACKS, type Attack, type Battlefield, FUND_COUNT, fundScript } from './hostile-attacks.ts';
import { chosenKeys } from './hostile-keys.ts';
import { HostilePeer, pause } from './hostile-peer.ts';
import { MeasuredNode } from './measured-node.ts';
import type { Report } from './report.ts';

const MEBIBYTE = 1024 * 1024;
/** Milliseconds between two samples of the node's event loop. */
const LOOP_SAMPLE_MS = 2;
/** Milliseconds between two questions of the peer that watches. */
const WATCH_MS = 10;

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

async function attack(
  victim: MeasuredNode,
  { name, prepare }: Attack,
  field: Battlefield,
  report: Report,
): Promise<void> {
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
  const { loopMax, cpu, memory, peakRss } = await victim.report();
  peer.transport.destroy();
  // Alive, and what the connection held is gone.
  await victim.node.call('getblockcount');
  const add = (metric: string, value: number, unit: string) => report.add({ case: name, metric, value, unit });
  add('longest_turn', loopMax, 'ms');
  add('wait', wait, 'ms');
  add('cpu', cpu * 1000, 'ms');
  add('duration', seconds, 's');
  add('memory_before', before.memory / MEBIBYTE, 'MiB');
  add('memory_after', memory / MEBIBYTE, 'MiB');
  add('peak_growth', (peakRss - before.peakRss) / MEBIBYTE, 'MiB');
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
  const victim = await MeasuredNode.start(join(home, 'node'), ['--nobanning', '--debuglevel=error'], LOOP_SAMPLE_MS);
  try {
    for (const each of ATTACKS) if (each.name.includes(values.only)) await attack(victim, each, field, report);
  } finally {
    await victim.end();
    rmSync(home, { recursive: true, force: true });
  }
  if (values.only === '') chosenKeys(report);
}
