import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { bytesToHex, hexToBytes } from '../util/bytes.ts';
import {
  addressText,
  decodeAddress,
  encodeAddress,
  isForNet,
  payToAddress,
  pubKeyHashAddress,
  scriptHashAddress,
  witnessProgramAddress,
} from './address.ts';
import { AddressError } from './address-error.ts';
import { publicKeyOf } from './ecdsa.ts';
import { encodeSegwit } from './segwit-text.ts';
import { classifyScript } from './templates.ts';
import { decodeWif, encodeWif } from './wif.ts';

const nets = (['mainnet', 'testnet1', 'regtest', 'simnet'] as const).map((name) => networkParams(name));
const [mainnet, , regtest, simnet] = nets;
const net = fc.constantFrom(...nets);
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

function refusal(text: string): string {
  try {
    decodeAddress(text, mainnet);
  } catch (error) {
    if (error instanceof AddressError) return error.message;
    throw error;
  }
  return 'ok';
}

describe('addresses', () => {
  test('text and script come back as they went in', () => {
    fc.assert(
      fc.property(net, bytes(20), bytes(32), (params, hash, program) => {
        for (const address of [
          pubKeyHashAddress(hash, params),
          scriptHashAddress(hash, params),
          witnessProgramAddress(hash, params),
          witnessProgramAddress(program, params),
        ]) {
          const text = encodeAddress(address);
          const decoded = decodeAddress(text, simnet);
          expect(encodeAddress(decoded)).toBe(text);
          expect(bytesToHex(decoded.payload)).toBe(bytesToHex(address.payload));
          expect(isForNet(decoded, params)).toBe(true);
          const { class: name, pushes } = classifyScript(payToAddress(decoded));
          expect(name).toBe(address.type);
          expect(bytesToHex(pushes[0])).toBe(bytesToHex(address.payload));
        }
      }),
    );
  });

  test('a damaged character is noticed', () => {
    const text = encodeAddress(witnessProgramAddress(new Uint8Array(20), regtest));
    const other = encodeAddress(pubKeyHashAddress(new Uint8Array(20).fill(3), regtest));
    for (const good of [text, other])
      for (let i = 5; i < good.length; i++) {
        const damaged = `${good.slice(0, i)}${good[i] === 'q' ? 'p' : 'q'}${good.slice(i + 1)}`;
        expect(refusal(damaged)).not.toBe('ok');
      }
  });

  test('whatever the text, only an AddressError is thrown', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 70 }),
      fc.string({ unit: fc.constantFrom(...'bctsr1qpzry9x8gf2tvdw0s3jn54khce6mua7lQ'), maxLength: 95 }),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefé'), minLength: 60, maxLength: 132 }),
    );
    fc.assert(
      fc.property(text, (value) => {
        for (const candidate of [value, `bc1${value}`, `BCRT1${value}`])
          expect(typeof refusal(candidate)).toBe('string');
      }),
      { numRuns: 1000 },
    );
  });

  const full = bytesToHex(publicKeyOf(new Uint8Array(32).fill(1), false));
  const prime = 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f';
  test.each([
    [`02${'00'.repeat(32)}`, 'invalid square root'],
    // One above the prime is the coordinate 1, which is on the curve.
    [`02${prime.slice(0, -2)}30`, 'pubkey X parameter is >= to P'],
    [`05${'11'.repeat(32)}`, 'invalid magic in compressed pubkey string: 5'],
    [`03${full.slice(2)}`, 'invalid magic in pubkey str: 3'],
    [
      `${full.endsWith('1') ? '06' : '07'}${full.slice(2, -1)}${full.endsWith('1') ? '1' : '0'}`,
      "ybit doesn't match oddness",
    ],
    [`04${prime}${'00'.repeat(32)}`, 'pubkey X parameter is >= to P'],
    [`04${'00'.repeat(32)}${prime}`, 'pubkey Y parameter is >= to P'],
    [`04${'00'.repeat(64)}`, "pubkey isn't on secp256k1 curve"],
    [`g2${'11'.repeat(32)}`, "encoding/hex: invalid byte: U+0067 'g'"],
    [`\n2${'11'.repeat(32)}`, 'encoding/hex: invalid byte: U+000A'],
    ['bc1qqq', 'invalid bech32 string length 6'],
    ['bcrt1qqq', 'invalid index of 1'],
    ['bc1qqqqq\u0001qqqqqq', "invalid character in string: '\u0001'"],
    ['bc1qqqqqqqbqqqqqq', 'failed converting data to bytes: invalid character not part of charset: 98'],
    ['bc1gmk9yu', 'no witness version'],
    [encodeSegwit('bc', 17, new Uint8Array(20)), 'invalid witness version: 17'],
    [encodeSegwit('bc', 0, new Uint8Array(41)), 'invalid data length'],
    [encodeSegwit('bc', 0, new Uint8Array(21)), 'invalid data length for witness version 0: 21'],
    [encodeSegwit('bc', 1, new Uint8Array(32)), 'unsupported witness version: \u0001'],
    ['1'.repeat(1000), 'checksum mismatch'],
    ['0', 'decoded address is of unknown format'],
  ])('%j: %s', (text, message) => expect(refusal(text)).toBe(message));

  test('keys in hex are for the active network; the form is kept, but 05 becomes 04', () => {
    for (const prefix of ['04', '05', full.endsWith('1') || /[13579bdf]$/u.test(full) ? '07' : '06']) {
      const address = decodeAddress(`${prefix}${full.slice(2)}`, simnet);
      expect(addressText(address)).toBe(`${prefix === '05' ? '04' : prefix}${full.slice(2)}`);
      expect(isForNet(address, simnet)).toBe(true);
      expect(isForNet(address, mainnet)).toBe(false);
    }
  });
});

describe('wallet import format', () => {
  test('comes back as it went in', () => {
    fc.assert(
      fc.property(bytes(32), fc.boolean(), net, (privateKey, compressed, { wifPrefix }) => {
        const key = { privateKey: Uint8Array.from(privateKey), compressed, version: wifPrefix };
        const decoded = decodeWif(encodeWif(key));
        expect({ ...decoded, privateKey: Uint8Array.from(decoded.privateKey) }).toEqual(key);
      }),
    );
  });

  test('refusals', () => {
    const good = encodeWif({ privateKey: hexToBytes('01'.repeat(32)), compressed: true, version: 0x80 });
    expect(() => decodeWif(`${good.slice(0, -1)}${good.endsWith('1') ? '2' : '1'}`)).toThrow('checksum mismatch');
    for (const text of ['', 'K', '0OIl', good.repeat(3)])
      expect(() => decodeWif(text)).toThrow('malformed private key');
  });
});
