import {
  encodeSignature,
  legacySignatureHash,
  Op,
  payToPubKey,
  payToScriptHash,
  publicKeyOf,
  ScriptBuilder,
  SigHash,
  SigHashCache,
  signHash,
} from '../src/script/index.ts';
import { concatBytes } from '../src/util/bytes.ts';
import { type Hash, hash160, sha256 } from '../src/util/hash.ts';
import { Block, BlockHeader, InvType, type InvVector, type OutPoint, type Transaction } from '../src/wire/index.ts';
import { finalInput, transactionOf } from '../src/wire/testing/transactions.ts';
import type { BlockMaker } from './block-maker.ts';
import { FUNDED_VALUE } from './funded-dag.ts';
import type { HostilePeer } from './hostile-peer.ts';
import { payment, scriptOf } from './payments.ts';

/** OP_TRUE: anyone can spend. */
const ANYONE = Uint8Array.of(Op[1]);
const NOTHING = new Uint8Array(0);
const privateKey = sha256(Uint8Array.of(9));
const publicKey = publicKeyOf(privateKey);
/** 201 hash operations; what they leave is true. */
const HASHING = Uint8Array.of(32, ...sha256(ANYONE), ...new Uint8Array(201).fill(Op.RIPEMD160));

/** Entries of an inv that would block the reference node for 53 seconds. */
const LARGE_INV = 45_000;
const MEGABYTE = 1_000_000;
/** Inputs that a transaction of 1 MB can have with signatures, and without. */
const SIGNED_INPUTS = 2500;
const HASHED_INPUTS = 12_000;

/** Kinds of outputs that attacks spend, and how many of each. */
const FUNDS = {
  p2sh: { count: 20, script: payToScriptHash(hash160(ANYONE)) },
  anyone: { count: 200, script: ANYONE },
  p2pkh: { count: 100, script: scriptOf('p2pkh') },
  p2pk: { count: SIGNED_INPUTS, script: payToPubKey(publicKey) },
  hashing: { count: HASHED_INPUTS, script: HASHING },
} as const;

/** How many outputs there must be. */
export const FUND_COUNT = Object.values(FUNDS).reduce((sum, { count }) => sum + count, 0);

/** The script of each output. */
export function fundScript(index: number): Uint8Array {
  let left = index;
  for (const { count, script } of Object.values(FUNDS)) {
    if (left < count) return script;
    left -= count;
  }
  return ANYONE;
}

/** What attacks work with. */
export interface Battlefield {
  /** The outputs of {@link fundScript}. */
  readonly outputs: readonly OutPoint[];
  readonly maker: BlockMaker;
  /** Height of the tip, and its only parent. */
  readonly height: number;
  readonly parent: Hash;
}

/** One attack on one connection. */
export interface Attack {
  readonly name: string;
  /** Makes everything that can be made before. @returns what sends it. */
  prepare(field: Battlefield, peer: HostilePeer): () => Promise<void>;
}

function take(field: Battlefield, kind: keyof typeof FUNDS, count: number, from = 0): readonly OutPoint[] {
  let first = from;
  for (const [name, fund] of Object.entries(FUNDS)) {
    if (name === kind) return field.outputs.slice(first, first + count);
    first += fund.count;
  }
  return [];
}

/** A hash that nobody has; those of one `family` differ in four bytes only. */
function madeUpHash(n: number, family?: 'front' | 'back'): Hash {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(n);
  if (!family) return sha256(concatBytes(number, ANYONE));
  const hash = new Uint8Array(32).fill(7);
  hash.set(number, family === 'front' ? 0 : 28);
  return hash;
}

const manyHashes = (count: number, from: number, family?: 'front' | 'back'): Hash[] =>
  Array.from({ length: count }, (_, i) => madeUpHash(from + i, family));

/** Sends transactions and waits until they are dealt with. */
function sending(peer: HostilePeer, transactions: readonly Transaction[]): () => Promise<void> {
  const frames = peer.frames(transactions.map((tx) => ({ command: 'tx', tx })));
  return async () => {
    await peer.sendAll(frames);
    await peer.settled();
  };
}

/** Sends ten lists of unknown items. */
function inventory(name: string, type: number, command: 'inv' | 'getdata', family?: 'front' | 'back'): Attack {
  return {
    name,
    prepare: (_, peer) => {
      const frames = Array.from({ length: 10 }, (__, round) => {
        const items: InvVector[] = manyHashes(LARGE_INV, LARGE_INV * round, family).map((hash) => ({
          type,
          hash,
          height: -1,
        }));
        return peer.frame({ command, inventory: items });
      });
      return async () => {
        await peer.sendAll(frames);
        await peer.settled();
      };
    },
  };
}

