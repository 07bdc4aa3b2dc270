import { type NetworkParams, subsidy } from '../src/params/index.ts';
import { searchNonce } from '../src/pow/index.ts';
import type { Hash } from '../src/util/hash.ts';
import {
  Block,
  BlockHeader,
  compactToTarget,
  merkleRoot,
  type Transaction,
  type TxOutput,
  targetToCompact,
  tipsHash,
} from '../src/wire/index.ts';
import { coinbaseInput, transactionOf } from '../src/wire/testing/transactions.ts';

/** Seconds between generations: more than the 20 minutes after which simnet lets a block have the easiest target. */
const GENERATION_SECONDS = 1201;
/** Nonces tried at once. */
const SEARCH = 256;
const NO_DATA = new Uint8Array(32);
/** OP_TRUE. */
const ANYONE = Uint8Array.of(0x51);

/** What a block holds besides the least. */
export interface BlockContent {
  /** Behind the coinbase. */
  readonly transactions?: readonly Transaction[];
  /** Outputs of the coinbase; default: one with the subsidy that anyone can spend. */
  readonly payTo?: readonly TxOutput[];
  /** Unix seconds; default: the same for all blocks of a height. A later time needs no more work. */
  readonly time?: number;
}

/** Makes valid blocks for simnet, coinbase-only unless told otherwise, without a DAG. */
export class BlockMaker {
  readonly #params: NetworkParams;
  #made = 0;

  constructor(params: NetworkParams) {
    this.#params = params;
  }

  /** A block at a height; all blocks of a height have the same time. `parents`: of the generation below. */
  make(height: number, parents: readonly Hash[], { transactions = [], payTo, time }: BlockContent = {}): Block {
    const { genesis, powLimitBits, blocksPerRetarget, retargetAdjustmentFactor } = this.#params;
    const isRetarget = height % blocksPerRetarget === 0;
    const coinbase = this.#coinbase(height, payTo ?? [{ value: subsidy(height, this.#params), pkScript: ANYONE }]);
    const all = [coinbase, ...transactions];
    const header = new BlockHeader({
      version: 0x20000000,
      prevBlock: tipsHash(parents),
      merkleRoot: merkleRoot(all.map(({ txid }) => txid)),
      timestamp: time ?? genesis.header.timestamp + height * GENERATION_SECONDS,
      // Every retarget makes blocks harder by the greatest factor; the block after it is of the easiest target again.
      bits: isRetarget
        ? targetToCompact(compactToTarget(powLimitBits) / BigInt(retargetAdjustmentFactor))
        : powLimitBits,
      nonce: 0,
    });
    for (let first = 0; ; first += SEARCH) {
      const { nonce } = searchNonce(header, first, SEARCH);
      if (nonce === undefined) continue;
      return new Block({
        header: header.with({ nonce }),
        parentsVersion: 0,
        parents: parents.map((hash) => ({ hash, data: NO_DATA })),
        transactions: all,
      });
    }
  }

  #coinbase(height: number, outputs: readonly TxOutput[]): Transaction {
    const script = Buffer.alloc(10);
    script.writeUInt8(4, 0);
    script.writeUInt32LE(height, 1);
    script.writeUInt8(4, 5);
    script.writeUInt32LE(this.#made++, 6);
    return transactionOf([coinbaseInput(script)], outputs);
  }
}
