import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, concatBytes, hexToBytes } from '../util/bytes.ts';
import { sha256 } from '../util/hash.ts';
import {
  addToPrivateKey,
  addToPublicKey,
  isPrivateKey,
  isPublicKey,
  publicKeyOf,
  recoverPublicKey,
  signHash,
  verifySignature,
} from './ecdsa.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const word = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Hashes of anything are private keys but for odds of 2^-128. */
const privateKey = word.map((seed) => sha256(seed));

function withPrefix(prefix: number, key: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(prefix), key.subarray(1));
}

describe('ECDSA against @noble/curves', () => {
  test('keys, signatures and verdicts agree', () => {
    fc.assert(
      fc.property(privateKey, privateKey, word, fc.nat(63), (key, other, hash, position) => {
        const publicKey = publicKeyOf(key);
        expect(bytesToHex(publicKey)).toBe(bytesToHex(secp256k1.getPublicKey(key)));
        expect(bytesToHex(publicKeyOf(key, false))).toBe(bytesToHex(secp256k1.getPublicKey(key, false)));
        const { signature, recoveryId } = signHash(hash, key);
        expect(bytesToHex(signature)).toBe(bytesToHex(secp256k1.sign(hash, key, { prehash: false })));
        expect(verifySignature(signature, hash, publicKey)).toBe('valid');
        expect(verifySignature(signature, hash, publicKeyOf(other))).toBe('invalid');
        expect(recoverPublicKey(signature, recoveryId, hash, true)).toEqual(publicKey);

        const damaged = Uint8Array.from(signature);
        damaged[position] ^= 1;
        const oracle = secp256k1.verify(damaged, hash, publicKey, { prehash: false });
        expect(verifySignature(damaged, hash, publicKey)).toBe(oracle ? 'valid' : 'invalid');
      }),
      { numRuns: 20 },
    );
  });

  test('points: both libraries call the same bytes a compressed key', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 }), word, (prefix, x) => {
        const key = concatBytes(Uint8Array.of(prefix), x);
        let onCurve = true;
        try {
          secp256k1.Point.fromBytes(key);
        } catch {
          onCurve = false;
        }
        expect(isPublicKey(key)).toBe(onCurve);
      }),
    );
  });

  test('key derivation adds scalars', () => {
    fc.assert(
      fc.property(privateKey, privateKey, (key, tweak) => {
        const sum = (BigInt(`0x${bytesToHex(key)}`) + BigInt(`0x${bytesToHex(tweak)}`)) % ORDER;
        expect(bytesToHex(addToPrivateKey(key, tweak))).toBe(sum.toString(16).padStart(64, '0'));
        expect(addToPublicKey(publicKeyOf(key), tweak)).toEqual(publicKeyOf(addToPrivateKey(key, tweak)));
      }),
      { numRuns: 20 },
    );
  });
});

describe('forms of public keys', () => {
  const key = sha256(Uint8Array.of(1));
  const hash = sha256(Uint8Array.of(2));
  const { signature } = signHash(hash, key);
  const full = publicKeyOf(key, false);
  const odd = full[64] & 1;

  test.each([
    ['compressed', publicKeyOf(key), 'valid'],
    ['compressed, other parity', withPrefix(publicKeyOf(key)[0] ^ 1, publicKeyOf(key)), 'invalid'],
    ['uncompressed', full, 'valid'],
    ['prefix 05', withPrefix(0x05, full), 'valid'],
    ['hybrid', withPrefix(0x06 + odd, full), 'valid'],
    ['hybrid, wrong parity', withPrefix(0x07 - odd, full), 'badKey'],
    ['prefix 02 on 65 bytes', withPrefix(0x02, full), 'badKey'],
    ['prefix 04 on 33 bytes', withPrefix(0x04, publicKeyOf(key)), 'badKey'],
    ['off the curve', withPrefix(0x04, full).fill(1, 60), 'badKey'],
    ['cut', full.subarray(0, 64), 'badKey'],
    ['empty', new Uint8Array(), 'badKey'],
  ] as const)('%s', (_name, publicKey, result) => {
    expect(verifySignature(signature, hash, publicKey)).toBe(result);
    expect(isPublicKey(publicKey)).toBe(result !== 'badKey');
  });
});

describe('private keys', () => {
  test.each([
    ['00'.repeat(32), false],
    [`${'00'.repeat(31)}01`, true],
    [(ORDER - 1n).toString(16), true],
    [ORDER.toString(16), false],
    ['01', false],
  ])('%s', (hex, valid) => expect(isPrivateKey(hexToBytes(hex))).toBe(valid));

  test('there is no key behind a signature that no point fits', () => {
    const signature = new Uint8Array(64);
    expect(recoverPublicKey(signature, 0, new Uint8Array(32), true)).toBeUndefined();
    expect(() => recoverPublicKey(signature, 4, new Uint8Array(32), true)).toThrow(RangeError);
  });
});
