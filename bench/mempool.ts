/**
 * `npm run bench -- mempool [--max N] [--json]`: how fast are transactions accepted, as a share of what the signature library
 * alone can do, and what does a large pool cost: memory, templates, eviction, blocks? `size` is the number of transactions in
 * the pool. All of it on a real DAG and database.
 */
import { parseArgs } from 'node:util';
import { MemoryPool } from '../src/mempool/index.ts';
import { systemWorld } from '../src/node/system.ts';
import { networkParams } from '../src/params/index.ts';
import { publicKeyOf, SignatureCache, signHash, verifySignature } from '../src/script/index.ts';
import { sha256 } from '../src/util/hash.ts';
import { Transaction } from '../src/wire/index.ts';
import { FUNDED_VALUE, FundedDag } from './funded-dag.ts';
import { cpuMilliseconds, largePool, templates } from './large-pool.ts';
import { type PaymentKind, payment, scriptOf } from './payments.ts';
import type { Report } from './report.ts';

const params = networkParams('simnet');
const POOL_SIZES = [10_000, 100_000, 300_000];
/** Payments that are signed for one figure. */
const SIGNED = 10_000;

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

/** Acceptance of signed payments. */
async function acceptance(report: Report, kind: PaymentKind): Promise<void> {
  const signatureCache = new SignatureCache(100_000, systemWorld.random);
  const funds = new FundedDag(SIGNED, () => scriptOf(kind), { signatureCache });
  const messages = funds.outputs.map((outpoint) => payment(kind, outpoint, FUNDED_VALUE, 1000n).toBytes());
  const pool = new MemoryPool({}, { dag: funds.dag, params, world: systemWorld, signatureCache });
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
  templates(report, { case: kind, size: SIGNED }, { dag: funds.dag, transactions: pool });
  await funds.close();
}

export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { max: { type: 'string', default: '300000' } } });
  for (const kind of ['p2pkh', 'p2wpkh'] as const) await acceptance(report, kind);
  for (const size of POOL_SIZES.filter((each) => each <= Number(values.max))) await largePool(report, size);
}
