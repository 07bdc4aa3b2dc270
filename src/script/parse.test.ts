import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../util/bytes.ts';
import { disassemble } from './disassemble.ts';
import { Op, opcodeName } from './opcodes.ts';
import {
  checkMinimalPush,
  isCanonicalPush,
  isPushOnly,
  parsePrefix,
  parseScript,
  parses,
  pushedData,
  ScriptCursor,
} from './parse.ts';

describe('opcode names', () => {
  test.each([
    [0x00, 'OP_0'],
    [0x01, 'OP_DATA_1'],
    [0x4b, 'OP_DATA_75'],
    [0x4c, 'OP_PUSHDATA1'],
    [0x51, 'OP_1'],
    [0xb1, 'OP_CHECKLOCKTIMEVERIFY'],
    [0xb9, 'OP_NOP10'],
    [0xba, 'OP_UNKNOWN186'],
    [0xfc, 'OP_UNKNOWN252'],
    [0xff, 'OP_INVALIDOPCODE'],
  ])('%i is %s', (value, name) => expect(opcodeName(value)).toBe(name));

  test('all are different', () => {
    expect(new Set(Array.from({ length: 256 }, (_, value) => opcodeName(value))).size).toBe(256);
  });
});

describe('parsing', () => {
  test.each([
    ['05010203', 'opcode OP_DATA_5 requires 6 bytes, but script only has 4 remaining'],
    ['4c', 'opcode OP_PUSHDATA1 requires 1 bytes, but script only has 0 remaining'],
    ['4c0201', 'opcode OP_PUSHDATA1 pushes 2 bytes, but script only has 1 remaining'],
    ['4d01', 'opcode OP_PUSHDATA2 requires 2 bytes, but script only has 1 remaining'],
    ['4d0100', 'opcode OP_PUSHDATA2 pushes 1 bytes, but script only has 0 remaining'],
    ['4e000000', 'opcode OP_PUSHDATA4 requires 4 bytes, but script only has 3 remaining'],
    ['4effffffff', 'opcode OP_PUSHDATA4 pushes 4294967295 bytes, but script only has 0 remaining'],
  ])('%s: %s', (hex, text) => {
    expect(() => parseScript(hexToBytes(hex))).toThrow(text);
    expect(parses(hexToBytes(hex))).toBe(false);
    expect(pushedData(hexToBytes(hex))).toBeUndefined();
    expect(isPushOnly(hexToBytes(hex))).toBe(false);
  });

  test('any bytes parse, or stop at a malformed push; nothing else is thrown and nothing gets lost', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (script) => {
        const { ops, error } = parsePrefix(script);
        expect(parses(script)).toBe(error === undefined);
        if (error) expect(error.code).toBe('ErrMalformedPush');
        else expect(ops).toEqual(parseScript(script));
        expect(disassemble(script).endsWith('[error]')).toBe(error !== undefined);

        const cursor = new ScriptCursor(script);
        let joined = '';
        for (let i = 0; i < ops.length; i++) {
          cursor.next();
          joined += bytesToHex(script.subarray(cursor.start, cursor.offset));
        }
        expect(bytesToHex(script).startsWith(joined)).toBe(true);
        if (!error) expect(joined).toBe(bytesToHex(script));
      }),
      { numRuns: 500 },
    );
  });

  test('a push of no bytes is data, an opcode for a number is none', () => {
    expect(parseScript(hexToBytes('4c0000515001aa'))).toEqual([
      { opcode: Op.PUSHDATA1, data: new Uint8Array() },
      { opcode: Op[0], data: undefined },
      { opcode: Op[1], data: undefined },
      { opcode: Op.RESERVED, data: undefined },
      { opcode: 1, data: Uint8Array.of(0xaa) },
    ]);
    expect(pushedData(hexToBytes('4c0000515001aa'))?.map(bytesToHex)).toEqual(['', '', 'aa']);
  });

  test('OP_RESERVED counts as a push, OP_NOP does not', () => {
    expect(isPushOnly(hexToBytes('0050'))).toBe(true);
    expect(isPushOnly(hexToBytes('0061'))).toBe(false);
  });
});

describe('shortest pushes', () => {
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(0xee);

  test.each([
    [1, Uint8Array.of(16), false],
    [1, Uint8Array.of(17), true],
    [1, Uint8Array.of(0x81), true],
    [Op.PUSHDATA1, bytes(75), false],
    [Op.PUSHDATA1, bytes(76), true],
    [Op.PUSHDATA2, bytes(255), false],
    [Op.PUSHDATA2, bytes(256), true],
    [Op.PUSHDATA4, bytes(65535), false],
    [Op.PUSHDATA4, bytes(65536), true],
    [Op.CHECKSIG, new Uint8Array(), true],
  ])('canonical: opcode %i', (opcode, data, canonical) => expect(isCanonicalPush(opcode, data)).toBe(canonical));

  test.each([
    [Op.PUSHDATA1, bytes(0), 'zero length data push is encoded with opcode OP_PUSHDATA1 instead of OP_0'],
    [1, Uint8Array.of(7), 'data push of the value 7 encoded with opcode OP_DATA_1 instead of OP_7'],
    [1, Uint8Array.of(0x81), 'data push of the value -1 encoded with opcode OP_DATA_1 instead of OP_1NEGATE'],
    [Op.PUSHDATA1, bytes(75), 'data push of 75 bytes encoded with opcode OP_PUSHDATA1 instead of OP_DATA_75'],
    [Op.PUSHDATA2, bytes(255), 'data push of 255 bytes encoded with opcode OP_PUSHDATA2 instead of OP_PUSHDATA1'],
    [Op.PUSHDATA4, bytes(256), 'data push of 256 bytes encoded with opcode OP_PUSHDATA4 instead of OP_PUSHDATA2'],
  ])('minimal: opcode %i is refused', (opcode, data, text) =>
    expect(() => checkMinimalPush(opcode, data)).toThrow(text),
  );

  test.each([
    [Op[0], bytes(0)],
    [1, Uint8Array.of(0)],
    [1, Uint8Array.of(17)],
    [75, bytes(75)],
    [Op.PUSHDATA1, bytes(76)],
    [Op.PUSHDATA2, bytes(256)],
  ])('minimal: opcode %i passes', (opcode, data) => expect(() => checkMinimalPush(opcode, data)).not.toThrow());
});
