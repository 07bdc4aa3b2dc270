/**
 * `npm run bench -- worst-case [--max N] [--only TEXT] [--json]`: what do the most expensive blocks cost that somebody can
 * make? A chain of N blocks is attacked in every way we know; each attack hits a fresh copy of the whole consensus core, on
 * LMDB with synced commits and on the store in memory. Per attack: the most expensive block and the median of those
 * measured (CPU time), how many positions of the order the worst one rewrote, and the price: blocks the attacker has to mine and
 * bytes he has to send, and what a block of his costs us in all. See docs/worst-case.md.
 */
import { parseArgs } from 'node:util';
import type { KeyValueStore } from '../src/store/index.ts';
import { Block } from '../src/wire/index.ts';
import type { Report } from './report.ts';
import { Base, openDag } from './worst-case-base.ts';
import { CONTENTS } from './worst-case-contents.ts';
import { SHAPES, type Step } from './worst-case-shapes.ts';

const DEFAULT_MAX = 20_000;

interface Costs {
  /** Milliseconds of each measured block. */
  readonly each: number[];
  /** Most positions that one block rewrote. */
  suffix: number;
}

/** Lets an attack loose on a store. */
async function attack(store: KeyValueStore, steps: readonly Step[]): Promise<Costs> {
  const dag = openDag(store);
  const costs: Costs = { each: [], suffix: 0 };
  const listening = dag.events.on('reorder', ({ removed, added }) => {
    costs.suffix = Math.max(costs.suffix, removed.length, added.length);
  });
  for (const { kind, block: made } of steps) {
    // As from the wire: an object of which nothing was computed yet.
    const block = Block.fromBytes(made.toBytes(), made.generation);
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
    report.note(`${shape.name} …`);
    const steps = shape.steps(base);
    const costs = await attack(base.openLmdb(), steps);
    const paid = steps.filter(({ kind }) => kind !== 'honest');
    const add = (metric: string, value: number, unit: string): void =>
      report.add({ case: shape.name, size, metric, value, unit });
    add('worst_ms', worst(costs), 'ms');
    add('median_ms', median(costs), 'ms');
    add('memory_worst_ms', worst(await attack(base.openMemory(), steps)), 'ms');
    add('suffix', costs.suffix, 'blocks');
    add('mined', paid.length, 'blocks');
    add('sent', sum(paid.map(({ block }) => block.size)) / 1024, 'KiB');
    add('ms_per_mined', sum(costs.each) / paid.length, 'ms');
  }
  base.remove();
}
