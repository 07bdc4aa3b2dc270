import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { networkParams, subsidy } from '../src/params/index.ts';
import {
  encodeSignature,
  legacySignatureHash,
  payToPubKeyHash,
  publicKeyOf,
  ScriptBuilder,
  SigHash,
  SigHashCache,
  signHash,
} from '../src/script/index.ts';
import { concatBytes } from '../src/util/bytes.ts';
import { type Hash, hash160 } from '../src/util/hash.ts';
import { SeededRandom } from '../src/util/testing/seeded-random.ts';
import { Block, type Transaction, type TxOutput } from '../src/wire/index.ts';
import { finalInput, transactionOf } from '../src/wire/testing/transactions.ts';
import { BlockMaker } from './block-maker.ts';

/** Changes whenever a history of the same parameters looks different, so that no old file is taken for a new one. */
const FORMAT = 1;
const SEED = 11;
const KEYS = 64;
/** Blocks whose coinbases are split into outputs to spend, and the height at which the last of them is mature. */
const FUNDING_BLOCKS = 10;
const FIRST_SPEND = 111;
/** Outputs waiting to be spent, for each transaction of a block: what is spent is some 40 blocks old on average. */
const OUTPUTS_PER_TX = 80;
const _NO_SCRIPT = new Uint8Array();
/** Bytes of history handed to the disk at once. */
const WRITE_CHUNK = 4 * 1024 * 1024;

const params = networkParams('simnet');

/** What a history is made of. */
export interface HistoryPlan {
  readonly blocks: number;
  /** Transactions of a block besides its coinbase, each with two inputs and two outputs. */
  readonly txs: number;
}

interface Key {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly script: Uint8Array;
}

interface Coin {
  readonly hash: Hash;
  readonly index: number;
  readonly value: bigint;
  readonly key: Key;
}

/**
 * A chain of blocks whose transactions spend and pay P2PKH outputs at random; simnet, the same for the same plan. In
 * front of the blocks of the plan stand those that provide something to spend.
 */
class SignedChain {
  readonly #random = new SeededRandom(SEED);
  readonly #maker = new BlockMaker(params);
  readonly #keys = Array.from({ length: KEYS }, (_, i) => makeKey(i + 1));
  readonly #coins: Coin[] = [];
  readonly #txs: number;
  #height = 0;
  #tip: Hash = params.genesisHash;

  constructor(txs: number) {
    this.#txs = txs;
  }

  next(): Block {
    this.#height++;
    const funds = this.#txs > 0 && this.#height <= FUNDING_BLOCKS;
    const transactions = this.#txs > 0 && this.#height >= FIRST_SPEND ? this.#spend() : [];
    const block = this.#maker.make(this.#height, [this.#tip], { transactions, ...(funds && { payTo: this.#fund() }) });
    this.#tip = block.hash;
    // What a block spends was there before it.
    for (const tx of funds ? block.transactions : transactions) this.#collect(tx);
    return block;
  }

  #fund(): TxOutput[] {
    const count = Math.ceil((this.#txs * OUTPUTS_PER_TX) / FUNDING_BLOCKS);
    const value = subsidy(this.#height, params) / BigInt(count);
    return Array.from({ length: count }, () => ({ value, pkScript: this.#anyKey().script }));
  }

  #anyKey(): Key {
    return this.#keys[this.#random.below(KEYS)];
  }

  #collect(tx: Transaction): void {
    for (const [index, { value, pkScript }] of tx.outputs.entries()) {
      const key = this.#keys.find(({ script }) => script === pkScript)!;
      this.#coins.push({ hash: tx.txid, index, value, key });
    }
  }

  #takeCoin(): Coin {
    const at = this.#random.below(this.#coins.length);
    const coin = this.#coins[at];
    this.#coins[at] = this.#coins[this.#coins.length - 1];
    this.#coins.pop();
    return coin;
  }

  #spend(): Transaction[] {
    return Array.from({ length: this.#txs }, () => {
      const coins = [this.#takeCoin(), this.#takeCoin()];
      const value = (coins[0].value + coins[1].value) / 2n;
      const outputs = [0, 1].map(() => ({ value, pkScript: this.#anyKey().script }));
      return signed(coins, outputs);
    });
  }
}

function makeKey(number: number): Key {
  const privateKey = new Uint8Array(32);
  privateKey[0] = number;
  privateKey[31] = number;
  const publicKey = publicKeyOf(privateKey);
  return { privateKey, publicKey, script: payToPubKeyHash(hash160(publicKey)) };
}

function signed(coins: readonly Coin[], outputs: readonly TxOutput[]): Transaction {
  const transaction = (scripts: readonly Uint8Array[]): Transaction =>
    transactionOf(
      coins.map(({ hash, index }, i) => finalInput({ hash, index }, scripts[i])),
      outputs,
    );
  const hashes = new SigHashCache(transaction([]));
  return transaction(
    coins.map(({ key }, i) => {
      const { signature } = signHash(legacySignatureHash(hashes, key.script, i, SigHash.all), key.privateKey);
      const builder = new ScriptBuilder();
      builder.data(concatBytes(encodeSignature(signature), Uint8Array.of(SigHash.all)));
      builder.data(key.publicKey);
      return builder.build();
    }),
  );
}

/** Blocks that stand in front of those that were asked for, without transactions. */
export function fundingBlocks({ txs }: HistoryPlan): number {
  return txs > 0 ? FIRST_SPEND - 1 : 0;
}

/**
 * Makes a history and keeps it in a file of the folder for temporary files, where the next run finds it.
 * @returns path of the file: for each block its length (u32, little endian) and its bytes.
 */
export function historyFile(plan: HistoryPlan): string {
  const { blocks, txs } = plan;
  const path = join(tmpdir(), `soterd-history-${FORMAT}-${blocks}-${txs}.bin`);
  if (existsSync(path)) return path;
  const unfinished = `${path}.${process.pid}`;
  const file = openSync(unfinished, 'w');
  try {
    const chain = new SignedChain(txs);
    let chunks: Uint8Array[] = [];
    let size = 0;
    for (let left = fundingBlocks(plan) + blocks; left > 0; left--) {
      const bytes = chain.next().toBytes();
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      chunks.push(length, bytes);
      size += bytes.length;
      if (size < WRITE_CHUNK && left > 1) continue;
      writeSync(file, concatBytes(...chunks));
      chunks = [];
      size = 0;
    }
    closeSync(file);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  return path;
}

/** The blocks of a history, one by one. */
export function* readHistory(path: string): Iterable<Block> {
  const file = openSync(path, 'r');
  try {
    const length = Buffer.alloc(4);
    while (readSync(file, length) === 4) {
      const bytes = new Uint8Array(length.readUInt32LE());
      readSync(file, bytes);
      yield Block.fromBytes(bytes, params.generation);
    }
  } finally {
    closeSync(file);
  }
}
