import { describe, expect, test } from 'vitest';
import { ScriptBuilder } from '../builder.ts';
import { NO_FLAGS, ScriptFlag } from '../flags.ts';
import { Op } from '../opcodes.ts';
import { evaluate, outcome, type Spend } from '../testing.ts';

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
