/**
 * `npm run bench -- mempool [--max N] [--json]`: how fast are transactions accepted, as a share of what the signature library
 * alone can do, and what does a large pool cost: memory, templates, eviction, blocks? `size` is the number of transactions in
 * the pool.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  Dag,
  InlineScriptVerifier,
  type OrderChange,
  type OutputRecord,
  outpointKey,
  ReplayState,
} from '../src/dag/index.ts';
import { MemoryPool, type PoolDag, type PoolOptions } from '../src/mempool/index.ts';
import { TemplateBuilder, type TemplateBuilderDeps, templatePolicy } from '../src/mining/index.ts';
import { FakeDag } from '../src/mining/testing/fake-dag.ts';
import { testHash } from '../src/mining/testing/pool.ts';
import { systemWorld } from '../src/node/system.ts';
import { networkParams } from '../src/params/index.ts';
import { sha256dPow } from '../src/pow/index.ts';
import { publicKeyOf, ScriptBuilder, SignatureCache, signHash, verifySignature } from '../src/script/index.ts';
import { MemoryStore } from '../src/store/index.ts';
import { Emitter } from '../src/util/emitter.ts';
import { sha256 } from '../src/util/hash.ts';
import { type OutPoint, Transaction } from '../src/wire/index.ts';
import { BlockMaker } from './block-maker.ts';
import { type PaymentKind, payment, scriptOf } from './payments.ts';
import type { Report } from './report.ts';

const params = networkParams('simnet');
const POOL_SIZES = [10_000, 100_000, 300_000];
/** Payments that are signed for one figure. */
const SIGNED = 10_000;
/** Outputs of one coinbase that pays for them. */
const FAN = 1000;
const COIN = 1_000_000_000n;
/** Payments of a large pool that are really signed: those with the highest fees, which a template takes. */
const TOP = 5000;
/** Rounds of what is measured once a change. */
const ROUNDS = 7;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Milliseconds of processor time that `work` takes. */
function cpuMilliseconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Microseconds that the signature library needs for one check. */
function rawVerification(): number {
  const privateKey = sha256(Uint8Array.of(1));
  const publicKey = publicKeyOf(privateKey);
  const samples = Array.from({ length: 256 }, (_, i) => {
    const hash = sha256(Uint8Array.of(2, i));
    return { hash, signature: signHash(hash, privateKey).signature };
  });
  const round = (count: number): number =>
    cpuMilliseconds(() => {
      for (let i = 0; i < count; i++) {
        const { hash, signature } = samples[i % samples.length];
        if (verifySignature(signature, hash, publicKey) !== 'valid') throw new Error('a valid signature was refused');
      }
    });
  round(2000);
  return (1000 * round(10_000)) / 10_000;
}

/** A DAG whose coinbases pay so many outputs of a kind, all mature. */
function fundedDag(
  kind: PaymentKind,
  signatureCache: SignatureCache,
): { dag: Dag; outputs: OutPoint[]; value: bigint } {
  const scriptVerifier = new InlineScriptVerifier(signatureCache);
  const store = new MemoryStore();
  const dag = new Dag({ params }, { store, clock: systemWorld.clock, pow: sha256dPow, scriptVerifier });
  dag.open();
  const maker = new BlockMaker(params);
  const value = (50n * COIN) / BigInt(FAN);
  const payTo = Array.from({ length: FAN }, () => ({ value, pkScript: scriptOf(kind) }));
  const outputs: OutPoint[] = [];
  for (let height = 1; height <= SIGNED / FAN + params.coinbaseMaturity; height++) {
    const funding = height <= SIGNED / FAN;
    const block = maker.make(height, dag.snapshot().tips, funding ? { payTo } : {});
    dag.processBlock(block);
    if (funding) outputs.push(...payTo.map((_, index) => ({ hash: block.transactions[0].txid, index })));
  }
  return { dag, outputs, value };
}

