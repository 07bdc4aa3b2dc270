import { type Hash, ZERO_HASH } from '../../src/util/hash.ts';
import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { type Block, NULL_INDEX, Transaction, type TxInput, type TxOutput } from '../../src/wire/index.ts';
import { finalInput } from '../../src/wire/testing/transactions.ts';
import { type BlockPlan, craftBlock } from '../simulation/hostile/craft.ts';
import { brokenPlan, malleated } from '../simulation/hostile/forgers.ts';
import type { FuzzChain } from './chain.ts';

/** A script that anyone can spend (OP_TRUE). */
const ANYONE = Uint8Array.of(0x51);
const FEE = 100_000n;
const MAX_I64 = 2n ** 63n - 1n;

/** Scripts that ask something of whoever runs or counts them. */
const SCRIPTS: readonly Uint8Array[] = [
  new Uint8Array(0),
  ANYONE,
  // OP_RETURN; an unfinished push; nested conditions without an end; masses of signature checks.
  Uint8Array.of(0x6a),
  Uint8Array.of(0x4e, 0xff, 0xff, 0xff, 0xff),
  new Uint8Array(300).fill(0x63),
  new Uint8Array(2000).fill(0xac),
  new Uint8Array(2000).fill(0xae),
  // OP_1 and then OP_DUP, OP_CAT, OP_HASH256 again and again.
  Uint8Array.from({ length: 600 }, (_, i) => [0x76, 0x7e, 0xaa][i % 3]!).fill(0x51, 0, 1),
  // Script hash, witness key hash, witness script hash, an unknown witness version.
  Uint8Array.of(0xa9, 20, ...new Uint8Array(20), 0x87),
  Uint8Array.of(0, 20, ...new Uint8Array(20)),
  Uint8Array.of(0, 32, ...new Uint8Array(32)),
  Uint8Array.of(0x60, 40, ...new Uint8Array(40)),
];

/** A block that is new, true, broken, malleated or without known parents. */
export function strangeBlock(chain: FuzzChain, random: SeededRandom): Block {
  const { blocks, params, time } = chain;
  const known = random.pick(blocks);
  const onKnown: BlockPlan = { parents: [known.block.hash], height: known.height + 1, time };
  switch (random.below(10)) {
    case 0:
      return known.block;
    case 1:
    case 2:
    case 3:
      return craftBlock(
        { ...onKnown, ...brokenPlan(random, time, { hash: random.bytes(32), height: 7 }) },
        params,
        random,
      );
    case 4:
    case 5:
      return malleated(known.block, { random, clocksAgree: false });
    case 6:
      return craftBlock({ ...onKnown, parents: [random.bytes(32), known.block.hash] }, params, random);
    case 7: {
      // Parents of all heights, one of them an ancestor of another, some twice.
      const parents = Array.from({ length: random.pick([2, 3, 30]) }, () => random.pick(blocks));
      const height = Math.max(...parents.map((parent) => parent.height)) + 1;
      return craftBlock({ ...onKnown, height, parents: parents.map(({ block }) => block.hash) }, params, random);
    }
    case 8: {
      const transactions = Array.from({ length: random.between(1, 4) }, () => strangeTransaction(chain, random));
      return craftBlock({ ...onKnown, transactions }, params, random);
    }
    default:
      // A valid one: only near the tips, as work keeps others from making many of the old ones.
      return craftBlock({ ...onKnown, ...newest(chain, random) }, params, random);
  }
}

function newest({ blocks }: FuzzChain, random: SeededRandom): Pick<BlockPlan, 'parents' | 'height'> {
  const { block, height } = blocks[blocks.length - 1 - random.below(4)]!;
  return { parents: [block.hash], height: height + 1 };
}

/** A transaction that may be valid, and in most cases is wrong in some way. */
export function strangeTransaction(chain: FuzzChain, random: SeededRandom): Transaction {
  const coinbase = random.pick(chain.coinbases);
  const value = coinbase.outputs[0]!.value;
  const inputs: TxInput[] = [spend(coinbase.txid, 0)];
  const outputs: TxOutput[] = [{ value: value - FEE, pkScript: ANYONE }];
  const build = (fields: { inputs?: TxInput[]; outputs?: TxOutput[]; version?: number; lockTime?: number }) =>
    new Transaction({ version: 1, inputs, outputs, lockTime: 0, ...fields });
  switch (random.below(14)) {
    case 0:
      return coinbase;
    case 1:
      return build({ outputs: [{ value: random.pick([value + 1n, MAX_I64, -1n, -MAX_I64, 0n]), pkScript: ANYONE }] });
    case 2:
      return build({
        outputs: [...outputs, { value: MAX_I64, pkScript: ANYONE }, { value: MAX_I64, pkScript: ANYONE }],
      });
    case 3:
      return build({ inputs: [...inputs, ...inputs] });
    case 4:
      return build({ inputs: [spend(random.bytes(32), random.pick([0, 1, NULL_INDEX]))] });
    case 5:
      return build({ inputs: [spend(coinbase.txid, random.pick([1, 2 ** 31, NULL_INDEX]))] });
    case 6:
      return build({ inputs: [spend(ZERO_HASH, NULL_INDEX)] });
    case 7:
      return build({ inputs: [{ ...inputs[0]!, signatureScript: random.pick(SCRIPTS) }] });
    case 8:
      return build({ outputs: [{ value: value - FEE, pkScript: random.pick(SCRIPTS) }] });
    case 9:
      return build({ inputs: [{ ...inputs[0]!, witness: randomWitness(random) }] });
    case 10:
      return build({
        lockTime: random.pick([1, 499_999_999, 500_000_000, 2 ** 32 - 1]),
        inputs: [{ ...inputs[0]!, sequence: random.pick([0, 1, 1 << 22, 0xfffffffe]) }],
        version: random.pick([0, 1, 2, -1, 2 ** 31 - 1]),
      });
    case 11:
      return build(random.chance(0.5) ? { inputs: [] } : { outputs: [] });
    case 12:
      return build({
        outputs: Array.from({ length: random.pick([100, 3000]) }, () => ({ value: 1n, pkScript: ANYONE })),
      });
    default:
      return build({ outputs: [{ value: value - BigInt(random.between(0, 200_000)), pkScript: ANYONE }] });
  }
}

function spend(hash: Hash, index: number): TxInput {
  return finalInput({ hash, index });
}

function randomWitness(random: SeededRandom): Uint8Array[] {
  return Array.from({ length: random.pick([1, 2, 100]) }, () => random.bytes(random.pick([0, 1, 72, 520])));
}
