import { describe, expect, test } from 'vitest';
import {
  Op,
  payToPubKeyHash,
  payToScriptHash,
  payToWitness,
  publicKeyOf,
  ScriptBuilder,
  SignatureCache,
  signInput,
} from '../script/index.ts';
import { hash160, hashToHex, sha256 } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { type OutPoint, RejectCode, type Transaction } from '../wire/index.ts';
import { PolicyError } from './errors.ts';
import { MemoryPool } from './memory-pool.ts';
import type { PoolOptions } from './policy.ts';
import { fakeHash, fakeParams } from './testing/fake-dag.ts';
import { outputOf, pay, testPool } from './testing/payments.ts';

const COIN = 100_000_000n;
const KEY_HASH = payToPubKeyHash(new Uint8Array(20));
/** A script of standard form that anyone can spend: the hash of OP_TRUE, and what unlocks it. */
const TRUE_HASH = payToScriptHash(hash160(Uint8Array.of(Op[1])));
const UNLOCK = Uint8Array.of(1, Op[1]);

/** How a transaction fares when a user submits it. */
function verdict(pool: MemoryPool, tx: Transaction): { code: number; text: string } | 'taken' {
  try {
    pool.submit(tx);
    return 'taken';
  } catch (error) {
    if (error instanceof PolicyError) return { code: error.rejectCode, text: error.message };
    throw error;
  }
}

const strict: PoolOptions = { acceptNonStandard: false };

describe('of several faults the earlier check counts', () => {
  test('witness before the window, then duplicates, then sanity', () => {
    const { pool, dag } = testPool();
    dag.minHeight = 98;
    const tx = pay([dag.fund()], { values: [], witness: [Uint8Array.of(1)] });
    expect(verdict(pool, tx)).toEqual({
      code: RejectCode.nonstandard,
      text: `transaction ${hashToHex(tx.txid)} has witness data, but segwit isn't active yet`,
    });
    dag.minHeight = 99;
    expect(verdict(pool, tx)).toEqual({ code: RejectCode.invalid, text: 'transaction has no outputs' });
  });

  test('standard form before conflicts, conflicts before missing inputs', () => {
    const { pool, dag } = testPool(strict);
    const outpoint = dag.fund({ value: COIN, pkScript: TRUE_HASH });
    const first = pay([outpoint], { pkScript: KEY_HASH, values: [COIN - 1000n], signatureScript: UNLOCK });
    expect(verdict(pool, first)).toBe('taken');
    const odd = pay([outpoint, { hash: fakeHash(99), index: 0 }], { version: 3, pkScript: KEY_HASH, values: [1n] });
    expect(verdict(pool, odd)).toEqual({
      code: RejectCode.nonstandard,
      text: `transaction ${hashToHex(odd.txid)} is not standard: transaction version 3 is not in the valid range of 1-2`,
    });
    const usual = pay([outpoint, { hash: fakeHash(99), index: 0 }], { pkScript: KEY_HASH, values: [1000n] });
    expect(verdict(pool, usual)).toEqual({
      code: RejectCode.duplicate,
      text: `output ${hashToHex(outpoint.hash)}:0 already spent by transaction ${hashToHex(first.txid)} in the memory pool`,
    });
  });

  test('sequence locks before amounts, amounts before fees, fees before scripts', () => {
    const { pool, dag } = testPool();
    const dead = Uint8Array.of(Op[0]);
    const locked = dag.fund({ height: 200, pkScript: dead });
    const rich = { values: [2n * COIN], version: 2, sequence: 2 };
    expect(verdict(pool, pay([locked], rich))).toEqual({
      code: RejectCode.nonstandard,
      text: "transaction's sequence locks on inputs not met",
    });
    expect(verdict(pool, pay([locked], { ...rich, sequence: 1 }))).toMatchObject({ code: RejectCode.invalid });
    expect(verdict(pool, pay([locked], { values: [COIN] }))).toMatchObject({ code: RejectCode.insufficientFee });
    expect(verdict(pool, pay([locked], { values: [1n] }))).toMatchObject({
      code: RejectCode.invalid,
      text: expect.stringMatching(/^failed to validate input .* - false stack entry at end of script execution /u),
    });
  });
});

describe('fees', () => {
  const free = (options: PoolOptions, height: number): ReturnType<typeof verdict> => {
    const { pool, dag } = testPool({ minRelayFee: 1000n, ...options });
    return verdict(pool, pay([dag.fund({ height, value: 1000n * COIN })], { values: [1000n * COIN] }));
  };

  test('a free transaction needs priority, unless that is switched off', () => {
    expect(free({}, 100)).toBe('taken');
    expect(free({}, 201)).toMatchObject({ code: RejectCode.insufficientFee });
    expect(free({ relayPriority: false }, 201)).toBe('taken');
  });

  test('from 49,000 vbytes on nothing replaces the fee', () => {
    const { pool, dag } = testPool();
    const make = (size: number): Transaction =>
      pay([dag.fund({ height: 0, value: 1_000_000n * COIN })], {
        values: [1_000_000n * COIN],
        pkScript: new Uint8Array(size - 62).fill(Op.NOP),
      });
    const large = make(49_000);
    expect(large.virtualSize).toBe(49_000);
    expect(verdict(pool, large)).toEqual({
      code: RejectCode.insufficientFee,
      text: `transaction ${hashToHex(large.txid)} has 0 fees which is under the required amount of 49000`,
    });
    expect(verdict(pool, make(48_999))).toBe('taken');
  });

  test('the limiter applies to peers only, and a transaction that fails later has used its share', () => {
    const { pool, dag } = testPool({ freeRelayLimit: 0.006 });
    const make = (pkScript?: Uint8Array): Transaction =>
      pay([dag.fund({ height: 0, value: 1000n * COIN, ...(pkScript && { pkScript }) })], { values: [1000n * COIN] });
    expect(() => pool.process(make(Uint8Array.of(Op[0])), 1)).toThrow('false stack entry');
    expect(() => pool.process(make(), 1)).toThrow('has been rejected by the rate limiter due to low fees');
    expect(verdict(pool, make())).toBe('taken');
  });
});

