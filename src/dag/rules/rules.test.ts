import { describe, expect, test } from 'vitest';
import { ScriptError } from '../../script/index.ts';
import { hashToHex, sha256, ZERO_HASH } from '../../util/hash.ts';
import { compactToTarget, NULL_INDEX, Transaction, targetToCompact } from '../../wire/index.ts';
import { BlockIndex, BlockStatus } from '../engine/index.ts';
import { outpointKey } from '../outputs/outpoint-key.ts';
import type { Output } from '../outputs/output.ts';
import { ANYONE, makeBlock, spend, testParams } from '../testing/fixture.ts';
import { checkBlockSanity } from './block-sanity.ts';
import { checkConnect } from './connect.ts';
import { bitsAbove, medianTime, recentParent } from './context.ts';
import { difficultyWalkStops, requiredBits } from './difficulty.ts';
import { checkTransactionInputs } from './inputs.ts';
import { InlineScriptVerifier, type ScriptJob, scriptRuleError } from './scripts.ts';
import { checkTransactionSanity } from './transaction-sanity.ts';

const LIMIT = testParams.powLimitBits;
const params = { ...testParams, blocksPerRetarget: 5, targetTimespan: 3000, retargetAdjustmentFactor: 4 };

/** An index of blocks given by parents, time and bits; ids in order. */
function indexOf(blocks: readonly { parents: number[]; time: number; bits?: number }[], rules = params): BlockIndex {
  const index = new BlockIndex({ walkStops: difficultyWalkStops(rules) });
  for (const [i, { parents, time, bits = LIMIT }] of blocks.entries()) {
    const height = Math.max(-1, ...parents.map((id) => index.height(id))) + 1;
    index.append({ hash: sha256(Uint8Array.of(i)), height, time, bits, status: BlockStatus.stored, parents });
    index.connect(i);
  }
  return index;
}

const chainOf = (times: readonly number[], bits: readonly number[] = []) =>
  times.map((time, i) => ({ parents: i === 0 ? [] : [i - 1], time, bits: bits[i] }));

describe('difficulty', () => {
  const harder = targetToCompact(compactToTarget(LIMIT) / 16n);

  test('a retarget quarters the target however long it took', () => {
    const index = indexOf(chainOf([0, 600, 1200, 1800, 700_000], Array(5).fill(harder)));
    expect(requiredBits(index, params, 4, 700_600)).toBe(targetToCompact(compactToTarget(harder) / 4n));
  });

  test('a retarget makes it easier only after so many milliseconds as seconds, and never above the limit', () => {
    const index = indexOf(chainOf([0, 1, 2, 3, 6_000_000], Array(5).fill(harder)));
    expect(requiredBits(index, params, 4, 6_000_001)).toBe(targetToCompact(compactToTarget(harder) * 2n));
    const easy = indexOf(chainOf([0, 1, 2, 3, 9_000_000]));
    expect(requiredBits(easy, params, 4, 9_000_001)).toBe(LIMIT);
  });

  test('the window begins at the lowest hash of its generation, wherever it stands', () => {
    // The window of height 9 begins at height 5, where there are two blocks.
    const long = chainOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9_000_000], Array(10).fill(harder));
    const side = { parents: [4], time: 3_000_005, bits: harder };
    const index = indexOf([...long, side]);
    const first = [5, 10].sort((a, b) => index.compareHashes(a, b))[0];
    const elapsed = 9_000_000 - index.time(first);
    const target = (compactToTarget(harder) * BigInt(Math.min(elapsed, 12_000_000))) / 3_000_000n;
    expect(requiredBits(index, params, 9, 9_000_001)).toBe(targetToCompact(target));
  });

  test('in between the target stays; a late block may be easy, and the one after it is not', () => {
    const index = indexOf(chainOf([0, 600, 1200, 5000], [harder, harder, harder, LIMIT]));
    const { minDiffReductionTime } = params;
    expect(requiredBits(index, params, 2, 1200 + minDiffReductionTime)).toBe(harder);
    expect(requiredBits(index, params, 2, 1201 + minDiffReductionTime)).toBe(LIMIT);
    expect(requiredBits(index, params, 3, 5600)).toBe(harder);
    expect(requiredBits(index, { ...params, reduceMinDifficulty: false }, 3, 99_999)).toBe(LIMIT);
  });

  test('generation 4 asks for the target 1 for ever', () => {
    const four = { ...params, generation: 4 as const };
    const bits = [LIMIT, ...Array(20).fill(0x01010000)];
    const index = indexOf(
      chainOf(
        Array.from({ length: 21 }, (_, i) => i),
        bits,
      ),
    );
    for (let id = 0; id < 21; id++) expect(bitsAbove(index, four, [id], 100)).toBe(0x01010000);
  });
});

