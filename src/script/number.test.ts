import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../util/bytes.ts';
import { ScriptError } from './errors.ts';
import { decodeScriptNumber, encodeScriptNumber, isTrue } from './number.ts';

describe('script numbers', () => {
  test.each([
    [0, ''],
    [1, '01'],
    [-1, '81'],
    [127, '7f'],
    [-127, 'ff'],
    [128, '8000'],
    [-128, '8080'],
    [255, 'ff00'],
    [256, '0001'],
    [-256, '0081'],
    [32767, 'ff7f'],
    [-32768, '008080'],
    [2147483647, 'ffffff7f'],
    [-2147483647, 'ffffffff'],
    [2147483648, '0000008000'],
  ])('%i is %s', (value, hex) => {
    expect(bytesToHex(encodeScriptNumber(value))).toBe(hex);
    expect(decodeScriptNumber(hexToBytes(hex), true, 5)).toBe(value);
  });

  test('every integer of up to six bytes survives a round trip', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 47) + 1, max: 2 ** 47 - 1 }), (value) => {
        const bytes = encodeScriptNumber(value);
        expect(decodeScriptNumber(bytes, true, 6)).toBe(value);
        expect(encodeScriptNumber(BigInt(value))).toEqual(bytes);
        expect(isTrue(bytes)).toBe(value !== 0);
      }),
    );
  });

  test('an encoding passes the minimal rule exactly if it is the one that the value has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4 }), (bytes) => {
        const minimal = bytesToHex(encodeScriptNumber(decodeScriptNumber(bytes, false))) === bytesToHex(bytes);
        if (minimal) expect(decodeScriptNumber(bytes, true)).toBe(decodeScriptNumber(bytes, false));
        else expect(() => decodeScriptNumber(bytes, true)).toThrow(ScriptError);
      }),
    );
  });

  test('integers of 64 bits have up to nine bytes', () => {
    expect(bytesToHex(encodeScriptNumber(2n ** 63n - 1n))).toBe('ffffffffffffff7f');
    expect(bytesToHex(encodeScriptNumber(-(2n ** 63n)))).toBe('000000000000008080');
  });

  test('refusals name the bytes', () => {
    expect(() => decodeScriptNumber(hexToBytes('0102030405'), false)).toThrow(
      'numeric value encoded as 0102030405 is 5 bytes which exceeds the max allowed of 4',
    );
    expect(() => decodeScriptNumber(hexToBytes('0080'), true)).toThrow(
      'numeric value encoded as 0080 is not minimally encoded',
    );
  });

  test.each([
    ['', false],
    ['00', false],
    ['80', false],
    ['0080', false],
    ['8000', true],
    ['0001', true],
    ['81', true],
  ])('truth of %s is %s', (hex, truth) => {
    expect(isTrue(hexToBytes(hex))).toBe(truth);
  });
});
