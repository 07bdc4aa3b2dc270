/**
 * `npm run bench -- ibd [--blocks N] [--txs N] [--json]`: initial download at full speed. Two nodes in processes of their own over
 * TCP: one holds a chain, the other fetches it from scratch. Case `signed`: every block has transactions with two signed P2PKH inputs
 * and two outputs; case `coinbase`: it has none. Signature checks are compared with what the verification library does by
 * itself, on one and on two threads, measured before and after.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DagInfo, until } from '../test/e2e/process.ts';
import { writeHistory } from './fork-history.ts';
import { MeasuredNode, type NodeSpan } from './measured-node.ts';
import { rawVerificationRate } from './raw-verification.ts';
import type { Report } from './report.ts';
import { fundingBlocks, historyFile, readHistory } from './signed-history.ts';

/** Milliseconds of each measurement of the library. */
const RAW_MS = 1500;
const INPUTS_PER_TX = 2;
const MEBIBYTE = 1024 * 1024;

/** Runs the benchmark. */
export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      blocks: { type: 'string', default: '20000' },
      txs: { type: 'string', default: '10' },
      case: { type: 'string' },
    },
  });
  const [blocks, txs] = [values.blocks, values.txs].map(Number);
  if (!Number.isInteger(blocks) || blocks < 1) throw new Error('--blocks needs a whole number above 0');
  if (!Number.isInteger(txs) || txs < 1) throw new Error('--txs needs a whole number above 0');
  if (values.case !== 'coinbase') await signedCase(blocks, txs, report);
  if (values.case !== 'signed') addSync(report, 'coinbase', blocks, await download({ blocks, txs: 0 }, report));
}

async function signedCase(blocks: number, txs: number, report: Report): Promise<void> {
  const plan = { blocks, txs };
  historyFile(plan);
  const before = await rawRates();
  const result = await download(plan, report);
  const after = await rawRates();
  addSync(report, 'signed', blocks, result);
  const add = (metric: string, value: number, unit: string): void =>
    report.add({ case: 'signed', size: blocks, metric, value, unit });
  const rate = (blocks * txs * INPUTS_PER_TX) / result.seconds;
  const [one, two] = [(before[0] + after[0]) / 2, (before[1] + after[1]) / 2];
  add('tx_per_second', (blocks * txs) / result.seconds, 'tx/s');
  add('checks_per_second', rate, 'sig/s');
  add('raw_one_thread', one, 'sig/s');
  add('raw_two_threads', two, 'sig/s');
  add('share_of_two_threads', (100 * rate) / two, '%');
}

async function rawRates(): Promise<readonly [number, number]> {
  return [await rawVerificationRate(1, RAW_MS), await rawVerificationRate(2, RAW_MS)];
}

function addSync(report: Report, name: string, size: number, result: Download): void {
  const add = (metric: string, value: number, unit: string): void =>
    report.add({ case: name, size, metric, value, unit });
  add('seconds', result.seconds, 's');
  add('blocks_per_second', result.blocks / result.seconds, 'blocks/s');
  add('loop_p99', result.target.loopP99, 'ms');
  add('loop_max', result.target.loopMax, 'ms');
  add('peak_rss', result.target.peakRss / MEBIBYTE, 'MiB');
  add('cpu', result.target.cpu, 's');
  add('cpu_source', result.source.cpu, 's');
}

/** What a download came to. */
interface Download {
  /** From the connection until both nodes held the same. */
  readonly seconds: number;
  /** Blocks that were downloaded, those in front of the plan's own included. */
  readonly blocks: number;
  readonly target: NodeSpan;
  readonly source: NodeSpan;
}

async function download(plan: { blocks: number; txs: number }, report: Report): Promise<Download> {
  const home = mkdtempSync(join(tmpdir(), 'soterd-ibd-'));
  const nodes: MeasuredNode[] = [];
  try {
    const folder = join(home, 'source', '.soterd', 'data', 'simnet');
    // Making the source must not take as long as the download: its own blocks it can trust.
    await writeHistory(folder, readHistory(historyFile(plan)), { trusted: true });
    const source = await MeasuredNode.start(join(home, 'source'), []);
    nodes.push(source);
    const target = await MeasuredNode.start(join(home, 'target'), []);
    nodes.push(target);
    const wanted = await source.node.call<DagInfo>('getdaginfo');
    report.note(`source holds ${wanted.blocks} blocks`);
    for (const node of nodes) await node.report();
    const started = performance.now();
    await target.node.call('addnode', `127.0.0.1:${source.node.p2pPort}`, 'add');
    await until(async () => (await target.node.call<number>('getblockcount')) >= wanted.maxheight);
    const seconds = (performance.now() - started) / 1000;
    const reached = await target.node.call<DagInfo>('getdaginfo');
    for (const key of ['blocks', 'tipshash', 'orderhash', 'outputsethash'] as const) {
      if (reached[key] !== wanted[key]) throw new Error(`${key} differs: ${reached[key]} instead of ${wanted[key]}`);
    }
    const blocks = fundingBlocks(plan) + plan.blocks;
    return { seconds, blocks, target: await target.report(), source: await source.report() };
  } finally {
    await Promise.all(nodes.map((node) => node.end()));
    rmSync(home, { recursive: true, force: true });
  }
}
