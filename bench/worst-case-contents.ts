import { type Hash, sha256 } from '../src/util/hash.ts';
import type { OutPoint, Transaction, TxOutput } from '../src/wire/index.ts';
import { finalInput, transactionOf } from '../src/wire/testing/transactions.ts';
import type { Base } from './worst-case-base.ts';
import type { Shape, Step } from './worst-case-shapes.ts';

/** OP_TRUE: anyone can spend. */
const ANYONE = Uint8Array.of(0x51);
/** Inputs without signatures that fit into a block: 41 bytes each. */
const MAX_INPUTS = 24_000;
/** Outputs with a script of usual length, which anyone can spend, that fit into a block. */
const FULL_OUTPUTS = 30_000;
const LONG_SCRIPT = new Uint8Array(22).fill(0x51);
/** The first coins of the base, all mature. */
const FIRST_COIN = 1;
const DUP2 = 0x6e;
const DROP = 0x75;
const CHECKSIG = 0xac;
const CODESEPARATOR = 0xab;
const RIPEMD160 = 0xa6;
/** Shortest signature that parses (r = s = 1), for all of the transaction, and a key that does. */
const SIGNATURE = Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1, 1);
const KEY = Uint8Array.from(Buffer.from('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', 'hex'));

function transaction(prevouts: readonly OutPoint[], outputs: readonly TxOutput[]): Transaction {
  return transactionOf(
    prevouts.map((prevout) => finalInput(prevout)),
    outputs,
  );
}

const outputsOf = (tx: Transaction): OutPoint[] => tx.outputs.map((_, index) => ({ hash: tx.txid, index }));

/** Outputs of one unit each, for spends that pay no more than one. */
function fanOut(coin: OutPoint, count: number, pkScript: Uint8Array): Transaction {
  return transaction(
    [coin],
    Array.from({ length: count }, () => ({ value: 1n, pkScript })),
  );
}

/** Blocks on the tip of the base, one after the other. */
class Chain {
  readonly #base: Base;
  readonly steps: Step[] = [];
  tip: Hash;
  height: number;

  constructor(base: Base) {
    this.#base = base;
    this.height = base.chain.length - 1;
    this.tip = base.chain[this.height];
  }

  add(kind: Step['kind'], transactions: readonly Transaction[]): void {
    const block = this.#base.maker.make(this.height + 1, [this.tip], { transactions });
    this.steps.push({ kind, block });
    this.height++;
    this.tip = block.hash;
  }
}

/** One transaction that spends as many outputs as fit, all of a script; made by as many blocks as they need. */
function manySpends(name: string, inputs: number, perBlock: number, pkScript: Uint8Array, filler = 0): Shape {
  return {
    name,
    slow: pkScript !== ANYONE,
    steps: (base) => {
      const chain = new Chain(base);
      const prevouts: OutPoint[] = [];
      for (let i = 0; prevouts.length < inputs; i++) {
        const tx = fanOut(base.coins[FIRST_COIN + i], Math.min(perBlock, inputs - prevouts.length), pkScript);
        chain.add('setup', [tx]);
        prevouts.push(...outputsOf(tx));
      }
      const fill = filler === 0 ? ANYONE : Buffer.alloc(filler, 0x6a);
      const outputs = [
        { value: 0n, pkScript: ANYONE },
        { value: 0n, pkScript: fill },
      ];
      chain.add('attack', [transaction(prevouts, outputs)]);
      return chain.steps;
    },
  };
}

/** Outputs made and spent within one block. */
function spendsWithinBlock(count: number): Shape {
  return {
    name: `${count} outputs made and spent in a block`,
    steps: (base) => {
      const chain = new Chain(base);
      const made = fanOut(base.coins[FIRST_COIN], count, ANYONE);
      chain.add('attack', [made, transaction(outputsOf(made), [{ value: 1n, pkScript: ANYONE }])]);
      return chain.steps;
    },
  };
}

