/**
 * `npm run bench -- rpc [--quick] [--json]`: requests a second and their latency at the RPC port of a node in a process of its own, over
 * HTTP with kept connections and over WebSockets, for 1, 10 and 50 clients that each wait for their answer; on a node that has nothing else
 * to do, and on one that downloads signed blocks from another node meanwhile. `--quick`: 10 clients over HTTP on the idle node.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MINING_ADDRESS, NodeProcess, until } from '../test/e2e/process.ts';
import { writeHistory } from './fork-history.ts';
import type { Report } from './report.ts';
import { measureLoad, type Transport } from './rpc-load.ts';
import { historyFile, readHistory } from './signed-history.ts';

const CLIENTS: readonly number[] = [1, 10, 50];
/** Clients at the node that downloads. */
const CLIENTS_MEANWHILE = 10;
const TRANSPORTS: readonly Transport[] = ['http', 'websocket'];
const BLOCKS = 150;
const WARM_UP_MS = 400;
const MEASURE_MS = 1000;
/** What the downloading node fetches. It must last for all measurements. */
const DOWNLOAD = { blocks: 12_000, txs: 10 };
const NODE_ARGS = ['--txindex', '--rpcmaxclients=100', '--rpcmaxwebsockets=100', `--miningaddr=${MINING_ADDRESS}`];

/** Runs the benchmark. */
export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { quick: { type: 'boolean', default: false } } });
  await idle(report, values.quick);
  if (!values.quick) await downloading(report);
}

/** Requests whose answers have the size of every day, about a block with nothing but a coinbase. */
async function requests(node: NodeProcess): Promise<ReadonlyMap<string, string>> {
  const [hash] = await node.call<readonly string[]>('getblockhash', 1);
  const { tx } = await node.call<{ readonly tx: readonly string[] }>('getblock', hash);
  const request = (method: string, ...params: readonly unknown[]): [string, string] => [
    method,
    JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
  ];
  return new Map([
    request('getblockcount'),
    request('getblock', hash),
    request('getrawtransaction', tx[0]),
    request('getdagtips'),
  ]);
}

async function idle(report: Report, quick: boolean): Promise<void> {
  const node = await NodeProcess.start(NODE_ARGS);
  try {
    await node.call('generate', BLOCKS);
    const all = await requests(node);
    for (const transport of quick ? (['http'] as const) : TRANSPORTS) {
      for (const clients of quick ? [10] : CLIENTS) {
        for (const [method, request] of all)
          await measure(report, node, `${method} ${transport}`, { transport, clients, request });
      }
    }
  } finally {
    await node.remove();
  }
}

async function downloading(report: Report): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'soterd-rpc-'));
  await writeHistory(join(home, '.soterd', 'data', 'simnet'), readHistory(historyFile(DOWNLOAD)), { trusted: true });
  const source = await NodeProcess.start([], home);
  let node: NodeProcess | undefined;
  try {
    const wanted = await source.call<number>('getblockcount');
    node = await NodeProcess.start([...NODE_ARGS, `--connect=127.0.0.1:${source.p2pPort}`]);
    const target = node;
    await until(async () => (await target.call<number>('getblockcount')) > 2);
    const all = await requests(target);
    for (const transport of TRANSPORTS) {
      for (const [method, request] of all) {
        const name = `${method} ${transport} downloading`;
        await measure(report, target, name, { transport, clients: CLIENTS_MEANWHILE, request });
        if ((await target.call<number>('getblockcount')) >= wanted)
          throw new Error(`the download ended before ${name} did`);
      }
    }
  } finally {
    await Promise.all([source.remove(), node?.remove()]);
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(
  report: Report,
  node: NodeProcess,
  name: string,
  load: { readonly transport: Transport; readonly clients: number; readonly request: string },
): Promise<void> {
  const result = await measureLoad({ ...load, port: node.rpcPort, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS });
  const add = (metric: string, value: number, unit: string): void =>
    report.add({ case: name, size: load.clients, metric, value, unit });
  add('requests_per_second', result.requestsPerSecond, 'requests/s');
  add('p50', result.p50, 'ms');
  add('p99', result.p99, 'ms');
}
