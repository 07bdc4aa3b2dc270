/**
 * `npm run bench -- sync [--blocks N] [--sources N] [--kills N] [--json]`: nodes in processes of their own over TCP. Sources
 * hold a DAG of four miners with forks, one more node fetches it from scratch; all must end with equal tips, order and outputs.
 * With `--kills` it is killed (SIGKILL) so many times on its way, and must open at once and go on each time.
 */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DagInfo, NodeProcess, until } from '../test/e2e/process.ts';
import { forkHistory, writeHistory } from './fork-history.ts';
import type { Report } from './report.ts';

const MINERS = 4;
const SEED = 5;
/** Blocks that a node that is catching up may hold without having them on disk: two commits (docs/durability.md). */
const MOST_UNCOMMITTED = 2 * 256;

/** Runs the benchmark. */
export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      blocks: { type: 'string', default: '5000' },
      sources: { type: 'string', default: '1' },
      kills: { type: 'string', default: '0' },
    },
  });
  const blocks = Number(values.blocks);
  const sources = Number(values.sources);
  const kills = Number(values.kills);
  if (!Number.isInteger(blocks) || blocks < 1) throw new Error('--blocks needs a whole number above 0');
  if (!Number.isInteger(sources) || sources < 1) throw new Error('--sources needs a whole number above 0');
  if (!Number.isInteger(kills) || kills < 0) throw new Error('--kills needs a whole number');
  const name = `forks${sources > 1 ? `-${sources}-sources` : ''}${kills > 0 ? '-killed' : ''}`;
  const result = await measureSync({ blocks, sources, kills, note: (text) => report.note(text) });
  const add = (metric: string, value: number, unit: string) =>
    report.add({ case: name, size: blocks, metric, value, unit });
  add('seconds', result.seconds, 's');
  add('blocks_per_second', blocks / result.seconds, 'blocks/s');
  if (kills > 0) {
    add('kills', result.reopened.length, 'kills');
    add('reopen_median', median(result.reopened), 'ms');
    add('reopen_max', Math.max(...result.reopened), 'ms');
  }
}

/** What a run came to. */
export interface SyncResult {
  /** From the start of the second node until both were equal, time to start included. */
  readonly seconds: number;
  /** Milliseconds from each restart until RPC answered. */
  readonly reopened: readonly number[];
  /** Blocks that the second node had when it was killed, and after it was opened again. */
  readonly counts: readonly { readonly before: number; readonly after: number }[];
}

/** What is synchronised, and how. */
export interface SyncPlan {
  readonly blocks: number;
  /** Nodes that have everything; one if not given. */
  readonly sources?: number;
  /** How often the other one is killed on its way. */
  readonly kills?: number;
  note?(text: string): void;
}

/**
 * Synchronises one node from others.
 * @throws {Error} if they differ at the end, or a killed node opens with less than it must have committed.
 */
export async function measureSync({
  blocks,
  sources: wantedSources = 1,
  kills = 0,
  note,
}: SyncPlan): Promise<SyncResult> {
  const homes = Array.from({ length: wantedSources }, () => mkdtempSync(join(tmpdir(), 'soterd-sync-')));
  const [first, ...others] = homes;
  await writeHistory(join(first, '.soterd', 'data', 'simnet'), forkHistory(blocks, MINERS, SEED));
  for (const home of others) cpSync(first, home, { recursive: true });
  const sources = await Promise.all(homes.map((home) => NodeProcess.start([], home)));
  const [source] = sources;
  let target: NodeProcess | undefined;
  try {
    const wanted = await source.call<DagInfo>('getdaginfo');
    note?.(`${wantedSources} of ${wanted.blocks} blocks, ${wanted.tips.length} tips`);
    const started = performance.now();
    target = await NodeProcess.start(sources.map(({ p2pPort }) => `--connect=127.0.0.1:${p2pPort}`));
    const reopened: number[] = [];
    const counts: { before: number; after: number }[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      // Spread over the whole way; nothing waits for a commit to end.
      const goal = Math.floor((wanted.blocks * kill) / (kills + 1));
      const before = await until(async () => {
        const count = await target!.call<number>('getblockcount');
        return count >= goal && count;
      });
      await target.program.end('SIGKILL');
      const again = performance.now();
      await target.restart();
      reopened.push(performance.now() - again);
      const after = await target.call<number>('getblockcount');
      counts.push({ before, after });
      if (after < before - MOST_UNCOMMITTED)
        throw new Error(`kill ${kill}: ${before} blocks were there, ${after} after the restart`);
    }
    const reached = await until(async () => {
      const info = await target!.call<DagInfo>('getdaginfo');
      return info.blocks >= wanted.blocks && info;
    });
    const seconds = (performance.now() - started) / 1000;
    for (const key of ['blocks', 'tipshash', 'orderhash', 'outputsethash'] as const) {
      if (reached[key] !== wanted[key]) throw new Error(`${key} differs: ${reached[key]} instead of ${wanted[key]}`);
    }
    if ((await colours(target)) !== (await colours(source))) throw new Error('colours differ');
    return { seconds, reopened, counts };
  } finally {
    await Promise.all([...sources, target].map((node) => node?.remove()));
  }
}

/** Order and colours in one text. The history ends in one tip, so both nodes colour relative to the same block. */
async function colours(node: NodeProcess): Promise<string> {
  return JSON.stringify(await node.call('getdagcoloring'));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
