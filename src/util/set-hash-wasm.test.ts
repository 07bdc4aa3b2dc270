import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex } from './bytes.ts';
import { sha256 } from './hash.ts';
import { SET_HASH_BATCH, SET_HASH_MAX_ELEMENT, SET_HASH_SUMS, SetHashBatch } from './set-hash-wasm.ts';

function quarterRound(s: Uint32Array, a: number, b: number, c: number, d: number): void {
  const mix = (to: number, from: number, xored: number, bits: number): void => {
    s[to] = s[to]! + s[from]!;
    const x = s[xored]! ^ s[to]!;
    s[xored] = (x << bits) | (x >>> (32 - bits));
  };
  mix(a, b, d, 16);
  mix(c, d, b, 12);
  mix(a, b, d, 8);
  mix(c, d, b, 7);
}

/** The stream of ChaCha as RFC 8439 tells it, nonce zero. */
function slowStream(key: Uint8Array, length: number, rounds: number): Uint8Array {
  const out = new Uint8Array(length);
  const words = new Uint32Array(Uint8Array.from(key).buffer);
  for (let block = 0; block * 64 < length; block++) {
    const start = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...words, block, 0, 0, 0);
    const s = start.slice();
    for (let i = 0; i < rounds; i += 2) {
      for (let column = 0; column < 4; column++) quarterRound(s, column, column + 4, column + 8, column + 12);
      quarterRound(s, 0, 5, 10, 15);
      quarterRound(s, 1, 6, 11, 12);
      quarterRound(s, 2, 7, 8, 13);
      quarterRound(s, 3, 4, 9, 14);
    }
    out.set(new Uint8Array(s.map((word, i) => word + start[i]!).buffer), block * 64);
  }
  return out;
}

/** Sums as their definition says. The digest's words key the cipher as numbers, so each is turned round. */
function slowSums(elements: readonly { bytes: Uint8Array; remove: boolean }[]): Uint8Array {
  const sums = new Uint16Array(SET_HASH_SUMS / 2);
  for (const { bytes, remove } of elements) {
    const stream = slowStream(Buffer.from(sha256(bytes)).swap32(), SET_HASH_SUMS, 12);
    const numbers = new Uint16Array(stream.buffer);
    for (const [i, number] of numbers.entries()) sums[i] = remove ? sums[i]! - number : sums[i]! + number;
  }
  return new Uint8Array(sums.buffer);
}

function sumsOf(elements: readonly { bytes: Uint8Array; remove: boolean }[]): Uint8Array {
  const sums = new Uint8Array(SET_HASH_SUMS);
  const batch = new SetHashBatch();
  for (const { bytes, remove } of elements) {
    if (batch.isFull) batch.applyTo(sums);
    batch.bytes.set(bytes, batch.next);
    batch.add(batch.next + bytes.length, remove);
  }
  batch.applyTo(sums);
  return sums;
}

test('the slow model streams as OpenSSL does with 20 rounds', () => {
  const key = sha256(Uint8Array.of(1));
  const cipher = createCipheriv('chacha20', key, new Uint8Array(16));
  expect(bytesToHex(slowStream(key, 256, 20))).toBe(bytesToHex(cipher.update(new Uint8Array(256))));
});

test('sums are those of the definition, whatever comes together', () => {
  const element = fc.record({ bytes: fc.uint8Array({ maxLength: SET_HASH_MAX_ELEMENT }), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(element, { maxLength: 9 }), (elements) => {
      expect(bytesToHex(sumsOf(elements))).toBe(bytesToHex(slowSums(elements)));
    }),
  );
});

test('every length is padded right', () => {
  const elements = Array.from({ length: SET_HASH_MAX_ELEMENT + 1 }, (_, length) => ({
    bytes: new Uint8Array(length).fill(length),
    remove: false,
  }));
  expect(elements.length).toBeGreaterThan(2 * SET_HASH_BATCH);
  expect(bytesToHex(sumsOf(elements))).toBe(bytesToHex(slowSums(elements)));
});

test('too long elements and too many are refused', () => {
  const batch = new SetHashBatch();
  expect(() => batch.add(batch.next + SET_HASH_MAX_ELEMENT + 1, false)).toThrow(RangeError);
  for (let i = 0; i < SET_HASH_BATCH; i++) batch.add(batch.next, false);
  expect(() => batch.add(batch.next, false)).toThrow(RangeError);
});