/** Transactions whose parents nobody knows. */
function orphans(name: string, count: number, inputs: number, oneParent = false): Attack {
  return {
    name,
    prepare: (_, peer) =>
      sending(
        peer,
        Array.from({ length: count }, (__, n) =>
          transactionOf(
            Array.from({ length: inputs }, (___, i) =>
              finalInput({ hash: oneParent ? madeUpHash(1) : madeUpHash(n * inputs + i), index: oneParent ? i : 0 }),
            ),
            [{ value: BigInt(n), pkScript: ANYONE }],
          ),
        ),
      ),
  };
}

/** A chain of orphans, last first, and at the end what all of them wait for. */
const orphanChain: Attack = {
  name: 'chain of 100 orphans, completed, 20 times',
  prepare: (field, peer) => {
    const chains = take(field, 'anyone', 20).map((first) => {
      const chain: Transaction[] = [];
      let outpoint = first;
      for (let i = 0; i < 100; i++) {
        const tx = transactionOf(
          [finalInput(outpoint)],
          [{ value: FUNDED_VALUE - BigInt(2000 * (i + 1)), pkScript: ANYONE }],
        );
        chain.push(tx);
        outpoint = { hash: tx.txid, index: 0 };
      }
      return chain.reverse();
    });
    return sending(peer, chains.flat());
  },
};

/** Orphans that spend all outputs of one transaction, which comes, and one of another, which does not. */
const almostComplete: Attack = {
  name: '100 orphans of 200 inputs, all of which come but one',
  prepare: (field, peer) => {
    const [coin] = take(field, 'anyone', 1, 150);
    const parent = transactionOf(
      [finalInput(coin)],
      Array.from({ length: 199 }, () => ({ value: FUNDED_VALUE / 400n, pkScript: ANYONE })),
    );
    const spent = parent.outputs.map((_, index) => finalInput({ hash: parent.txid, index }));
    const waiting = Array.from({ length: 100 }, (_, n) =>
      transactionOf([...spent, finalInput({ hash: madeUpHash(n), index: 0 })], [{ value: 1n, pkScript: ANYONE }]),
    );
    return sending(peer, [...waiting, parent]);
  },
};

/** Each empty item is a byte on the way and an object when decoded. */
const witnessItems: Attack = {
  name: '5 transactions of 3.9 million empty witness items',
  prepare: (_, peer) => {
    const witness = Array.from({ length: 490_000 }, () => NOTHING);
    const inputs = Array.from({ length: 8 }, (__, index) => ({
      ...finalInput({ hash: madeUpHash(1), index }),
      witness,
    }));
    return sending(
      peer,
      [1n, 2n, 3n, 4n, 5n].map((value) => transactionOf(inputs, [{ value, pkScript: ANYONE }])),
    );
  },
};

/** Transactions that differ in a number only, each with one script of a megabyte. */
function largeScript(name: string, opcode: number, place: 'input' | 'output', count: number, from: number): Attack {
  return {
    name,
    prepare: (field, peer) =>
      sending(
        peer,
        take(field, 'anyone', count, from).map((outpoint) => {
          const script = new Uint8Array(MEGABYTE - 500).fill(opcode);
          return transactionOf(
            [finalInput(outpoint, place === 'input' ? script : NOTHING)],
            [{ value: FUNDED_VALUE / 2n, pkScript: place === 'output' ? script : ANYONE }],
          );
        }),
      ),
  };
}

/** Signatures of which each covers nearly a megabyte; the last one is wrong, so that it can be done again and again. */
const signatures: Attack = {
  name: `transaction of 1 MB with ${SIGNED_INPUTS} signatures, the last one wrong, twice`,
  prepare: (field, peer) => {
    const prevouts = take(field, 'p2pk', SIGNED_INPUTS);
    const outputs = [{ value: 1n, pkScript: new Uint8Array(MEGABYTE - 115 * SIGNED_INPUTS - 500).fill(Op.RETURN) }];
    const bare = transactionOf(
      prevouts.map((prevout) => finalInput(prevout)),
      outputs,
    );
    const hashes = new SigHashCache(bare);
    const scriptCode = payToPubKey(publicKey);
    const inputs = prevouts.map((prevout, i) => {
      const hash = legacySignatureHash(hashes, scriptCode, i, SigHash.all);
      const signature = concatBytes(encodeSignature(signHash(hash, privateKey).signature), Uint8Array.of(SigHash.all));
      return finalInput(prevout, new ScriptBuilder().data(signature).build());
    });
    const other = new ScriptBuilder().data(concatBytes(inputs[0].signatureScript.subarray(1))).build();
    const wrong = [1, 2].map((n) =>
      transactionOf(
        [...inputs.slice(0, -n), ...prevouts.slice(-n).map((prevout) => finalInput(prevout, other))],
        outputs,
      ),
    );
    return sending(peer, wrong);
  },
};

