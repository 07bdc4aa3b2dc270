import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { bytesToHex, hexToBytes } from '../util/bytes.ts';
import { addressesOf, encodeAddress } from './address.ts';
import { publicKeyOf } from './ecdsa.ts';
import { parses } from './parse.ts';
import { payToMultiSig, payToPubKey, payToPubKeyHash, payToScriptHash, payToWitness } from './standard-scripts.ts';
import { classifyScript, isUnspendable } from './templates.ts';

const simnet = networkParams('simnet');
const hash = new Uint8Array(20).fill(7);
const key = publicKeyOf(new Uint8Array(32).fill(1));
const noKey = new Uint8Array(33).fill(9);
const anyKey = `21${'09'.repeat(33)}`;

describe('classifyScript', () => {
  test.each<[string, Uint8Array, string, number]>([
    ['key', payToPubKey(key), 'pubkey', 1],
    ['key that is none', payToPubKey(noKey), 'pubkey', 1],
    ['key by a needlessly long push', hexToBytes(`4c${anyKey}ac`), 'pubkey', 1],
    ['key hash', payToPubKeyHash(hash), 'pubkeyhash', 1],
    ['script hash', payToScriptHash(hash), 'scripthash', 1],
    ['script hash by a needlessly long push', hexToBytes(`a94c14${'07'.repeat(20)}87`), 'nonstandard', 0],
    ['witness key hash', payToWitness(hash), 'witness_v0_keyhash', 1],
    ['witness script hash', payToWitness(new Uint8Array(32)), 'witness_v0_scripthash', 1],
    ['witness version 1', hexToBytes(`5120${'07'.repeat(32)}`), 'nonstandard', 0],
    ['witness version 0 of another size', hexToBytes(`0015${'07'.repeat(21)}`), 'nonstandard', 0],
    ['multisig', payToMultiSig(1, [key, noKey]), 'multisig', 1],
    ['multisig without signatures', hexToBytes(`00${anyKey}51ae`), 'multisig', 0],
    ['multisig of more signatures than keys', hexToBytes(`53${anyKey}51ae`), 'multisig', 3],
    ['multisig with a wrong count', hexToBytes(`51${anyKey}52ae`), 'nonstandard', 0],
    ['multisig without keys', hexToBytes('0000ae'), 'nonstandard', 0],
    ['multisig with a short key', hexToBytes(`5120${'09'.repeat(32)}51ae`), 'nonstandard', 0],
    ['RETURN', hexToBytes('6a'), 'nulldata', 0],
    ['RETURN and data', hexToBytes('6a0568656c6c6f'), 'nulldata', 0],
    ['RETURN and a number', hexToBytes('6a60'), 'nulldata', 0],
    ['RETURN and -1', hexToBytes('6a4f'), 'nonstandard', 0],
    ['RETURN and 80 bytes', hexToBytes(`6a4c50${'00'.repeat(80)}`), 'nulldata', 0],
    ['RETURN and 81 bytes', hexToBytes(`6a4c51${'00'.repeat(81)}`), 'nonstandard', 0],
    ['RETURN and two pushes', hexToBytes('6a5151'), 'nonstandard', 0],
    ['nothing', new Uint8Array(), 'nonstandard', 0],
    ['malformed', hexToBytes('6a4c'), 'nonstandard', 0],
  ])('%s', (_name, script, name, requiredSigs) => {
    expect(classifyScript(script)).toMatchObject({ class: name, requiredSigs });
  });

  test('addresses: keys that are none are left out, prefix 05 is written as 04', () => {
    expect(addressesOf(payToMultiSig(1, [key, noKey]), simnet).addresses.map(({ payload }) => payload)).toEqual([key]);
    const full = publicKeyOf(new Uint8Array(32).fill(1), false);
    const odd = full.with(0, 5);
    expect(addressesOf(payToPubKey(odd), simnet).addresses.map(encodeAddress)).toEqual(
      addressesOf(payToPubKey(full), simnet).addresses.map(encodeAddress),
    );
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (script) => {
        const { class: name } = classifyScript(script);
        if (!parses(script)) expect(name).toBe('nonstandard');
        addressesOf(script, simnet).addresses.map(encodeAddress);
      }),
    );
  });
});

describe('isUnspendable', () => {
  test.each([
    ['6a', true],
    ['6a4c', true],
    ['4c', true],
    ['0501', true],
    ['', false],
    ['51', false],
    ['516a', false],
    [bytesToHex(payToPubKeyHash(hash)), false],
  ])('%s: %s', (hex, unspendable) => expect(isUnspendable(hexToBytes(hex))).toBe(unspendable));
});