/** Acceptance of signed payments by a pool on a real DAG. */
function acceptance(report: Report, kind: PaymentKind): void {
  const signatureCache = new SignatureCache(100_000, systemWorld.random);
  const { dag, outputs, value } = fundedDag(kind, signatureCache);
  const messages = outputs.map((outpoint) => payment(kind, outpoint, value, 1000n).toBytes());
  const pool = new MemoryPool({}, { dag, params, world: systemWorld, signatureCache });
  const take = (from: number, to: number): number =>
    cpuMilliseconds(() => {
      for (let i = from; i < to; i++) pool.process(Transaction.fromBytes(messages[i]), 1);
    });
  const before = rawVerification();
  take(0, SIGNED / 5);
  const microseconds = (1000 * take(SIGNED / 5, SIGNED)) / (SIGNED * 0.8);
  const raw = (before + rawVerification()) / 2;
  if (pool.count !== SIGNED) throw new Error(`only ${pool.count} of ${SIGNED} payments were accepted`);
  report.add({ case: kind, metric: 'accepted_per_second', value: 1e6 / microseconds, unit: 'tx/s' });
  report.add({ case: kind, metric: 'raw_signatures_per_second', value: 1e6 / raw, unit: 'sig/s' });
  report.add({ case: kind, metric: 'share_of_raw', value: (100 * raw) / microseconds, unit: '%' });
  templates(report, { case: kind, size: SIGNED }, { dag, transactions: pool });
}

