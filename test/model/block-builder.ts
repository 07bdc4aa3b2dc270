import { coinbaseScript } from '../../src/mining/index.ts';
import { type NetworkParams, subsidy, wholeMilliseconds } from '../../src/params/index.ts';
import { searchNonce } from '../../src/pow/index.ts';
import { type Hash, ZERO_HASH } from '../../src/util/hash.ts';
import {
  Block,
  BlockHeader,
  compactToTarget,
  merkleRoot,
  type Transaction,
  type TxOutput,
  targetToCompact,
  tipsHash,
  witnessCommitment,
  witnessCommitmentScript,
} from '../../src/wire/index.ts';
import { coinbaseInput, transactionOf } from '../../src/wire/testing/transactions.ts';

/** Output script of coinbases unless told otherwise: OP_TRUE, anyone can spend. */
const PAY_ANYONE: Uint8Array = Uint8Array.of(0x51);
/** Free data of a parent entry, as miners leave it. */
const NO_DATA = new Uint8Array(32);
/** Nonces tried before the coinbase gets another extra nonce. */
const NONCES = 1 << 20;

/** What a block shall hold. */
export interface BlockContents {
  /** All but the coinbase. */
  readonly transactions?: readonly Transaction[];
  /** What they pay in fees together, nanoSoter; the coinbase takes it. */
  readonly fees?: bigint;
  /** Output script of the coinbase. */
  readonly payTo?: Uint8Array;
  /** Added to what the coinbase may take: 1n makes a block that fails the connect checks. */
  readonly greed?: bigint;
  /** Unix seconds; default: the greatest time of a parent and `secondsPerBlock`. */
  readonly time?: number;
}

/**
 * Builds blocks on chosen parents as an honest miner of a test network would: real headers with solved proof of work,
 * required bits, rising times, coinbases of the right value, witness commitments. Knows blocks by their *place*: genesis is 0,
 * each built block gets the next number. Keeps some 200 bytes a block, not the blocks.
 */
export class BlockBuilder {
  readonly params: NetworkParams;
  readonly #secondsPerBlock: number;
  readonly #hashes: Hash[] = [];
  readonly #heights: number[] = [];
  readonly #times: number[] = [];
  readonly #bits: number[] = [];
  readonly #walkEnds: number[] = [];

  /**
   * @param params a network whose blocks are solved at once: simnet, regtest or a variant of them.
   * @param secondsPerBlock distance to the latest parent. The default is so long that every block between two
   *   retargets has the easiest target, on networks with such a rule: without it every retarget would make the search four
   *   times as long.
   */
  constructor(params: NetworkParams, secondsPerBlock: number = params.minDiffReductionTime + 1) {
    this.params = params;
    this.#secondsPerBlock = secondsPerBlock;
    const { hash, header } = params.genesis;
    this.#remember(hash, 0, header.timestamp, header.bits, -1);
  }

  /** Number of blocks known, genesis included. */
  get count(): number {
    return this.#hashes.length;
  }

  hash(place: number): Hash {
    return this.#hashes[place];
  }

  height(place: number): number {
    return this.#heights[place];
  }

  /** Unix seconds. */
  time(place: number): number {
    return this.#times[place];
  }

  /** Height of a block on these parents. */
  heightOn(parents: readonly number[]): number {
    return 1 + parents.reduce((height, parent) => Math.max(height, this.#heights[parent]), -1);
  }

  /**
   * Builds a block and gives it the next place.
   * @param parents places, in message order.
   */
  build(parents: readonly number[], contents: BlockContents = {}): Block {
    const block = this.buildAside(parents, contents);
    const { timestamp, bits } = block.header;
    this.#remember(block.hash, this.heightOn(parents), timestamp, bits, parents[0]);
    return block;
  }

  /** Like {@link build}, but forgets the block: for blocks that will be refused and never have children. */
  buildAside(parents: readonly number[], contents: BlockContents = {}): Block {
    const { params } = this;
    const height = this.heightOn(parents);
    const recent = parents.reduce((a, b) => (this.#times[b] > this.#times[a] ? b : a));
    const time = contents.time ?? this.#times[recent] + this.#secondsPerBlock;
    const bits = this.#bitsOn(recent, time);
    const hashes = parents.map((parent) => this.#hashes[parent]);
    const others = contents.transactions ?? [];
    const value = subsidy(height, params) + (contents.fees ?? 0n) + (contents.greed ?? 0n);
    const outputs: TxOutput[] = [{ value, pkScript: contents.payTo ?? PAY_ANYONE }];
    const hasWitness = others.some((tx) => tx.hasWitness);
    for (let extra = 0n; ; extra++) {
      // The place makes coinbases of parallel blocks differ.
      const script = coinbaseScript(height, (BigInt(this.count) << 8n) | extra);
      const coinbase = coinbaseOf(script, outputs, hasWitness ? others : undefined);
      const transactions = [coinbase, ...others];
      const header = new BlockHeader({
        version: 0x20000000,
        prevBlock: tipsHash(hashes),
        merkleRoot: merkleRoot(transactions.map(({ txid }) => txid)),
        timestamp: time,
        bits,
        nonce: 0,
      });
      const { nonce } = searchNonce(header, 0, NONCES);
      if (nonce === undefined) continue;
      return new Block({
        header: header.with({ nonce }),
        parentsVersion: 0,
        parents: hashes.map((hash) => ({ hash, data: NO_DATA })),
        transactions,
      });
    }
  }

  #remember(hash: Hash, height: number, time: number, bits: number, firstParent: number): void {
    const place = this.count;
    const { blocksPerRetarget, powLimitBits } = this.params;
    const stops = firstParent === -1 || height % blocksPerRetarget === 0 || bits !== powLimitBits;
    this.#hashes.push(hash);
    this.#heights.push(height);
    this.#times.push(time);
    this.#bits.push(bits);
    this.#walkEnds.push(stops ? place : this.#walkEnds[firstParent]);
  }

  /** Required bits as in docs/protocol.md; at a retarget the lower clamp, which only windows of years would escape. */
  #bitsOn(recent: number, time: number): number {
    const { blocksPerRetarget, powLimitBits, powLimit } = this.params;
    const { reduceMinDifficulty, minDiffReductionTime, targetTimespan, retargetAdjustmentFactor } = this.params;
    if ((this.#heights[recent] + 1) % blocksPerRetarget !== 0) {
      if (!reduceMinDifficulty) return this.#bits[recent];
      return time > this.#times[recent] + minDiffReductionTime ? powLimitBits : this.#bits[this.#walkEnds[recent]];
    }
    const timespan = BigInt(wholeMilliseconds(targetTimespan));
    const lowest = timespan / BigInt(retargetAdjustmentFactor);
    const target = (compactToTarget(this.#bits[recent]) * lowest) / timespan;
    return targetToCompact(target < powLimit ? target : powLimit);
  }
}

/** A coinbase; with a commitment to the witness data of `committed`, if given. */
function coinbaseOf(
  signatureScript: Uint8Array,
  outputs: readonly TxOutput[],
  committed: readonly Transaction[] | undefined,
): Transaction {
  const plain = transactionOf([coinbaseInput(signatureScript)], outputs);
  if (!committed) return plain;
  // The coinbase itself counts as zeros in the witness merkle tree, so its outputs do not matter here.
  const pkScript = witnessCommitmentScript(witnessCommitment([plain, ...committed], ZERO_HASH));
  return transactionOf([coinbaseInput(signatureScript, [ZERO_HASH])], [...outputs, { value: 0n, pkScript }]);
}