/** A chain of small transactions in a block. */
function smallTransactions(count: number): Shape {
  return {
    name: `${count} transactions in a block`,
    steps: (base) => {
      const chain = new Chain(base);
      const transactions: Transaction[] = [];
      let coin = base.coins[FIRST_COIN];
      for (let i = 0; i < count; i++) {
        const tx = transaction([coin], [{ value: 1n, pkScript: ANYONE }]);
        transactions.push(tx);
        coin = { hash: tx.txid, index: 0 };
      }
      chain.add('attack', transactions);
      return chain.steps;
    },
  };
}

/** Two branches of a length on a chain, which then outgrow each other in turn. */
function forks(base: Base, fund: Chain, length: number, transactions: (branch: number) => Transaction[][]): Step[] {
  const [a, b] = [0, 1].map((branch) => {
    const blocks: Step[] = [];
    let { tip, height } = fund;
    for (const content of transactions(branch)) {
      const block = base.maker.make(++height, [tip], { transactions: content });
      blocks.push({ kind: blocks.length < length ? 'setup' : 'attack', block });
      tip = block.hash;
    }
    return blocks;
  });
  const steps = [...fund.steps, ...a.slice(0, length), ...b.slice(0, length)];
  for (let turn = length; turn < a.length; turn++) steps.push(a[turn], b[turn]);
  return steps;
}

/** Two branches that spend the same outputs: everything in them changes its mind. */
function doubleSpends(length: number, turns: number, perBlock: number): Shape {
  return {
    name: `forks of ${length} full blocks with double spends`,
    steps: (base) => {
      const fund = new Chain(base);
      const sources: OutPoint[][] = [];
      for (let i = 0; i < length + turns; i++) {
        const tx = fanOut(base.coins[FIRST_COIN + i], perBlock, ANYONE);
        fund.add('setup', [tx]);
        sources.push(outputsOf(tx));
      }
      return forks(base, fund, length, (branch) =>
        sources.map((prevouts) =>
          prevouts.map((prevout) => transaction([prevout], [{ value: BigInt(branch), pkScript: ANYONE }])),
        ),
      );
    },
  };
}

/** Two branches of blocks full of outputs, none of which is contested, and one small double spend in each block. */
function fullForks(length: number, turns: number): Shape {
  return {
    name: `forks of ${length} full blocks with a double spend each`,
    steps: (base) => {
      const coin = (i: number): OutPoint => base.coins[FIRST_COIN + i];
      const blocks = Array.from({ length: length + turns }, (_, i) => i);
      return forks(base, new Chain(base), length, (branch) =>
        blocks.map((i) => [
          fanOut(coin(3 * i + branch), FULL_OUTPUTS, LONG_SCRIPT),
          transaction([coin(3 * i + 2)], [{ value: BigInt(branch), pkScript: ANYONE }]),
        ]),
      );
    },
  };
}

/** `<signature> <key> (2DUP CHECKSIG DROP CODESEPARATOR)×50 …`: 50 different hashes of the whole transaction. */
function signatureScript(): Uint8Array {
  const check = [DUP2, CHECKSIG, DROP, CODESEPARATOR];
  return Uint8Array.of(
    SIGNATURE.length,
    ...SIGNATURE,
    KEY.length,
    ...KEY,
    ...Array.from({ length: 50 }, () => check).flat(),
  );
}

/** 201 hashes of an item that nobody knows anything about. */
function hashingScript(): Uint8Array {
  const item = sha256(ANYONE);
  return Uint8Array.of(item.length, ...item, ...new Uint8Array(201).fill(RIPEMD160));
}

/** What the transactions of blocks make expensive. */
export const CONTENTS: readonly Shape[] = [
  manySpends('24000 inputs', MAX_INPUTS, MAX_INPUTS, ANYONE),
  spendsWithinBlock(19_000),
  smallTransactions(15_000),
  doubleSpends(3, 2, 15_000),
  fullForks(12, 2),
  manySpends('4000 scripts of 201 hashes', 4000, 4000, hashingScript()),
  // A tenth of what one block of outputs allows: 400 outputs of 50 signature operations are 20,000.
  manySpends('40 inputs, 2000 checks of 1 MB', 40, 40, signatureScript(), 980_000),
];