/** What a template costs: the first one of a builder, and one after the pool has changed, which finds much decoded. */
function templates(
  report: Report,
  of: { readonly case: string; readonly size: number },
  deps: Required<TemplateBuilderDeps>,
): void {
  const { transactions } = deps;
  let version = 0;
  const source = {
    entries: () => transactions.entries(),
    get count() {
      return transactions.count;
    },
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

/** Outputs without blocks, for a large pool and templates from it. */
class Funds {
  readonly dag = new FakeDag(params, systemWorld.clock);
  readonly #spent = new Set<string>();
  #made = 0;

  constructor() {
    // Past the first confirmation window, as far as deployments are concerned.
    const { dag } = this;
    const snapshot = dag.snapshot();
    dag.snapshot = () => ({ ...snapshot, minHeight: 500, maxHeight: 500 });
  }

  /** The same outputs as the pool sees them. */
  forPool(): PoolDag {
    const { dag } = this;
    return {
      events: new Emitter<{ reorder: OrderChange }>(),
      snapshot: () => dag.snapshot(),
      bestState: () => ({ medianTime: params.genesis.header.timestamp }),
      outputRecord: (outpoint): Pick<OutputRecord, 'state' | 'entry'> => {
        const entry = dag.utxo(outpoint);
        const isSpent = entry !== undefined && this.#spent.has(outpointKey(outpoint.hash, outpoint.index));
        return { state: !entry ? ReplayState.absent : isSpent ? ReplayState.spent : ReplayState.unspent, entry };
      },
      blocksAtHeight: () => [],
      medianTime: () => undefined,
      getBlock: () => undefined,
    };
  }

  /** A new output. */
  make(pkScript: Uint8Array): OutPoint {
    const outpoint = { hash: testHash(this.#made++), index: 0 };
    this.dag.addOutput(outpoint, { value: COIN, pkScript, height: 100, isCoinbase: false });
    return outpoint;
  }

  /** Applies the transactions of a block. */
  confirm(transactions: readonly Transaction[]): void {
    for (const tx of transactions) {
      for (const { prevout } of tx.inputs) this.#spent.add(outpointKey(prevout.hash, prevout.index));
      for (const [index, { value, pkScript }] of tx.outputs.entries()) {
        this.dag.addOutput({ hash: tx.txid, index }, { value, pkScript, height: 501, isCoinbase: false });
      }
    }
  }
}

/** Spent by two pushes and no signature: OP_2DROP OP_1. What is measured with it is the pool's own work. */
const CHEAP = Uint8Array.of(0x6d, 0x51);
/** As long as a signature and a key. */
const CHEAP_UNLOCK = new ScriptBuilder().data(new Uint8Array(72).fill(1)).data(new Uint8Array(33).fill(1)).build();
const options: PoolOptions = { acceptNonStandard: true, maxUsage: 4e9 };

/** A payment of the usual size without a signature. */
function cheapPayment(prevout: OutPoint, fee: bigint): Transaction {
  const pkScript = scriptOf('p2pkh');
  return new Transaction({
    version: 1,
    inputs: [{ prevout, signatureScript: CHEAP_UNLOCK, sequence: 0xffffffff, witness: [] }],
    outputs: [
      { value: COIN / 2n, pkScript },
      { value: COIN / 2n - fee, pkScript },
    ],
    lockTime: 0,
  });
}

/** Bytes in use after a collection. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A pool of a size, and what it costs. */
function largePool(report: Report, size: number): void {
  const add = (metric: string, value: number, unit: string) => report.add({ case: 'pool', size, metric, value, unit });
  const funds = new Funds();
  const signatureCache = new SignatureCache(100_000, systemWorld.random);
  const pool = new MemoryPool(options, { dag: funds.forPool(), params, world: systemWorld, signatureCache });
  const cheap = Array.from({ length: size - TOP }, () => funds.make(CHEAP));
  const signed = Array.from({ length: TOP }, () => funds.make(scriptOf('p2pkh')));
  const before = memory();
  // What payments are made of costs time too, so the last ones are made beforehand.
  const last = cheap.splice(-TOP).map((outpoint, i) => cheapPayment(outpoint, BigInt(1000 + i)));
  for (const [i, outpoint] of cheap.entries())
    pool.process(cheapPayment(outpoint, BigInt(1000 + ((i * 7919) % 50_000))), 1);
  add(
    'us_per_cheap_acceptance',
    (1000 * cpuMilliseconds(() => last.forEach((tx) => void pool.process(tx, 1)))) / TOP,
    'us',
  );
  last.length = 0;
  for (const [i, outpoint] of signed.entries()) {
    pool.process(payment('p2pkh', outpoint, COIN, BigInt(100_000 + ((i * 7919) % 50_000))), 1);
  }
  if (pool.count !== size) throw new Error(`only ${pool.count} of ${size} payments were accepted`);
  add('bytes_per_transaction', (memory() - before) / size, 'B');
  add('usage_per_transaction', pool.usage / size, 'B');

  const deps = { dag: funds.dag, transactions: pool };
  templates(report, { case: 'pool', size }, deps);

  const { block } = new TemplateBuilder({ params, policy: templatePolicy() }, deps).build();
  funds.confirm(block.transactions.slice(1));
  const connecting = cpuMilliseconds(() => void pool.blockConnected({ hash: block.hash, height: 501, block }));
  add('us_per_confirmed', (1000 * connecting) / (block.transactions.length - 1), 'us');
  eviction(report, size);
}

/** Acceptance into a pool that is full: every transaction pushes another one out. */
function eviction(report: Report, size: number): void {
  const funds = new Funds();
  const make = (maxUsage: number) =>
    new MemoryPool({ ...options, maxUsage }, { dag: funds.forPool(), params, world: systemWorld });
  const probe = make(1e6);
  probe.process(cheapPayment(funds.make(CHEAP), 1000n), 1);
  const pool = make(size * probe.usage);
  for (let i = 0; i < size; i++) pool.process(cheapPayment(funds.make(CHEAP), BigInt(1000 + ((i * 7919) % 50_000))), 1);
  const better = Array.from({ length: TOP }, (_, i) => cheapPayment(funds.make(CHEAP), BigInt(60_000 + i)));
  const milliseconds = cpuMilliseconds(() => better.forEach((tx) => void pool.process(tx, 1)));
  if (pool.count !== size) throw new Error(`${pool.count} instead of ${size} payments`);
  report.add({ case: 'pool', size, metric: 'us_per_eviction', value: (1000 * milliseconds) / TOP, unit: 'us' });
}

export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { max: { type: 'string', default: '300000' } } });
  for (const kind of ['p2pkh', 'p2wpkh'] as const) acceptance(report, kind);
  for (const size of POOL_SIZES.filter((each) => each <= Number(values.max))) largePool(report, size);
}