describe('time', () => {
  test('the median is taken over eleven blocks along first parents', () => {
    const times = [100, 101, 130, 90, 80, 170, 60, 50, 40, 30, 20, 10, 5];
    const index = indexOf(chainOf(times));
    expect(medianTime(index, 0)).toBe(100);
    expect(medianTime(index, 1)).toBe(101);
    expect(medianTime(index, 2)).toBe(101);
    // The last eleven, sorted: 5 10 20 30 40 50 60 80 90 130 170.
    expect(medianTime(index, 12)).toBe(50);
  });

  test('the recent parent is the first of those with the greatest time', () => {
    const genesis = { parents: [], time: 0 };
    const index = indexOf([genesis, ...[7, 9, 9].map((time) => ({ parents: [0], time }))]);
    expect(recentParent(index, [1, 2, 3])).toBe(2);
    expect(recentParent(index, [3, 2, 1])).toBe(3);
  });
});

const coin = (value: bigint, height: number, isCoinbase = false): Output => ({
  value,
  height,
  isCoinbase,
  pkScript: ANYONE,
});
const point = (n: number) => ({ hash: sha256(Uint8Array.of(200, n)), index: n });
const stored = (outputs: Record<number, Output>) => {
  const map = new Map(
    Object.entries(outputs).map(([n, output]) => {
      const { hash, index } = point(Number(n));
      return [outpointKey(hash, index), output];
    }),
  );
  return (key: string) => map.get(key);
};

describe('inputs', () => {
  const lookup = stored({ 1: coin(10n, 5), 2: coin(7n, 9, true), 3: coin(2_099_999_999_999_999n, 1) });
  const pays = (value: bigint, ...inputs: number[]) => spend(inputs.map(point), [{ value, pkScript: ANYONE }]);
  const name = (n: number) => `${hashToHex(point(n).hash)}:${n}`;

  test('the fee is what comes in less what goes out', () => {
    expect(checkTransactionInputs(pays(9n, 1), 100, 2, lookup)).toBe(1n);
    expect(checkTransactionInputs(pays(17n, 1, 2), 11, 2, lookup)).toBe(0n);
  });

  test('missing, immature, too much and overspent are told apart', () => {
    const missing = pays(1n, 1, 4);
    expect(() => checkTransactionInputs(missing, 9, 2, lookup)).toThrow(
      `output ${name(4)} referenced from transaction ${hashToHex(missing.txid)}:1 either does not exist or has already been spent`,
    );
    expect(() => checkTransactionInputs(pays(1n, 2), 10, 2, lookup)).toThrow(
      `tried to spend coinbase transaction output ${name(2)} from height 9 at height 10 before required maturity of 2 blocks`,
    );
    expect(() => checkTransactionInputs(pays(1n, 3, 1), 10, 2, lookup)).toThrow(
      'total value of all transaction inputs is 2100000000000009 which is higher than max allowed value of 2.1e+15',
    );
    const over = pays(11n, 1);
    expect(() => checkTransactionInputs(over, 10, 2, lookup)).toThrow(
      `total value of all transaction inputs for transaction ${hashToHex(over.txid)} is 10 which is less than the amount spent of 11`,
    );
  });
});

