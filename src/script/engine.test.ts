import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../util/bytes.ts';
import { hash160, sha256 } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { ScriptBuilder } from './builder.ts';
import { publicKeyOf } from './ecdsa.ts';
import { verifyInput } from './engine.ts';
import { ScriptError, type ScriptErrorPhase } from './errors.ts';
import { describeInputFailure } from './failure-text.ts';
import { NO_FLAGS, ScriptFlag, type ScriptFlags, STANDARD_FLAGS } from './flags.ts';
import { Machine } from './machine.ts';
import { Op } from './opcodes.ts';
import { SigHash } from './sighash.ts';
import { SigHashCache } from './sighash-cache.ts';
import { SignatureCache } from './signature-cache.ts';
import { signInput } from './signing.ts';
import { payToMultiSig, payToPubKey, payToPubKeyHash, payToScriptHash, payToWitness } from './standard-scripts.ts';
import { AMOUNT, outcome, type Spend, spending } from './testing.ts';

const key = sha256(Uint8Array.of(1));
const otherKey = sha256(Uint8Array.of(2));
const publicKey = publicKeyOf(key);
const otherPublicKey = publicKeyOf(otherKey);
describe('standard spends', () => {
  const pushes = (...items: readonly Uint8Array[]): Uint8Array => {
    const builder = new ScriptBuilder();
    for (const item of items) builder.data(item);
    return builder.build();
  };
  const legacy = (scriptCode: Uint8Array, privateKey = key): Uint8Array =>
    signInput({ tx: spending({}), inputIndex: 0, scriptCode, privateKey });
  const segwit = (scriptCode: Uint8Array, privateKey = key): Uint8Array =>
    signInput({ tx: spending({}), inputIndex: 0, scriptCode, privateKey, amount: AMOUNT });
  const keyHashScript = payToPubKeyHash(hash160(publicKey));
  const twoOfTwo = payToMultiSig(2, [publicKey, otherPublicKey]);
  const none = new Uint8Array();

  const cases: readonly [name: string, prevScript: Uint8Array, spend: Spend][] = [
    ['pay to key', payToPubKey(publicKey), { signatureScript: pushes(legacy(payToPubKey(publicKey))) }],
    ['pay to key hash', keyHashScript, { signatureScript: pushes(legacy(keyHashScript), publicKey) }],
    ['multisig', twoOfTwo, { signatureScript: pushes(none, legacy(twoOfTwo), legacy(twoOfTwo, otherKey)) }],
    [
      'multisig behind a script hash',
      payToScriptHash(hash160(twoOfTwo)),
      { signatureScript: pushes(none, legacy(twoOfTwo), legacy(twoOfTwo, otherKey), twoOfTwo) },
    ],
    ['witness key hash', payToWitness(hash160(publicKey)), { witness: [segwit(keyHashScript), publicKey] }],
    [
      'witness script hash',
      payToWitness(sha256(twoOfTwo)),
      { witness: [none, segwit(twoOfTwo), segwit(twoOfTwo, otherKey), twoOfTwo] },
    ],
    [
      'witness key hash behind a script hash',
      payToScriptHash(hash160(payToWitness(hash160(publicKey)))),
      { signatureScript: pushes(payToWitness(hash160(publicKey))), witness: [segwit(keyHashScript), publicKey] },
    ],
  ];

  test.each(cases)('%s', (_name, prevScript, spend) => {
    expect(outcome(prevScript, spend, STANDARD_FLAGS)).toEqual(['ok', '']);
    expect(outcome(prevScript, spend, NO_FLAGS)).toEqual(['ok', '']);
  });

  test('every hash type signs what it says', () => {
    for (const base of [SigHash.all, SigHash.none, SigHash.single])
      for (const hashType of [base, base | SigHash.anyOneCanPay]) {
        const request = { tx: spending({}), inputIndex: 0, scriptCode: keyHashScript, privateKey: key, hashType };
        const signed = { signatureScript: pushes(signInput(request), publicKey) };
        expect(outcome(keyHashScript, signed, STANDARD_FLAGS)).toEqual(['ok', '']);
        // The lock time is signed by every type.
        expect(outcome(keyHashScript, { ...signed, lockTime: 1 }, STANDARD_FLAGS)[1]).toContain('failed checksig');
      }
  });

  test('the amount is signed in a witness only', () => {
    const witness = { witness: [segwit(keyHashScript), publicKey] };
    const tx = spending(witness);
    const check = { tx, inputIndex: 0, prevScript: payToWitness(hash160(publicKey)), flags: STANDARD_FLAGS };
    expect(() => verifyInput({ ...check, amount: AMOUNT + 1n })).toThrow('failed checksig');
    expect(() => verifyInput({ ...check, amount: AMOUNT })).not.toThrow();
  });

  test('a verified signature is remembered', () => {
    const cache = new SignatureCache(10, new SeededRandom(1));
    const signatureScript = pushes(none, legacy(twoOfTwo), legacy(twoOfTwo, otherKey));
    const tx = spending({ signatureScript });
    const hashes = new SigHashCache(tx);
    for (let i = 0; i < 2; i++) {
      verifyInput({ tx, inputIndex: 0, prevScript: twoOfTwo, amount: 0n, flags: STANDARD_FLAGS, cache, hashes });
      expect(cache.size).toBe(2);
    }
  });
});

