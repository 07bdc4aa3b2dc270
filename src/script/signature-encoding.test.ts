import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, concatBytes } from '../util/bytes.ts';
import { sha256 } from '../util/hash.ts';
import { signHash } from './ecdsa.ts';
import { ScriptError } from './errors.ts';
import { ScriptFlag } from './flags.ts';
import { checkHashType, checkSignatureEncoding, encodeSignature, parseSignature } from './signature-encoding.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const { derSignatures, lowS, strictEncoding } = ScriptFlag;

function unsigned(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

function hex(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

/** The lenient rules once more, slowly and with big integers. */
function oracle(signature: readonly number[]): string | undefined {
  if (signature.length < 8 || signature[0] !== 0x30) return undefined;
  const total = (signature[1] + 2) % 256;
  if (total < 8 || total > signature.length) return undefined;
  let rest = signature.slice(2, total);
  const integers: bigint[] = [];
  for (const reserve of [3, 0]) {
    const [tag, length, ...data] = rest;
    if (tag !== 2 || !length || length > data.length - reserve) return undefined;
    integers.push(unsigned(data.slice(0, length)));
    rest = data.slice(length);
  }
  const [r, s] = integers;
  if (rest.length > 0 || r < 1n || r >= ORDER || s < 1n || s >= ORDER) return undefined;
  return hex(r) + hex(s > ORDER / 2n ? ORDER - s : s);
}

function parsed(signature: readonly number[]): string | undefined {
  const compact = parseSignature(Uint8Array.from(signature));
  return compact && bytesToHex(compact);
}

function refusal(signature: Uint8Array, flags: number): string {
  try {
    checkSignatureEncoding(signature, flags);
  } catch (error) {
    if (error instanceof ScriptError) return error.message;
    throw error;
  }
  return 'ok';
}

/** Scalars near the edges of the group and anywhere else. */
const integer = fc
  .oneof(
    fc.constantFrom(0n, 1n, 127n, 128n, ORDER / 2n, ORDER / 2n + 1n, ORDER - 1n, ORDER, 2n ** 256n - 1n, 2n ** 256n),
    fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  )
  .chain((value) =>
    fc.nat(4).map((padding) => {
      const text = value.toString(16);
      const even = text.length % 2 === 0 ? text : `0${text}`;
      return [...Array<number>(padding).fill(0), ...Buffer.from(even, 'hex')];
    }),
  );

/** Signatures that are right or nearly so: one byte changed, some bytes behind. */
const nearlyRight = fc
  .record({
    r: integer,
    s: integer,
    tail: fc.array(fc.nat(255), { maxLength: 3 }),
    damage: fc.option(fc.record({ at: fc.nat(80), value: fc.nat(255) })),
    cut: fc.option(fc.nat(80)),
  })
  .map(({ r, s, tail, damage, cut }) => {
    const body = [2, r.length, ...r, 2, s.length, ...s];
    const signature = [0x30, body.length, ...body, ...tail];
    if (damage && damage.at < signature.length) signature[damage.at] = damage.value;
    return cut === null ? signature : signature.slice(0, cut);
  });

describe('lenient signatures', () => {
  test('agree with a slow model on nearly right signatures and on noise', () => {
    const noise = fc.uint8Array({ maxLength: 90 }).map((bytes) => [...bytes]);
    fc.assert(
      fc.property(fc.oneof(nearlyRight, noise), (signature) => {
        expect(parsed(signature)).toBe(oracle(signature));
      }),
      { numRuns: 2000 },
    );
  });

  test('an announced length that wraps around is too short', () => {
    for (const length of [0xfe, 0xff]) {
      const signature = [0x30, length, 2, 1, 1, 2, 1, 1, ...Array<number>(260).fill(0)];
      expect(parsed(signature)).toBeUndefined();
    }
  });

  test('what passes the strict rules reads the same leniently', () => {
    fc.assert(
      fc.property(nearlyRight, (signature) => {
        const bytes = Uint8Array.from(signature);
        if (refusal(bytes, derSignatures) !== 'ok') return;
        const r = unsigned(signature.slice(4, 4 + signature[3]));
        expect(parsed(signature) !== undefined).toBe(oracle(signature) !== undefined);
        if (r > 0n && r < ORDER) expect(oracle(signature)?.startsWith(hex(r)) ?? true).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('DER of a real signature comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 32 }), (seed) => {
        const { signature } = signHash(sha256(seed), sha256(concatBytes(seed, seed)));
        const der = encodeSignature(signature);
        expect(refusal(der, derSignatures | lowS | strictEncoding)).toBe('ok');
        expect(parseSignature(der)).toEqual(signature);
      }),
      { numRuns: 50 },
    );
  });
});

describe('strict encoding', () => {
  const integerOf = (...bytes: number[]): number[] => [2, bytes.length, ...bytes];
  const der = (...body: number[]): number[] => [0x30, body.length, ...body];

  test.each([
    [[], 'malformed signature: too short: 0 < 8'],
    [new Array(73).fill(0), 'malformed signature: too long: 73 > 72'],
    [[0x31, 6, 2, 1, 1, 2, 1, 1], 'malformed signature: format has wrong type: 0x31'],
    [[0x30, 7, 2, 1, 1, 2, 1, 1], 'malformed signature: bad length: 7 != 6'],
    [[0x30, 6, 2, 4, 1, 2, 1, 1], 'malformed signature: S type indicator missing'],
    [[0x30, 6, 2, 3, 1, 2, 1, 1], 'malformed signature: S length missing'],
    [[0x30, 6, 2, 1, 1, 2, 2, 1], 'malformed signature: invalid S length'],
    [[0x30, 6, 3, 1, 1, 2, 1, 1], 'malformed signature: R integer marker: 0x3 != 0x2'],
    [[0x30, 6, 2, 0, 2, 2, 1, 1], 'malformed signature: R length is zero'],
    [der(...integerOf(0x80), ...integerOf(1)), 'malformed signature: R is negative'],
    [der(...integerOf(0, 1), ...integerOf(1)), 'malformed signature: R value has too much padding'],
    [[0x30, 6, 2, 1, 1, 3, 1, 1], 'malformed signature: S integer marker: 0x3 != 0x2'],
    [[0x30, 6, 2, 2, 1, 1, 2, 0], 'malformed signature: S length is zero'],
    [der(...integerOf(1), ...integerOf(0x80)), 'malformed signature: S is negative'],
    [der(...integerOf(1), ...integerOf(0, 1)), 'malformed signature: S value has too much padding'],
    [der(...integerOf(0, 0x80), ...integerOf(0, 0x80)), 'ok'],
  ])('%j: %s', (signature, text) => {
    for (const flags of [derSignatures, lowS, strictEncoding])
      expect(refusal(Uint8Array.from(signature), flags)).toBe(text);
    expect(refusal(Uint8Array.from(signature), 0)).toBe('ok');
  });

  test('low S ends at half the order', () => {
    const withS = (s: bigint): Uint8Array =>
      Uint8Array.from(der(...integerOf(1), ...integerOf(...Buffer.from(hex(s), 'hex'))));
    expect(refusal(withS(ORDER / 2n), lowS)).toBe('ok');
    expect(refusal(withS(ORDER / 2n + 1n), lowS)).toBe('signature is not canonical due to unnecessarily high S value');
    const huge = Uint8Array.from(der(...integerOf(1), ...integerOf(...Array<number>(33).fill(0x7f))));
    expect(refusal(huge, lowS)).toContain('high S');
    expect(refusal(huge, derSignatures)).toBe('ok');
  });

  test('hash types', () => {
    for (let type = 0; type < 256; type++) {
      const known = [1, 2, 3, 0x81, 0x82, 0x83].includes(type);
      expect(() => checkHashType(type, 0)).not.toThrow();
      if (known) expect(() => checkHashType(type, strictEncoding)).not.toThrow();
      else expect(() => checkHashType(type, strictEncoding)).toThrow(`invalid hash type 0x${type.toString(16)}`);
    }
  });
});