describe('connect checks', () => {
  const verifier = new InlineScriptVerifier();
  const block = (reward: bigint, transactions: Transaction[]) =>
    makeBlock({ parents: [ZERO_HASH], height: 9, reward, transactions });
  const subsidy = 50_000_000_000n;
  const first = spend([point(1)], [{ value: 8n, pkScript: ANYONE }]);
  const second = spend([{ hash: first.txid, index: 0 }], [{ value: 5n, pkScript: ANYONE }]);
  const lookup = stored({ 1: coin(10n, 5) });

  test('a transaction may spend an earlier one of its block, not a later one', () => {
    checkConnect(block(subsidy + 5n, [first, second]), 9, testParams, lookup, verifier);
    expect(() => checkConnect(block(subsidy, [second, first]), 9, testParams, lookup, verifier)).toThrow(
      expect.objectContaining({ code: 'ErrMissingTxOut' }),
    );
  });

  test('one output may be spent twice in a block, and both fees count', () => {
    const twin = spend([point(1)], [{ value: 7n, pkScript: ANYONE }]);
    checkConnect(block(subsidy + 5n, [first, twin]), 9, testParams, lookup, verifier);
    expect(() => checkConnect(block(subsidy + 6n, [first, twin]), 9, testParams, lookup, verifier)).toThrow(
      `coinbase transaction for block pays ${subsidy + 6n} which is more than expected value of ${subsidy + 5n}`,
    );
  });

  test('scripts run; an input with the highest index is left out', () => {
    const never = { ...coin(10n, 5), pkScript: Uint8Array.of(0x00) };
    expect(() => checkConnect(block(subsidy, [first]), 9, testParams, stored({ 1: never }), verifier)).toThrow(
      expect.objectContaining({ code: 'ErrScriptValidation' }),
    );
    const odd = spend([{ hash: point(1).hash, index: NULL_INDEX }], [{ value: 1n, pkScript: ANYONE }]);
    checkConnect(block(subsidy, [odd]), 9, testParams, () => never, verifier);
  });

  test('the error of a script names the input, what it spends and all scripts', () => {
    const tx = new Transaction({
      version: 1,
      inputs: [
        {
          prevout: point(1),
          signatureScript: Uint8Array.of(1, 2),
          sequence: 0,
          witness: [Uint8Array.of(3), Uint8Array.of(4, 5)],
        },
      ],
      outputs: [],
      lockTime: 0,
    });
    const job: ScriptJob = { tx, inputIndex: 0, prevScript: ANYONE, amount: 1n };
    const error = scriptRuleError(job, new ScriptError('ErrEvalFalse', 'why', 'setup'));
    expect(error.code).toBe('ErrScriptMalformed');
    expect(error.message).toBe(
      `failed to parse input ${hashToHex(tx.txid)}:0 which references output ${hashToHex(point(1).hash)}:1 - why ` +
        '(input witness [03 0405], input script bytes 0102, prev output script bytes 51)',
    );
  });
});

describe('sanity', () => {
  const context = { powLimit: testParams.powLimit, pow: undefined, adjustedTime: 2_000_000_000 };

  test('a block may be two hours ahead, not more', () => {
    const at = (time: number) => makeBlock({ parents: [ZERO_HASH], height: 1, time });
    checkBlockSanity(at(2_000_007_200), context);
    expect(() => checkBlockSanity(at(2_000_007_201), context)).toThrow(
      'block timestamp of 2033-05-18 05:33:21 +0000 UTC is too far in the future',
    );
  });

  test('sums of outputs are limited, and told apart where 64 bits end', () => {
    const pays = (...values: bigint[]) =>
      spend(
        [point(1)],
        values.map((value) => ({ value, pkScript: ANYONE })),
      );
    checkTransactionSanity(pays(2_100_000_000_000_000n));
    expect(() => checkTransactionSanity(pays(2_100_000_000_000_000n, 1n))).toThrow(
      'total value of all transaction outputs is 2100000000000001 which is higher than max allowed value of 2.1e+15',
    );
    expect(() => checkTransactionSanity(pays(-1n))).toThrow('transaction output has negative value of -1');
  });
});
