/**
 * `npm run bench -- miner-load [--json]`: does mining starve the node? A node in a process of its own answers RPC over one
 * connection and passes on blocks from one peer to another: while it has nothing else to do (`idle`), while as many
 * search threads as there are processors look for a block (`mining`), and, for comparison, while as many threads of
 * ordinary priority run (`busy`).
 */

import { mkdirSync, mkdtempSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { databaseFolder } from '../src/node/database-files.ts';
import { networkParams } from '../src/params/index.ts';
import { equalBytes } from '../src/util/bytes.ts';
import { type Hash, hashToHex } from '../src/util/hash.ts';
import { type Block, InvType } from '../src/wire/index.ts';
import { NodeProcess } from '../test/e2e/process.ts';
import { BlockMaker } from './block-maker.ts';
import { FundedDag } from './funded-dag.ts';
import { HostilePeer, pause } from './hostile-peer.ts';
import type { Report } from './report.ts';

const LOADS = ['idle', 'mining', 'busy'] as const;
const REQUESTS = 3000;
const BLOCKS = 200;
/** Of compiled programs, or of sources when these are run as they are. */
const EXTENSION = import.meta.url.slice(-3);
const params = networkParams('simnet');

/** Keeps one connection to the RPC server. */
class RpcClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Milliseconds until the whole answer is there. */
  measure(method: string, ...parameters: readonly unknown[]): Promise<number> {
    const body = JSON.stringify({ jsonrpc: '1.0', id: 1, method, params: parameters });
    const start = performance.now();
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, port: this.#port, method: 'POST', auth: 'user:pass' };
      const call = request(options, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`RPC answers with ${answer.statusCode}`));
        answer.resume();
        answer.on('end', () => resolve(performance.now() - start));
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Adds the median and the 99th percentile. */
function addTimes(report: Report, name: string, metric: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  report.add({ case: name, metric: `${metric}_median`, value: at(0.5), unit: 'ms' });
  report.add({ case: name, metric: `${metric}_p99`, value: at(0.99), unit: 'ms' });
}

/** Milliseconds from announcing a block to the node until the node announces it to another peer. */
async function relay(from: HostilePeer, to: HostilePeer, block: Block, height: number): Promise<number> {
  const { hash } = block;
  const start = performance.now();
  const arrived = new Promise<number>((resolve) => {
    to.onMessage = (message) => {
      if (message.command === 'inv' && message.inventory.some((item) => equalBytes(item.hash, hash)))
        resolve(performance.now() - start);
    };
  });
  from.onMessage = (message) => {
    if (message.command === 'getdata' && message.inventory.some((item) => equalBytes(item.hash, hash)))
      from.send({ command: 'block', block });
  };
  from.send({ command: 'inv', inventory: [{ type: InvType.block, hash, height }] });
  return arrived;
}

async function measure(report: Report, load: (typeof LOADS)[number]): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'soterd-load-'));
  const folder = databaseFolder(join(home, '.soterd', 'data', 'simnet'));
  mkdirSync(folder, { recursive: true });
  const funds = new FundedDag(0, () => new Uint8Array(0), { folder, current: true });
  const { maxHeight, tips } = funds.dag.snapshot();
  await funds.close();
  const program = [...process.execArgv, fileURLToPath(new URL(`./miner-load-node${EXTENSION}`, import.meta.url)), load];
  const node = await NodeProcess.start(['--debuglevel=error'], home, program);
  try {
    const rpc = new RpcClient(node.rpcPort);
    const calls: readonly [string, ...unknown[]][] = [['getblockcount'], ['getblock', hashToHex(tips[0])]];
    for (const [method, ...parameters] of calls) {
      const times: number[] = [];
      for (let i = 0; i < REQUESTS; i++) times.push(await rpc.measure(method, ...parameters));
      addTimes(report, load, method, times.slice(REQUESTS / 10));
    }
    rpc.close();
    const [from, to] = [await HostilePeer.connect(node.p2pPort), await HostilePeer.connect(node.p2pPort)];
    const maker = new BlockMaker(params);
    const now = Math.floor(Date.now() / 1000);
    let parents: readonly Hash[] = tips;
    const times: number[] = [];
    for (let i = 1; i <= BLOCKS; i++) {
      const block = maker.make(maxHeight + i, parents, { time: now + i });
      parents = [block.hash];
      times.push(await relay(from, to, block, maxHeight + i));
      await pause(10);
    }
    addTimes(report, load, 'relay', times);
    for (const peer of [from, to]) peer.transport.destroy();
  } finally {
    await node.remove();
  }
}

export async function run(_: readonly string[], report: Report): Promise<void> {
  for (const load of LOADS) await measure(report, load);
}
