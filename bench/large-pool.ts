import { MemoryPool, type PoolOptions } from '../src/mempool/index.ts';
import { TemplateBuilder, type TemplateBuilderDeps, templatePolicy } from '../src/mining/index.ts';
import { systemWorld } from '../src/node/system.ts';
import { networkParams } from '../src/params/index.ts';
import { ScriptBuilder, SignatureCache } from '../src/script/index.ts';
import type { OutPoint, Transaction } from '../src/wire/index.ts';
import { finalInput, transactionOf } from '../src/wire/testing/transactions.ts';
import { FUNDED_VALUE, FundedDag } from './funded-dag.ts';
import { payment, scriptOf } from './payments.ts';
import type { Report } from './report.ts';
import { usedMemory } from './used-memory.ts';

const params = networkParams('simnet');
/** Payments of a large pool that are really signed: those with the highest fees, which a template takes. */
const TOP = 5000;
/** Rounds of what is measured once a change. */
const ROUNDS = 7;
/** Spent by two pushes and no signature: OP_2DROP OP_1. What is measured with it is the pool's own work. */
const CHEAP = Uint8Array.of(0x6d, 0x51);
/** As long as a signature and a key. */
const CHEAP_UNLOCK = new ScriptBuilder().data(new Uint8Array(72).fill(1)).data(new Uint8Array(33).fill(1)).build();
const options: PoolOptions = { acceptNonStandard: true, maxUsage: 4e9 };

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Milliseconds of processor time that `work` takes. */
export function cpuMilliseconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** A payment of the usual size without a signature. */
function cheapPayment(prevout: OutPoint, fee: bigint): Transaction {
  const pkScript = scriptOf('p2pkh');
  const values = [FUNDED_VALUE / 2n, FUNDED_VALUE / 2n - fee];
  return transactionOf(
    [finalInput(prevout, CHEAP_UNLOCK)],
    values.map((value) => ({ value, pkScript })),
  );
}

/**
 * What a template costs, choosing, building and checking it: the first one of a builder, and one after the pool has changed,
 * which finds much decoded.
 */
export function templates(
  report: Report,
  of: { readonly case: string; readonly size: number },
  deps: Required<TemplateBuilderDeps>,
): void {
  const { transactions } = deps;
  let version = 0;
  const source = {
    ranking: transactions.ranking,
    get version() {
      return version++;
    },
  };
  const builder = () => new TemplateBuilder({ params, policy: templatePolicy() }, { ...deps, transactions: source });
  const rounds = Array.from({ length: ROUNDS }, () => {
    const fresh = builder();
    let count = 0;
    const first = cpuMilliseconds(() => {
      count = fresh.build().block.transactions.length;
    });
    return { count, first, next: cpuMilliseconds(() => void fresh.build()) };
  });
  const add = (metric: string, value: number, unit: string) => report.add({ ...of, metric, value, unit });
  add('transactions_per_template', rounds[0].count, 'tx');
  add('ms_per_template', median(rounds.map(({ first }) => first)), 'ms');
  add('ms_per_changed_template', median(rounds.map(({ next }) => next)), 'ms');
}

/** Fee of the n-th of many payments: all different amounts, in no order. */
function fee(least: number, n: number): bigint {
  return BigInt(least + ((n * 7919) % 50_000));
}

/** A pool of a size, and what it costs. */
export async function largePool(report: Report, size: number): Promise<void> {
  const add = (metric: string, value: number, unit: string) => report.add({ case: 'pool', size, metric, value, unit });
  const signatureCache = new SignatureCache(100_000, systemWorld.random);
  const isSigned = (index: number) => index >= size - TOP && index < size;
  // As many again as are signed, for what pushes others out.
  const funds = new FundedDag(size + TOP, (i) => (isSigned(i) ? scriptOf('p2pkh') : CHEAP), {
    signatureCache,
  });
  const { dag, outputs } = funds;
  const deps = { dag, params, world: systemWorld, signatureCache };
  const pool = new MemoryPool(options, deps);
  const cheap = outputs.slice(0, size - TOP);
  const before = usedMemory();
  // What payments are made of costs time too, so the last ones are made beforehand.
  const last = cheap.splice(-TOP).map((outpoint, i) => cheapPayment(outpoint, BigInt(1000 + i)));
  for (const [i, outpoint] of cheap.entries()) pool.process(cheapPayment(outpoint, fee(1000, i)), 1);
  const accepting = cpuMilliseconds(() => last.forEach((tx) => void pool.process(tx, 1)));
  add('us_per_cheap_acceptance', (1000 * accepting) / TOP, 'us');
  last.length = 0;
  for (const [i, outpoint] of outputs.slice(size - TOP, size).entries()) {
    pool.process(payment('p2pkh', outpoint, FUNDED_VALUE, fee(100_000, i)), 1);
  }
  if (pool.count !== size) throw new Error(`only ${pool.count} of ${size} payments were accepted`);
  add('bytes_per_transaction', (usedMemory() - before) / size, 'B');
  add('usage_per_transaction', pool.usage / size, 'B');

  templates(report, { case: 'pool', size }, { dag, transactions: pool });
  add('us_per_eviction', eviction(size, outputs, deps), 'us');

  const { block } = new TemplateBuilder({ params, policy: templatePolicy() }, { dag, transactions: pool }).build();
  dag.processBlock(block);
  const { maxHeight } = dag.snapshot();
  const connecting = cpuMilliseconds(() => void pool.blockConnected({ hash: block.hash, height: maxHeight, block }));
  add('us_per_confirmed', (1000 * connecting) / (block.transactions.length - 1), 'us');
  await funds.close();
}

/** Microseconds of an acceptance into a pool that is full: every transaction pushes another one out. */
function eviction(
  size: number,
  outputs: readonly OutPoint[],
  deps: ConstructorParameters<typeof MemoryPool>[1],
): number {
  const probe = new MemoryPool(options, deps);
  probe.process(cheapPayment(outputs[0], 1000n), 1);
  const worse = size - TOP;
  const pool = new MemoryPool({ ...options, maxUsage: worse * probe.usage }, deps);
  for (const [i, outpoint] of outputs.slice(0, worse).entries()) {
    pool.process(cheapPayment(outpoint, fee(1000, i)), 1);
  }
  const better = outputs.slice(size, size + TOP).map((outpoint, i) => cheapPayment(outpoint, BigInt(60_000 + i)));
  const milliseconds = cpuMilliseconds(() => better.forEach((tx) => void pool.process(tx, 1)));
  if (pool.count !== worse) throw new Error(`${pool.count} instead of ${worse} payments`);
  return (1000 * milliseconds) / TOP;
}
