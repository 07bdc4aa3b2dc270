/**
 * `npm run bench -- dag-growth [--max N] [--case NAME] [--json]`: what does accepting a block cost, in time and memory,
 * as the DAG grows? Coinbase-only blocks, each its own commit in LMDB, forced to the disk. `linear` is one chain,
 * `wide4` and `wide16` have generations of 4 and 16 blocks that name all blocks of the generation before.
 * `ms_per_block`
 * is CPU time; `growth` compares it with a DAG of 1,000 blocks that grows at the same time.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Dag } from '../src/dag/index.ts';
import { networkParams } from '../src/params/index.ts';
import { sha256dPow } from '../src/pow/index.ts';
import { type KeyValueStore, openLmdbStore } from '../src/store/index.ts';
import type { Hash } from '../src/util/hash.ts';
import type { Block } from '../src/wire/index.ts';
import { BlockMaker } from './block-maker.ts';
import type { Figure, Report } from './report.ts';

const CASES: Readonly<Record<string, number>> = { linear: 1, wide4: 4, wide16: 16 };
const SIZES = [1000, 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000];
const DEFAULT_MAX = 50_000;
/** Blocks before each size whose cost is measured. */
const WINDOW = 800;
/** Blocks made, and then processed, at once. */
const CHUNK = 32;
/** Blocks that make the engine compile what it will compile, before anything is measured. */
const WARM_UP = 3000;

const params = networkParams('simnet');
/** Far enough that a million generations are not in the future. */
const NOW = Date.UTC(2105, 0, 1);
const clock = { now: () => NOW, monotonic: () => NOW };
const host = { processId: `bench ${process.pid}`, isRunning: () => false, openFile: () => undefined };

/** Milliseconds that a block took. */
interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

/** A DAG in a temporary folder that grows generation by generation. */
class GrowingDag {
  readonly #folder = mkdtempSync(join(tmpdir(), 'soterd-bench.'));
  readonly #maker = new BlockMaker(params);
  readonly #width: number;
  #store: KeyValueStore = this.#openStore();
  #dag: Dag = this.#openDag();
  #height = 0;
  #below: Hash[] = [params.genesisHash];
  #generation: Hash[] = [];
  size = 1;

  constructor(width: number) {
    this.#width = width;
  }

  #openStore(): KeyValueStore {
    return openLmdbStore(this.#folder, { host });
  }

  #openDag(): Dag {
    const dag = new Dag({ params }, { store: this.#store, clock, pow: sha256dPow });
    dag.open();
    return dag;
  }

  /** Makes the next blocks. */
  #make(count: number): Block[] {
    return Array.from({ length: count }, () => {
      if (this.#generation.length === this.#width) {
        this.#below = this.#generation;
        this.#generation = [];
        this.#height++;
      }
      const block = this.#maker.make(this.#height + 1, this.#below);
      this.#generation.push(block.hash);
      return block;
    });
  }

