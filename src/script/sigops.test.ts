import { describe, expect, test } from 'vitest';
import { hexToBytes } from '../util/bytes.ts';
import { hash160, sha256, ZERO_HASH } from '../util/hash.ts';
import { Transaction } from '../wire/index.ts';
import { ScriptBuilder } from './builder.ts';
import { verifyInput } from './engine.ts';
import { STANDARD_FLAGS } from './flags.ts';
import { Op } from './opcodes.ts';
import { countPreciseSigOps, countSigOps, legacySigOps, p2shSigOps, sigOpCost, witnessSigOps } from './sigops.ts';
import { payToPubKeyHash, payToScriptHash, payToWitness } from './standard-scripts.ts';

const EMPTY = new Uint8Array();
const threeKeys = hexToBytes('5253ae');
const push = (...items: readonly Uint8Array[]): Uint8Array => {
  const builder = new ScriptBuilder();
  for (const item of items) builder.data(item);
  return builder.build();
};

describe('signature operations of a script', () => {
  test.each([
    ['', 0, 0],
    ['acad', 2, 2],
    ['5253ae', 20, 3],
    ['60af', 20, 16],
    ['00ae', 20, 20],
    ['0102ae', 20, 20],
    ['4fae', 20, 20],
    ['ae', 20, 20],
    ['ac05ac', 1, 1],
    ['01acac', 1, 1],
  ])('%s', (hex, rough, precise) => {
    expect(countSigOps(hexToBytes(hex))).toBe(rough);
    expect(countPreciseSigOps(hexToBytes(hex))).toBe(precise);
  });
});

describe('signature operations behind a script hash', () => {
  const prevScript = payToScriptHash(hash160(threeKeys));

  test.each<[string, Uint8Array, number]>([
    ['redeem script', push(EMPTY, threeKeys), 3],
    ['empty signature script', EMPTY, 0],
    ['no redeem script', push(EMPTY), 0],
    ['a number last', hexToBytes('51'), 0],
    ['not push only', hexToBytes('61035253ae'), 0],
    ['malformed', hexToBytes('4c'), 0],
    ['malformed redeem script', push(hexToBytes('ac4c')), 1],
  ])('%s', (_name, signatureScript, count) => {
    expect(p2shSigOps(signatureScript, prevScript)).toBe(count);
    expect(p2shSigOps(signatureScript, payToPubKeyHash(hash160(threeKeys)))).toBe(0);
  });
});

describe('signature operations in a witness', () => {
  const keyHash = payToWitness(new Uint8Array(20));
  const scriptHash = payToWitness(sha256(threeKeys));
  const nest = (program: Uint8Array): Uint8Array => payToScriptHash(hash160(program));

  test.each<[string, Uint8Array, Uint8Array, Uint8Array[], number]>([
    ['key hash', EMPTY, keyHash, [], 1],
    ['script hash', EMPTY, scriptHash, [EMPTY, threeKeys], 3],
    ['script hash without witness', EMPTY, scriptHash, [], 0],
    ['nested key hash', push(keyHash), nest(keyHash), [], 1],
    ['nested script hash', push(scriptHash), nest(scriptHash), [threeKeys], 3],
    ['what follows any first push', Uint8Array.of(Op[1], ...keyHash), nest(keyHash), [], 1],
    ['script hash spent with an empty signature script', EMPTY, nest(keyHash), [EMPTY, threeKeys], 0],
    ['other version', EMPTY, hexToBytes(`5120${'00'.repeat(32)}`), [threeKeys], 0],
    ['other size', EMPTY, hexToBytes(`0003${'00'.repeat(3)}`), [threeKeys], 0],
    ['key hash script', push(keyHash), payToPubKeyHash(new Uint8Array(20)), [threeKeys], 0],
  ])('%s', (_name, signatureScript, prevScript, witness, count) => {
    expect(witnessSigOps(signatureScript, prevScript, witness)).toBe(count);
  });
});

describe('cost of a transaction', () => {
  const input = (signatureScript: Uint8Array, witness: Uint8Array[] = []) => ({
    prevout: { hash: new Uint8Array(32).fill(1), index: 0 },
    signatureScript,
    sequence: 0,
    witness,
  });
  const outputs = [{ value: 1n, pkScript: hexToBytes('acae') }];

  test('operations outside of the witness weigh four', () => {
    const spent = [payToScriptHash(hash160(threeKeys)), payToWitness(new Uint8Array(20)), hexToBytes('ac')];
    const inputs = [input(push(threeKeys)), input(EMPTY), input(hexToBytes('ac'))];
    const tx = new Transaction({ version: 1, inputs, outputs, lockTime: 0 });
    expect(legacySigOps(tx)).toBe(22);
    expect(sigOpCost(tx, (index) => spent[index])).toBe(22 * 4 + 3 * 4 + 1);
  });

  test('a coinbase spends nothing', () => {
    const inputs = [{ ...input(hexToBytes('acac')), prevout: { hash: ZERO_HASH, index: 0xffffffff } }];
    const tx = new Transaction({ version: 1, inputs, outputs, lockTime: 0 });
    const never = (): Uint8Array => {
      throw new Error('asked for a spent script');
    };
    expect(sigOpCost(tx, never)).toBe(23 * 4);
  });

  test('the input that kills soterd 2.1.1: a script hash spent with an empty signature script', () => {
    const prevScript = payToScriptHash(hash160(threeKeys));
    const tx = new Transaction({ version: 1, inputs: [input(EMPTY)], outputs: [], lockTime: 0 });
    expect(sigOpCost(tx, () => prevScript)).toBe(0);
    expect(() => verifyInput({ tx, inputIndex: 0, prevScript, amount: 1n, flags: STANDARD_FLAGS })).toThrow(
      'index 0 is invalid for stack size 0',
    );
  });
});
