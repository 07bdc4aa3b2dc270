import { type NetworkParams, networkParams, subsidy } from '../../params/index.ts';
import type { ProofOfWork } from '../../pow/index.ts';
import { type KeyValueStore, MemoryStore } from '../../store/index.ts';
import { type Hash, hashToHex } from '../../util/hash.ts';
import {
  Block,
  BlockHeader,
  merkleRoot,
  type OutPoint,
  type Transaction,
  type TxOutput,
  tipsHash,
} from '../../wire/index.ts';
import { coinbaseInput, finalInput, transactionOf } from '../../wire/testing/transactions.ts';
import { Dag } from '../dag.ts';
import type { ScriptVerifier } from '../rules/scripts.ts';

/** Simnet without retargets and with coinbases that mature at once, so that tests need few blocks. */
export const testParams: NetworkParams = {
  ...networkParams('simnet'),
  coinbaseMaturity: 2,
  blocksPerRetarget: 1_000_000,
};

/** Accepts every block: tests about other rules need not mine. */
export const noWork: ProofOfWork = { name: 'sha256d', generation: 2, check: () => undefined };

/** A time at which no block of a test is too new; it can be moved. */
export class TestClock {
  milliseconds = Date.UTC(2030, 0, 1);

  now(): number {
    return this.milliseconds;
  }

  monotonic(): number {
    return this.milliseconds;
  }
}

/** A script that anyone can spend (OP_TRUE). */
export const ANYONE: Uint8Array = Uint8Array.of(0x51);

/** What a test block is made of; everything else follows. */
export interface BlockPlan {
  /** Hashes of the parents, in message order. */
  readonly parents: readonly Hash[];
  readonly height: number;
  /** Makes coinbase and hash differ from other blocks of the height. */
  readonly salt?: number;
  /** Besides the coinbase. */
  readonly transactions?: readonly Transaction[];
  /** nanoSoter paid to the miner; default the subsidy. */
  readonly reward?: bigint;
  readonly time?: number;
  readonly bits?: number;
  readonly prevBlock?: Hash;
}

/** A block that breaks no rule unless the plan makes it so. */
export function makeBlock(plan: BlockPlan): Block {
  const { parents, height, salt = 0, transactions = [] } = plan;
  const reward = plan.reward ?? subsidy(height, testParams);
  const all = [makeCoinbase(height, salt, reward), ...transactions];
  return new Block({
    header: new BlockHeader({
      version: 1,
      prevBlock: plan.prevBlock ?? tipsHash(parents),
      merkleRoot: merkleRoot(all.map(({ txid }) => txid)),
      timestamp: plan.time ?? testParams.genesis.header.timestamp + height * 1201,
      bits: plan.bits ?? testParams.powLimitBits,
      nonce: salt,
    }),
    parentsVersion: 0,
    parents: parents.map((hash) => ({ hash, data: new Uint8Array(32) })),
    transactions: all,
  });
}

function makeCoinbase(height: number, salt: number, reward: bigint): Transaction {
  const script = Buffer.alloc(8);
  script.writeUInt32LE(height, 0);
  script.writeUInt32LE(salt, 4);
  return transactionOf([coinbaseInput(script)], [{ value: reward, pkScript: ANYONE }]);
}

/** A transaction without signatures. */
export function spend(prevouts: readonly OutPoint[], outputs: readonly TxOutput[], lockTime = 0): Transaction {
  return transactionOf(
    prevouts.map((prevout) => finalInput(prevout)),
    outputs,
    lockTime,
  );
}

/** A chain on top of genesis. */
export function chain(length: number, salt = 0): Block[] {
  const blocks: Block[] = [];
  for (let height = 1; height <= length; height++) {
    blocks.push(makeBlock({ parents: [blocks.at(-1)?.hash ?? testParams.genesisHash], height, salt }));
  }
  return blocks;
}

/** Generations of `width` blocks, each naming the whole generation before. */
export function layers(count: number, width: number): Block[] {
  const blocks: Block[] = [];
  let below: Hash[] = [testParams.genesisHash];
  for (let height = 1; height <= count; height++) {
    const layer = Array.from({ length: width }, (_, salt) => makeBlock({ parents: below, height, salt }));
    blocks.push(...layer);
    below = layer.map(({ hash }) => hash);
  }
  return blocks;
}

/** A DAG on a store in memory, with what it told. */
export class TestDag {
  readonly dag: Dag;
  readonly store: KeyValueStore;
  readonly clock = new TestClock();
  /** `connected <hash>` and `accepted <hash>`, display form. */
  readonly told: string[] = [];

  constructor(
    store: KeyValueStore = new MemoryStore(),
    params: NetworkParams = testParams,
    pow: ProofOfWork = noWork,
    scriptVerifier?: ScriptVerifier,
  ) {
    this.store = store;
    this.dag = new Dag({ params }, { store, clock: this.clock, pow, ...(scriptVerifier && { scriptVerifier }) });
    this.dag.open();
    this.dag.events.on('connected', ({ hash }) => this.told.push(`connected ${hashToHex(hash)}`));
    this.dag.events.on('accepted', ({ hash }) => this.told.push(`accepted ${hashToHex(hash)}`));
  }
}

/** Everything that another node, or the same one after a restart, can be compared by. */
export function fingerprint(dag: Dag): Record<string, unknown> {
  const { tips, hash, ...snapshot } = dag.snapshot();
  const best = dag.bestState();
  return {
    ...snapshot,
    tips: tips.map(hashToHex),
    tipsHash: hashToHex(hash),
    best: { ...best, hash: hashToHex(best.hash) },
    order: Array.from(dag.order(), hashToHex),
    orderHash: hashToHex(dag.orderHash()),
    coloring: dag.coloring().map(({ hash: block, isBlue }) => `${hashToHex(block)} ${isBlue}`),
    virtual: dag.virtualBlueSet().map(hashToHex).sort(),
    outputs: dag.outputCount,
    outputSetHash: hashToHex(dag.outputSetHash()),
  };
}
