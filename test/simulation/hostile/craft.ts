import { type NetworkParams, subsidy } from '../../../src/params/index.ts';
import type { Hash } from '../../../src/util/hash.ts';
import type { SeededRandom } from '../../../src/util/testing/seeded-random.ts';
import {
  Block,
  BlockHeader,
  compactToTarget,
  hashToTarget,
  merkleRoot,
  type Transaction,
  tipsHash,
} from '../../../src/wire/index.ts';
import { coinbaseInput, transactionOf } from '../../../src/wire/testing/transactions.ts';

/** A script that anyone can spend (OP_TRUE). */
const ANYONE = Uint8Array.of(0x51);

/** What a block is made of; everything else follows. */
export interface BlockPlan {
  readonly parents: readonly Hash[];
  readonly height: number;
  /** Unix seconds. */
  readonly time: number;
  /** nanoSoter of the coinbase; default the subsidy. */
  readonly reward?: bigint;
  readonly bits?: number;
  readonly merkleRoot?: Hash;
  /** Default: what belongs to the parents. */
  readonly prevBlock?: Hash;
  /** Besides the coinbase. */
  readonly transactions?: readonly Transaction[];
  /** False: the hash may miss the target, or must if `fails`. */
  readonly work?: 'solved' | 'failed';
}

/** A block as anybody can make one, valid unless the plan breaks a rule. */
export function craftBlock(plan: BlockPlan, params: NetworkParams, random: SeededRandom): Block {
  const { parents, height, time, transactions = [], work = 'solved' } = plan;
  const coinbase = craftCoinbase(height, plan.reward ?? subsidy(height, params), random);
  const all = [coinbase, ...transactions];
  const header = new BlockHeader({
    version: 0x20000000,
    prevBlock: plan.prevBlock ?? tipsHash(parents),
    merkleRoot: plan.merkleRoot ?? merkleRoot(all.map(({ txid }) => txid)),
    timestamp: time,
    bits: plan.bits ?? params.powLimitBits,
    nonce: 0,
  });
  return new Block({
    header: solve(header, params, work),
    parentsVersion: 0,
    parents: parents.map((hash) => ({ hash, data: new Uint8Array(32) })),
    transactions: all,
  });
}

/** A coinbase that is unlike any other. */
function craftCoinbase(height: number, value: bigint, random: SeededRandom): Transaction {
  const script = Buffer.alloc(13);
  script.writeUInt8(3, 0);
  script.writeUIntLE(height & 0xffffff, 1, 3);
  script.writeUInt8(8, 4);
  script.set(random.bytes(8), 5);
  return transactionOf([coinbaseInput(script)], [{ value, pkScript: ANYONE }]);
}

function solve(header: BlockHeader, params: NetworkParams, work: 'solved' | 'failed'): BlockHeader {
  const target = compactToTarget(params.powLimitBits);
  for (let nonce = 0; ; nonce++) {
    const candidate = header.with({ nonce });
    if (hashToTarget(candidate.hash) <= target === (work === 'solved')) return candidate;
  }
}

/** A hash that belongs to nothing. */
export function randomHash(random: SeededRandom): Hash {
  return random.bytes(32);
}