  /** Grows in batches to `size` blocks. */
  growTo(size: number): void {
    while (this.size < size) {
      const blocks = this.#make(Math.min(CHUNK, size - this.size));
      for (const result of this.#dag.processBlocks(blocks)) if (result instanceof Error) throw result;
      this.size += blocks.length;
    }
  }

  /** Grows by one chunk, block by block. @returns milliseconds of a block, without making it. */
  measureChunk(): Cost {
    const blocks = this.#make(CHUNK);
    const cpuBefore = process.cpuUsage();
    const before = performance.now();
    for (const block of blocks) this.#dag.processBlock(block);
    const wall = (performance.now() - before) / CHUNK;
    const { user, system } = process.cpuUsage(cpuBefore);
    this.size += CHUNK;
    return { cpu: (user + system) / 1000 / CHUNK, wall };
  }

  /** Closes and opens everything. @returns milliseconds from opening the store to a usable DAG. */
  async restart(): Promise<number> {
    await this.#dag.close();
    await this.#store.close();
    const before = performance.now();
    this.#store = this.#openStore();
    this.#dag = this.#openDag();
    return performance.now() - before;
  }

  get diskBytes(): number {
    return statSync(join(this.#folder, 'data.mdb')).size;
  }

  get indexBytes(): number {
    return this.#dag.indexBytes;
  }

  async remove(): Promise<void> {
    await this.#dag.close();
    await this.#store.close();
    rmSync(this.#folder, { recursive: true });
  }
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)];
}

/** The median over the chunks, so that what else the machine does in a moment counts little. */
function medianCost(costs: readonly Cost[]): Cost {
  return {
    cpu: quantile(
      costs.map(({ cpu }) => cpu),
      0.5,
    ),
    wall: quantile(
      costs.map(({ wall }) => wall),
      0.5,
    ),
  };
}

/** CPU of a block in the quieter quarter of the chunks: what two DAGs on a busy machine are best compared by. */
function quietCpu(costs: readonly Cost[]): number {
  return quantile(
    costs.map(({ cpu }) => cpu),
    0.25,
  );
}

/**
 * Grows the DAG to `size`; the last part of it in turns with a DAG of the smallest size, so that both meet the same
 * disturbances and their ratio is that of their sizes.
 */
async function measure(dag: GrowingDag, width: number, size: number): Promise<{ cost: Cost; growth: number }> {
  dag.growTo(size - WINDOW);
  const other = new GrowingDag(width);
  other.growTo(SIZES[0] - WINDOW);
  const costs: Cost[] = [];
  const small: Cost[] = [];
  while (dag.size < size) {
    costs.push(dag.measureChunk());
    small.push(other.measureChunk());
  }
  await other.remove();
  return { cost: medianCost(costs), growth: quietCpu(costs) / quietCpu(small) };
}

async function runCase(name: string, sizes: readonly number[], report: Report): Promise<void> {
  const width = CASES[name];
  const warmUp = new GrowingDag(width);
  while (warmUp.size < WARM_UP) warmUp.measureChunk();
  await warmUp.restart();
  await warmUp.remove();

  const dag = new GrowingDag(width);
  const rssAtStart = process.memoryUsage().rss;
  for (const size of sizes) {
    const { cost, growth } = await measure(dag, width, size);
    const add = (metric: string, value: number, unit: string): void =>
      report.add({ case: name, size, metric, value, unit });
    add('ms_per_block', cost.cpu, 'ms');
    add('ms_wall_per_block', cost.wall, 'ms');
    add('growth', size === SIZES[0] ? 1 : growth, 'x');
    add('rss_bytes_per_block', (process.memoryUsage().rss - rssAtStart) / size, 'bytes');
    add('index_bytes_per_block', dag.indexBytes / size, 'bytes');
    add('disk_bytes_per_block', dag.diskBytes / size, 'bytes');
    add('start_ms', await dag.restart(), 'ms');
  }
  await dag.remove();
}

/** Runs a case in a process of its own, so that its memory is its own. */
async function runCaseApart(name: string, max: number, report: Report): Promise<void> {
  const [script] = process.argv.slice(1, 2);
  const args = [...process.execArgv, script, report.bench, '--case', name, '--max', String(max), '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) report.add(JSON.parse(line) as Figure);
  const code = await ended;
  if (code !== 0) throw new Error(`case ${name} ended with ${code}`);
}

export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { max: { type: 'string' }, case: { type: 'string' } } });
  const max = Number(values.max ?? DEFAULT_MAX);
  if (!Number.isInteger(max) || max < SIZES[0]) throw new Error(`--max must be an integer from ${SIZES[0]} on`);
  const sizes = SIZES.filter((size) => size <= max);
  if (values.case !== undefined) {
    if (!(values.case in CASES)) throw new Error(`--case must be one of ${Object.keys(CASES).join(' ')}`);
    await runCase(values.case, sizes, report);
    return;
  }
  for (const name of Object.keys(CASES)) {
    report.note(`${name} …`);
    await runCaseApart(name, max, report);
  }
}