describe('what fails before anything runs', () => {
  const scriptHash = payToScriptHash(hash160(Uint8Array.of(Op[1])));
  const program = payToWitness(new Uint8Array(20).fill(1));
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
  const { bip16, cleanStack, sigPushOnly, witness } = ScriptFlag;

  test.each<[string, Uint8Array, Spend, ScriptFlags, string]>([
    ['two empty scripts', bytes(), {}, NO_FLAGS, 'false stack entry at end of script execution'],
    ['clean stack alone', bytes(Op[1]), {}, cleanStack, 'invalid flags combination'],
    ['witness without bip16', bytes(Op[1]), {}, witness, 'P2SH must be enabled to do witness verification'],
    ['push only', bytes(Op[1]), { signatureScript: bytes(Op.NOP) }, sigPushOnly, 'signature script is not push only'],
    ['long script', new Uint8Array(10_001), {}, NO_FLAGS, 'script size 10001 is larger than max allowed size 10000'],
    [
      'push only before size',
      bytes(Op[1]),
      { signatureScript: new Uint8Array(10_001).fill(Op.NOP) },
      sigPushOnly,
      'signature script is not push only',
    ],
    [
      'malformed push that would not run',
      bytes(Op.RETURN, 2, 1),
      {},
      NO_FLAGS,
      'opcode OP_DATA_2 requires 3 bytes, but script only has 2 remaining',
    ],
    ['script hash', scriptHash, { signatureScript: bytes(Op.NOP) }, bip16, 'pay to script hash is not push only'],
    [
      'native program with signature script',
      program,
      { signatureScript: bytes(Op[1]) },
      bip16 | witness,
      'native witness program cannot also have a signature script',
    ],
    [
      'nested program with more than one push',
      scriptHash,
      { signatureScript: bytes(Op[1], Op[1]), witness: [bytes()] },
      bip16 | witness,
      'signature script for witness nested p2sh is not canonical',
    ],
    [
      'unexpected witness',
      bytes(Op[1]),
      { witness: [bytes()] },
      bip16 | witness,
      'non-witness inputs cannot have a witness',
    ],
  ])('%s', (_name, prevScript, spend, flags, text) => {
    expect(outcome(prevScript, spend, flags)).toEqual(['setup', text]);
  });

  test('an input that does not exist', () => {
    const check = { tx: spending({}), inputIndex: 1, prevScript: bytes(Op[1]), amount: 0n, flags: NO_FLAGS };
    expect(() => verifyInput(check)).toThrow('transaction input index 1 is negative or >= 1');
  });

  test('the text of a refusal says in which phase it failed', () => {
    const tx = spending({ witness: [bytes(1, 2), bytes()] });
    const text = (phase: ScriptErrorPhase): string =>
      describeInputFailure(new ScriptError('ErrVerify', 'because', phase), tx, 0, bytes(Op[1]));
    expect(text('setup')).toMatch(
      /^failed to parse input [0-9a-f]{64}:0 which references output 0{64}:7 - because \(/u,
    );
    expect(text('execution')).toMatch(/^failed to validate input /u);
    expect(text('setup')).toContain('(input witness [0102 ], input script bytes , prev output script bytes 51)');
  });
});

describe('robustness', () => {
  /** Bytes of which most are meaningful opcodes. */
  const script = fc
    .array(
      fc.oneof(
        fc.nat(255),
        fc.constantFrom<number>(...Object.values(Op)),
        fc.constantFrom<number>(Op[0], Op[1], Op[2], Op.IF, Op.ELSE, Op.ENDIF, Op.DUP, Op.CHECKMULTISIG),
      ),
      { maxLength: 60 },
    )
    .map((values) => Uint8Array.from(values));

  test('whatever the scripts, only a ScriptError is thrown, and nothing depends on the caches', () => {
    const cache = new SignatureCache(10, new SeededRandom(1));
    fc.assert(
      fc.property(script, script, fc.array(script, { maxLength: 4 }), fc.nat(0xffff), (sig, pk, witness, bits) => {
        const flags = bits & ScriptFlag.witness ? bits | ScriptFlag.bip16 : bits;
        const spend = { signatureScript: sig, witness };
        for (const prevScript of [pk, payToScriptHash(hash160(pk)), payToWitness(sha256(pk))]) {
          const first = outcome(prevScript, spend, flags);
          const nested = outcome(
            prevScript,
            { signatureScript: concatBytes(sig, new ScriptBuilder().data(pk).build()), witness: [...witness, pk] },
            flags,
          );
          expect(nested).toHaveLength(2);
          let again = '';
          try {
            const tx = spending(spend);
            verifyInput({ tx, inputIndex: 0, prevScript, amount: AMOUNT, flags, cache, hashes: new SigHashCache(tx) });
          } catch (error) {
            again = error instanceof ScriptError ? error.message : String(error);
          }
          expect(again).toBe(first[1]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('many signature checks in one script hash the transaction once for each hash type and script code', () => {
    const machine = new Machine({
      tx: spending({}),
      inputIndex: 0,
      prevScript: Uint8Array.of(Op[1], Op.CODESEPARATOR, Op[1]),
      amount: 0n,
      flags: NO_FLAGS,
    });
    const hash = machine.signatureHash(1, undefined);
    expect(machine.signatureHash(1, undefined)).toBe(hash);
    expect(machine.signatureHash(2, undefined)).not.toEqual(hash);
    machine.separateCode(2);
    const separated = machine.signatureHash(1, undefined);
    expect(separated).not.toEqual(hash);
    expect(machine.signatureHash(1, Uint8Array.of(Op[1]))).toEqual(separated);
    machine.begin(Uint8Array.of(Op[2]));
    expect(machine.signatureHash(1, undefined)).not.toEqual(hash);
  });
});
