import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../util/bytes.ts';
import { hash160, sha256, ZERO_HASH } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { Transaction } from '../wire/index.ts';
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

const key = sha256(Uint8Array.of(1));
const otherKey = sha256(Uint8Array.of(2));
const publicKey = publicKeyOf(key);
const otherPublicKey = publicKeyOf(otherKey);
const AMOUNT = 5_000n;

interface Spend {
  readonly signatureScript?: Uint8Array;
  readonly witness?: readonly Uint8Array[];
  readonly version?: number;
  readonly lockTime?: number;
  readonly sequence?: number;
}

function spending({ signatureScript, witness, version, lockTime, sequence }: Spend): Transaction {
  return new Transaction({
    version: version ?? 2,
    inputs: [
      {
        prevout: { hash: ZERO_HASH, index: 7 },
        signatureScript: signatureScript ?? new Uint8Array(),
        sequence: sequence ?? 0,
        witness: witness ?? [],
      },
    ],
    outputs: [{ value: 1n, pkScript: Uint8Array.of(Op[1]) }],
    lockTime: lockTime ?? 0,
  });
}

function outcome(prevScript: Uint8Array, spend: Spend, flags: ScriptFlags): [ScriptErrorPhase | 'ok', string] {
  const tx = spending(spend);
  try {
    verifyInput({ tx, inputIndex: 0, prevScript, amount: AMOUNT, flags });
  } catch (error) {
    if (error instanceof ScriptError) return [error.phase, error.message];
    throw error;
  }
  return ['ok', ''];
}

/** Runs `script` behind `items`, as bare scripts. */
function evaluate(items: readonly (number | Uint8Array)[], script: readonly number[], flags = NO_FLAGS): string {
  const builder = new ScriptBuilder();
  for (const item of items) {
    if (typeof item === 'number') builder.int(item);
    else builder.data(item);
  }
  const [phase, text] = outcome(Uint8Array.from(script), { signatureScript: builder.build() }, flags);
  return phase === 'ok' ? 'ok' : text;
}

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

