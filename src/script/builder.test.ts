import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex } from '../util/bytes.ts';
import { ScriptBuilder } from './builder.ts';
import { disassemble } from './disassemble.ts';
import { decodeScriptNumber } from './number.ts';
import { isSmallInt, Op, smallIntValue } from './opcodes.ts';
import { checkMinimalPush, isCanonicalPush, parseScript } from './parse.ts';

/** What an opcode of a built script pushes. */
function pushed({ opcode, data }: { opcode: number; data: Uint8Array | undefined }): Uint8Array {
  if (data) return data;
  if (opcode === Op['1NEGATE']) return Uint8Array.of(0x81);
  if (!isSmallInt(opcode)) throw new Error(`opcode ${opcode} pushes nothing`);
  return opcode === Op[0] ? new Uint8Array() : Uint8Array.of(smallIntValue(opcode));
}

describe('ScriptBuilder', () => {
  test('data comes back as it went in, in its shortest form', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (items) => {
        const builder = new ScriptBuilder();
        for (const item of items) builder.data(item);
        const ops = parseScript(builder.build());
        expect(ops.map((op) => bytesToHex(pushed(op)))).toEqual(items.map(bytesToHex));
        for (const { opcode, data } of ops) {
          if (!data) continue;
          checkMinimalPush(opcode, data);
          // The one exception: a zero byte has no opcode of its own, and the canonical test does not know that.
          expect(isCanonicalPush(opcode, data) || bytesToHex(data) === '00').toBe(true);
        }
      }),
    );
  });

  test('integers come back as they went in', () => {
    fc.assert(
      fc.property(fc.integer({ min: -0x7fffffff, max: 0x7fffffff }), (value) => {
        const [op] = parseScript(new ScriptBuilder().int(value).build());
        expect(decodeScriptNumber(pushed(op), true)).toBe(value);
        expect(new ScriptBuilder().int(BigInt(value)).build()).toEqual(new ScriptBuilder().int(value).build());
      }),
    );
  });

  test.each([
    [0, '00'],
    [-1, '4f'],
    [1, '51'],
    [16, '60'],
    [17, '0111'],
    [-2, '0182'],
    [128, '028000'],
    [2n ** 64n - 1n, '09ffffffffffffffff00'],
    [-(2n ** 63n), '09000000000000008080'],
  ])('%s is pushed as %s', (value, hex) => expect(bytesToHex(new ScriptBuilder().int(value).build())).toBe(hex));

  test('limits', () => {
    expect(() => new ScriptBuilder().data(new Uint8Array(521))).toThrow('520');
    const builder = new ScriptBuilder();
    for (let i = 0; i < 19; i++) builder.data(new Uint8Array(520).fill(1));
    expect(() => builder.data(new Uint8Array(520))).toThrow('10000');
  });
});

describe('disassemble', () => {
  test.each([
    ['', ''],
    ['00515260014f', '0 1 2 16 4f'],
    ['4f', '-1'],
    ['616263ac6a', 'OP_NOP OP_VER OP_IF OP_CHECKSIG OP_RETURN'],
    ['6a4c', 'OP_RETURN[error]'],
    ['4c', '[error]'],
    ['4c0051', ' 1'],
    ['ba', 'OP_UNKNOWN186'],
  ])('%s is %j', (hex, text) => expect(disassemble(Buffer.from(hex, 'hex'))).toBe(text));
});