const hashing: Attack = {
  name: `transaction of ${HASHED_INPUTS} inputs with 201 hashes each, the last one wrong, twice`,
  prepare: (field, peer) => {
    const [key] = take(field, 'p2pkh', 1, 99);
    const inputs = take(field, 'hashing', HASHED_INPUTS).map((prevout) => finalInput(prevout));
    const wrong = [1n, 2n].map((value) => transactionOf([...inputs, finalInput(key)], [{ value, pkScript: ANYONE }]));
    return sending(peer, wrong);
  },
};

const emptySignatureScript: Attack = {
  name: 'crash: P2SH spend without signature script, 20 times',
  prepare: (field, peer) =>
    sending(
      peer,
      take(field, 'p2sh', 20).map((prevout) =>
        transactionOf([finalInput(prevout)], [{ value: FUNDED_VALUE / 2n, pkScript: ANYONE }]),
      ),
    ),
};

/** Blocks beside the tip, so of the height at which the pool saw the transactions. */
const minedAtOnce: Attack = {
  name: 'crash: transactions mined at the height at which they were seen, 4 blocks',
  prepare: ({ maker, height, parent, ...field }, peer) => {
    const spends = take({ maker, height, parent, ...field }, 'p2pkh', 40).map((prevout) =>
      payment('p2pkh', prevout, FUNDED_VALUE, 2000n),
    );
    const time = Math.floor(Date.now() / 1000);
    const blocks = [0, 1, 2, 3].map((n) =>
      maker.make(height, [parent], { transactions: spends.slice(10 * n, 10 * n + 10), time: time + n }),
    );
    return async () => {
      await sending(peer, spends)();
      for (const block of blocks) {
        peer.send({ command: 'inv', inventory: [{ type: InvType.block, hash: block.hash, height }] });
        await peer.until(() => peer.commands.includes('getdata'));
        peer.send({ command: 'block', block });
        await peer.settled();
      }
    };
  },
};

const emptyFilter: Attack = {
  name: 'crash: empty bloom filter, then transactions and a mempool request',
  prepare: (field, peer) => {
    const spends = take(field, 'p2pkh', 20, 40).map((prevout) => payment('p2pkh', prevout, FUNDED_VALUE, 2000n));
    return async () => {
      peer.send({ command: 'filterload', filter: NOTHING, hashFunctions: 10, tweak: 0, flags: 1 });
      await sending(peer, spends)();
      peer.send({ command: 'mempool' });
      await peer.settled();
    };
  },
};

const noParents: Attack = {
  name: 'crash: block without parents',
  prepare: ({ maker, height, parent }, peer) => {
    const { header, transactions } = maker.make(height, [parent]);
    const block = new Block({ header, parentsVersion: 0, parents: [], transactions });
    return async () => {
      peer.send({ command: 'inv', inventory: [{ type: InvType.block, hash: block.hash, height }] });
      await peer.until(() => peer.commands.includes('getdata'));
      peer.send({ command: 'block', block });
      await peer.settled();
    };
  },
};

/** Headers of nothing, which nobody asked for. */
const headers: Attack = {
  name: '2000 headers, unasked',
  prepare: (_, peer) => {
    const list = Array.from(
      { length: 2000 },
      (__, nonce) =>
        new BlockHeader({
          version: 1,
          prevBlock: madeUpHash(nonce),
          merkleRoot: madeUpHash(1),
          timestamp: 1,
          bits: 1,
          nonce,
        }),
    );
    return async () => {
      peer.send({ command: 'headers', headers: list });
      await peer.settled();
    };
  },
};

/** All attacks, in the order in which they are made. */
export const ATTACKS: readonly Attack[] = [
  emptySignatureScript,
  minedAtOnce,
  emptyFilter,
  noParents,
  inventory('10 inv of 45,000 transactions', InvType.tx, 'inv'),
  inventory('10 inv of 45,000 blocks', InvType.block, 'inv'),
  inventory('10 getdata of 45,000 unknown transactions', InvType.tx, 'getdata'),
  inventory('10 inv of 45,000 hashes that differ in the first four bytes', InvType.tx, 'inv', 'front'),
  inventory('10 inv of 45,000 hashes that differ in the last four bytes', InvType.tx, 'inv', 'back'),
  orphans('20,000 orphans', 20_000, 1),
  orphans('300 orphans of 2,400 inputs', 300, 2400),
  orphans('300 orphans of 2,400 inputs, all of one parent', 300, 2400, true),
  orphanChain,
  almostComplete,
  witnessItems,
  largeScript('5 outputs of 1 MB of signature operations', Op.CHECKSIG, 'output', 5, 100),
  largeScript('5 outputs of 1 MB of pushes', 1, 'output', 5, 120),
  largeScript('5 signature scripts of 1 MB', Op.DUP, 'input', 5, 110),
  signatures,
  hashing,
  headers,
];