describe('rules of execution', () => {
  test('a script of only pushes leaves its last item to judge', () => {
    expect(evaluate([1], [])).toBe('ok');
    expect(evaluate([0], [])).toBe('false stack entry at end of script execution');
    expect(evaluate([], [Op[1], Op.DROP])).toBe('stack empty at end of script execution');
  });

  test('disabled and VERIF opcodes fail in branches that are not taken, reserved ones do not', () => {
    const untaken = (opcode: number): string => evaluate([1, 0], [Op.IF, opcode, Op.ENDIF]);
    expect(untaken(Op.CAT)).toBe('attempt to execute disabled opcode OP_CAT');
    expect(untaken(Op.VERIF)).toBe('attempt to execute reserved opcode OP_VERIF');
    for (const opcode of [Op.RESERVED, Op.VER, Op.RESERVED1, 0xba, 0xff, Op.RETURN]) expect(untaken(opcode)).toBe('ok');
    expect(evaluate([], [Op.VER])).toBe('attempt to execute reserved opcode OP_VER');
    expect(evaluate([], [0xff])).toBe('attempt to execute invalid opcode OP_INVALIDOPCODE');
  });

  test('operations are counted in branches that are not taken, anew for each script', () => {
    const nops = (count: number): number[] => Array<number>(count).fill(Op.NOP);
    expect(evaluate([1], nops(201))).toBe('ok');
    expect(evaluate([1], nops(202))).toBe('exceeded max operation limit of 201');
    expect(evaluate([1, 0], [Op.IF, ...nops(200), Op.ENDIF])).toBe('exceeded max operation limit of 201');
    const both = { signatureScript: Uint8Array.from([Op[1], ...nops(201)]) };
    expect(outcome(Uint8Array.from(nops(201)), both, NO_FLAGS)).toEqual(['ok', '']);
  });

  test('the stacks together hold 1000 items', () => {
    const fill = Array<number>(999).fill(Op[1]);
    expect(evaluate([1], fill)).toBe('ok');
    expect(evaluate([1], [...fill, Op[1]])).toBe('combined stack size 1001 > max allowed 1000');
    expect(evaluate([1], [Op.TOALTSTACK, ...fill, Op[1]])).toBe('combined stack size 1001 > max allowed 1000');
  });

  test('elements hold 520 bytes, even where they are not executed', () => {
    const push = (size: number): number[] => [Op.PUSHDATA2, size & 0xff, size >> 8, ...new Uint8Array(size).fill(1)];
    expect(evaluate([], push(520))).toBe('ok');
    expect(evaluate([1, 0], [Op.IF, ...push(521), Op.ENDIF])).toBe('element size 521 exceeds max allowed size 520');
  });

  test('conditionals end with their script, and so does the alternative stack', () => {
    const open = { signatureScript: Uint8Array.of(Op[1], Op[1], Op.IF) };
    expect(outcome(Uint8Array.of(Op.ENDIF), open, NO_FLAGS)[1]).toBe('end of script reached in conditional execution');
    const stowed = { signatureScript: Uint8Array.of(Op[1], Op.TOALTSTACK) };
    expect(outcome(Uint8Array.of(Op.FROMALTSTACK), stowed, NO_FLAGS)[1]).toBe('index 0 is invalid for stack size 0');
    expect(evaluate([1], [Op.ELSE])).toContain('encountered opcode OP_ELSE with no matching opcode');
  });

  test.each<[string, readonly number[], readonly number[], readonly number[]]>([
    ['2DROP', [9, 1, 2], [Op['2DROP']], [9]],
    ['2DUP', [1, 2], [Op['2DUP']], [1, 2, 1, 2]],
    ['3DUP', [1, 2, 3], [Op['3DUP']], [1, 2, 3, 1, 2, 3]],
    ['2OVER', [1, 2, 3, 4], [Op['2OVER']], [1, 2, 3, 4, 1, 2]],
    ['2ROT', [1, 2, 3, 4, 5, 6], [Op['2ROT']], [3, 4, 5, 6, 1, 2]],
    ['2SWAP', [1, 2, 3, 4], [Op['2SWAP']], [3, 4, 1, 2]],
    ['IFDUP', [3], [Op.IFDUP], [3, 3]],
    ['IFDUP of zero', [0], [Op.IFDUP], [0]],
    ['DEPTH', [7, 7], [Op.DEPTH], [7, 7, 2]],
    ['NIP', [1, 2], [Op.NIP], [2]],
    ['OVER', [1, 2], [Op.OVER], [1, 2, 1]],
    ['PICK', [4, 5, 6, 2], [Op.PICK], [4, 5, 6, 4]],
    ['ROLL', [4, 5, 6, 2], [Op.ROLL], [5, 6, 4]],
    ['ROT', [1, 2, 3], [Op.ROT], [2, 3, 1]],
    ['SWAP', [1, 2], [Op.SWAP], [2, 1]],
    ['TUCK', [1, 2], [Op.TUCK], [2, 1, 2]],
    ['SIZE', [300], [Op.SIZE], [300, 2]],
    ['1ADD', [-1], [Op['1ADD']], [0]],
    ['1SUB', [0], [Op['1SUB']], [-1]],
    ['NEGATE', [5], [Op.NEGATE], [-5]],
    ['NEGATE of zero', [0], [Op.NEGATE], [0]],
    ['ABS', [-5], [Op.ABS], [5]],
    ['NOT', [0], [Op.NOT], [1]],
    ['0NOTEQUAL', [-7], [Op['0NOTEQUAL']], [1]],
    ['ADD', [2147483647, 2147483647], [Op.ADD], [4294967294]],
    ['SUB', [1, 3], [Op.SUB], [-2]],
    ['BOOLAND', [1, 0], [Op.BOOLAND], [0]],
    ['BOOLOR', [1, 0], [Op.BOOLOR], [1]],
    ['LESSTHAN', [1, 2], [Op.LESSTHAN], [1]],
    ['GREATERTHANOREQUAL', [1, 2], [Op.GREATERTHANOREQUAL], [0]],
    ['MIN', [1, 2], [Op.MIN], [1]],
    ['MAX', [1, 2], [Op.MAX], [2]],
    ['WITHIN, lower end', [1, 1, 3], [Op.WITHIN], [1]],
    ['WITHIN, upper end', [3, 1, 3], [Op.WITHIN], [0]],
    ['IF and ELSE', [1], [Op.IF, Op[2], Op.ELSE, Op[3], Op.ELSE, Op[4], Op.ENDIF], [2, 4]],
    ['nested in the branch passed over', [0], [Op.IF, Op.IF, Op.ELSE, Op.ENDIF, Op.ELSE, Op[5], Op.ENDIF], [5]],
  ])('%s', (_name, before, script, after) => {
    // Compares the stack item by item from the top, then asks that nothing is left.
    const compare = after.toReversed().flatMap((value) => [...new ScriptBuilder().int(value).build(), Op.EQUALVERIFY]);
    expect(evaluate(before, [...script, ...compare, Op.DEPTH, Op.NOT])).toBe('ok');
  });

  test('opcodes that find too few items say which one they asked for', () => {
    expect(evaluate([1], [Op.DUP, Op.ADD, Op.ADD])).toBe('index 0 is invalid for stack size 0');
    expect(evaluate([1], [Op['2DUP']])).toBe('index 1 is invalid for stack size 1');
    expect(evaluate([1, -1], [Op.PICK])).toBe('index -1 is invalid for stack size 1');
    expect(evaluate([1, 2], [Op['2ROT']])).toBe('index 5 is invalid for stack size 2');
  });

  test('multisig: counts', () => {
    expect(evaluate([0, 0, -1], [Op.CHECKMULTISIG])).toBe('number of pubkeys -1 is negative');
    expect(evaluate([0, 0, 21], [Op.CHECKMULTISIG])).toBe('too many pubkeys: 21 > 20');
    expect(evaluate([0, -1, 0], [Op.CHECKMULTISIG])).toBe('number of signatures -1 is negative');
    expect(evaluate([0, 1, 0], [Op.CHECKMULTISIG])).toBe('more signatures than pubkeys: 1 > 0');
    expect(evaluate([0, 0, 0], [Op.CHECKMULTISIG])).toBe('ok');
    expect(evaluate([1, 0, 0], [Op.CHECKMULTISIG], ScriptFlag.strictMultiSig)).toBe(
      'multisig dummy argument has length 1 instead of 0',
    );
  });
});