describe('hostile inputs', () => {
  test('spending a script hash with an empty signature script, which crashes soterd 2.1.1', () => {
    const { pool, dag } = testPool();
    const outpoint = dag.fund({ pkScript: payToScriptHash(hash160(payToWitness(new Uint8Array(20)))) });
    expect(verdict(pool, pay([outpoint]))).toMatchObject({
      code: RejectCode.invalid,
      text: expect.stringContaining('index 0 is invalid for stack size 0'),
    });
  });

  test('a transaction of a million bytes of opcodes', () => {
    const { pool, dag } = testPool();
    for (const opcode of [Op.NOP, Op.CHECKMULTISIG, Op.IF, Op.PUSHDATA1, Op[0], Op.RETURN]) {
      const script = new Uint8Array(990_000).fill(opcode);
      const out = pay([dag.fund()], { pkScript: script, values: [1000n] });
      const unlocked = pay([dag.fund()], { signatureScript: script, values: [1000n] });
      for (const tx of [out, unlocked]) {
        const first = verdict(pool, tx);
        expect(verdict(pool, tx)).toMatchObject(first === 'taken' ? { code: RejectCode.duplicate } : first);
      }
    }
  });

  test('thousands of inputs from one unconfirmed parent decode it once', () => {
    const { pool, dag } = testPool();
    const parent = pay([dag.fund()], { values: Array.from({ length: 5000 }, () => 10_000n) });
    expect(verdict(pool, parent)).toBe('taken');
    const child = pay(
      parent.outputs.map((_, index) => outputOf(parent, index)),
      { values: [1000n] },
    );
    expect(verdict(pool, child)).toBe('taken');
    expect(pool.describe(pool.entry(child.txid)!).depends).toHaveLength(5000);
  });

  test('a flood of orphans stays within its limit', () => {
    const { pool } = testPool();
    for (let i = 0; i < 2000; i++) {
      const prevouts = Array.from({ length: 20 }, (_, index): OutPoint => ({ hash: fakeHash(i * 20), index }));
      pool.process(pay(prevouts), i % 3);
    }
    expect(pool.orphanCount).toBe(100);
  });

  test('a chain of orphans that nobody can complete is resolved in one go without recursion', () => {
    const { pool, dag } = testPool({ maxOrphans: 3000 });
    const chain = [pay([dag.fund()], { values: [50_000_000n] })];
    for (let i = 1; i < 2500; i++)
      chain.push(pay([outputOf(chain[i - 1])], { values: [50_000_000n - BigInt(i) * 1000n] }));
    for (const tx of chain.slice(1).reverse()) pool.process(tx, 1);
    expect(pool.submit(chain[0])).toHaveLength(2500);
    const rival = pay(
      chain[0].inputs.map(({ prevout }) => prevout),
      { values: [1n] },
    );
    dag.connect([rival], pool);
    expect(pool.count).toBe(0);
  });
});

test('a signature that was verified is known to the cache, under the standard form as well', () => {
  const privateKey = sha256(Uint8Array.of(1));
  const pkScript = payToPubKeyHash(hash160(publicKeyOf(privateKey)));
  const signatureCache = new SignatureCache(100, new SeededRandom(1));
  const { pool, dag } = testPool(strict, { signatureCache });
  const amount = COIN;
  const unsigned = pay([dag.fund({ pkScript, value: amount })], { pkScript, values: [amount - 1000n] });
  const signature = signInput({ tx: unsigned, inputIndex: 0, scriptCode: pkScript, privateKey });
  const signatureScript = new ScriptBuilder().data(signature).data(publicKeyOf(privateKey)).build();
  const tx = pay([unsigned.inputs[0].prevout], { pkScript, values: [amount - 1000n], signatureScript });
  expect(verdict(pool, tx)).toBe('taken');
  expect(signatureCache.size).toBe(1);
  expect(pool.entry(tx.txid)?.sigOpCost).toBe(4);
});

test('scripts of others that take too long are given up, those of the own user are not', () => {
  const { pool, dag, world } = testPool();
  let time = 0;
  const slow = new MemoryPool(
    { acceptNonStandard: true },
    {
      dag,
      params: fakeParams,
      // Each look at the clock is a tenth of a second later than the last.
      world: { clock: { now: () => world.clock.now(), monotonic: () => (time += 100) }, random: new SeededRandom(1) },
    },
  );
  const few = pay(Array.from({ length: 5 }, () => dag.fund()));
  const many = pay(Array.from({ length: 6 }, () => dag.fund()));
  expect(slow.process(few, 1)).toHaveLength(1);
  const error = (() => {
    try {
      return slow.process(many, 1);
    } catch (caught) {
      return caught;
    }
  })();
  expect(error).toEqual(
    new PolicyError(RejectCode.nonstandard, `transaction ${hashToHex(many.txid)} takes too long to verify`),
  );
  expect(slow.submit(many)).toHaveLength(1);
  expect(pool.count).toBe(0);
});
