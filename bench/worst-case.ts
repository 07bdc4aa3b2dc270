/**
 * `npm run bench -- worst-case [--max N] [--only TEXT] [--json]`: what do the most expensive blocks cost that somebody can
 * make? A chain of N blocks is attacked in every way we know; each attack hits a fresh copy of the whole consensus core, on
 * LMDB with synced commits and on the store in memory. Per attack: the most expensive block and the median of those
 * measured (CPU time), how many positions of the order the worst one rewrote, the price (blocks the attacker has to mine and
 * bytes he has to send), and what a measured block of his costs us in all, honest blocks that pay for it included. See docs/worst-case.md.
 */
import { parseArgs } from 'node:util';
import type { KeyValueStore } from '../src/store/index.ts';
import { Block } from '../src/wire/index.ts';
import type { Report } from './report.ts';
import { Base, openDag } from './worst-case-base.ts';
import { CONTENTS } from './worst-case-contents.ts';
import { SHAPES, type Step } from './worst-case-shapes.ts';

const DEFAULT_MAX = 20_000;
/** Blocks that prepare an attack share commits. */
const SETUP_BATCH = 64;

interface Costs {
  /** Milliseconds of each measured block. */
  readonly each: number[];
  /** Most positions that one block rewrote. */
  suffix: number;
}

/** As from the wire: an object of which nothing was computed yet. */
function fromWire(block: Block): Block {
  return Block.fromBytes(block.toBytes(), block.generation);
}

/** Lets an attack loose on a store. */
async function attack(store: KeyValueStore, steps: readonly Step[]): Promise<Costs> {
  const dag = openDag(store);
  const costs: Costs = { each: [], suffix: 0 };
  const listening = dag.events.on('reorder', ({ removed, added }) => {
    costs.suffix = Math.max(costs.suffix, removed.length, added.length);
  });
  const firstMeasured = steps.findIndex(({ kind }) => kind !== 'setup');
  for (let i = 0; i < firstMeasured; i += SETUP_BATCH) {
    const blocks = steps.slice(i, Math.min(i + SETUP_BATCH, firstMeasured)).map(({ block }) => fromWire(block));
    for (const result of dag.processBlocks(blocks)) if (result instanceof Error) throw result;
  }
  costs.suffix = 0;
  for (const { kind, block: made } of steps.slice(firstMeasured)) {
    const block = fromWire(made);
    const before = process.cpuUsage();
    dag.processBlock(block);
    const { user, system } = process.cpuUsage(before);
    if (kind !== 'setup') costs.each.push((user + system) / 1000);
  }
  listening();
  await dag.close();
  await store.close();
  return costs;
}

const worst = ({ each }: Costs): number => each.reduce((a, b) => Math.max(a, b), 0);
const median = ({ each }: Costs): number => each.toSorted((a, b) => a - b)[each.length >> 1];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { max: { type: 'string' }, only: { type: 'string' } } });
  const size = Number(values.max ?? DEFAULT_MAX);
  if (!Number.isInteger(size) || size < 1000) throw new Error('--max must be an integer from 1000 on');
  report.note(`a chain of ${size} blocks …`);
  const base = await Base.make(size);
  for (const shape of [...SHAPES, ...CONTENTS]) {
    if ((shape.least ?? 0) > size || !new RegExp(values.only ?? '').test(shape.name)) continue;
    const steps = shape.steps(base);
    const costs = await attack(base.openLmdb(), steps);
    report.note(`${shape.name}: ${worst(costs).toFixed(1)} ms`);
    const paid = steps.filter(({ kind }) => kind !== 'honest');
    const add = (metric: string, value: number, unit: string): void =>
      report.add({ case: shape.name, size, metric, value, unit });
    add('worst_ms', worst(costs), 'ms');
    add('median_ms', median(costs), 'ms');
    if (!shape.slow) add('memory_worst_ms', worst(await attack(base.openMemory(), steps)), 'ms');
    add('suffix', costs.suffix, 'blocks');
    add('mined', paid.length, 'blocks');
    add('sent', sum(paid.map(({ block }) => block.size)) / 1024, 'KiB');
    const attacks = steps.filter(({ kind }) => kind === 'attack').length;
    add('ms_per_attack', sum(costs.each) / attacks, 'ms');
  }
  base.remove();
}