describe('lock times', () => {
  const { checkLockTimeVerify, checkSequenceVerify, discourageUpgradableNops } = ScriptFlag;
  const cltv = (required: number, spend: Spend, flags: number = checkLockTimeVerify): string =>
    outcome(new ScriptBuilder().int(required).op(Op.CHECKLOCKTIMEVERIFY).op(Op[1]).build(), spend, flags)[1];
  const csv = (required: number, spend: Spend, flags: number = checkSequenceVerify): string =>
    outcome(new ScriptBuilder().int(required).op(Op.CHECKSEQUENCEVERIFY).op(Op[1]).build(), spend, flags)[1];

  test('absolute', () => {
    expect(cltv(100, { lockTime: 100 })).toBe('');
    expect(cltv(100, { lockTime: 99 })).toBe(
      'locktime requirement not satisfied -- locktime is greater than the transaction locktime: 100 > 99',
    );
    expect(cltv(499_999_999, { lockTime: 500_000_000 })).toBe(
      'mismatched locktime types -- tx locktime 500000000, stack locktime 499999999',
    );
    expect(cltv(4_294_967_295, { lockTime: 4_294_967_295 })).toBe('');
    expect(cltv(100, { lockTime: 100, sequence: 0xffffffff })).toBe('transaction input is finalized');
    expect(cltv(-1, {})).toBe('negative lock time: -1');
    expect(cltv(-1, {}, NO_FLAGS)).toBe('');
    expect(cltv(-1, {}, discourageUpgradableNops)).toBe('OP_NOP2 reserved for soft-fork upgrades');
  });

  test('relative', () => {
    expect(csv(10, { sequence: 10 })).toBe('');
    expect(csv(10, { sequence: 0x0001_000a })).toBe('');
    expect(csv(10, { sequence: 9 })).toContain('10 > 9');
    expect(csv(0x40_000a, { sequence: 10 })).toBe(
      'mismatched locktime types -- tx locktime 10, stack locktime 4194314',
    );
    expect(csv(10, { sequence: 10, version: 1 })).toBe('invalid transaction version: 1');
    expect(csv(10, { sequence: 0x8000_000a })).toBe(
      'transaction sequence has sequence locktime disabled bit set: 0x8000000a',
    );
    expect(csv(0x8000_0000, { sequence: 0xffffffff, version: 1 })).toBe('');
    expect(csv(-1, {})).toBe('negative sequence: -1');
    expect(csv(-1, {}, discourageUpgradableNops)).toBe('OP_NOP3 reserved for soft-fork upgrades');
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
