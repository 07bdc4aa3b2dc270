import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from './reader.ts';
import { ByteWriter, varintSize } from './writer.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const written = (write: (writer: ByteWriter) => void): Uint8Array => {
  const writer = new ByteWriter(1);
  write(writer);
  return writer.finish();
};

describe('integers', () => {
  test('are little endian, except the port', () => {
    expect(new ByteReader(bytes(1, 2)).u16()).toBe(0x0201);
    expect(new ByteReader(bytes(1, 2)).u16be()).toBe(0x0102);
    expect(new ByteReader(bytes(1, 2, 3, 0x84)).u32()).toBe(0x84030201);
    expect(new ByteReader(bytes(0xff, 0xff, 0xff, 0xff)).i32()).toBe(-1);
    expect(new ByteReader(bytes(1, 0, 0, 0, 0, 0, 0, 0x80)).u64()).toBe(0x8000000000000001n);
    expect(new ByteReader(bytes(1, 0, 0, 0, 0, 0, 0, 0x80)).i64()).toBe(-0x7fffffffffffffffn);
  });

  test('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: -0x80000000, max: 0x7fffffff }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.boolean(),
        (short, unsigned, signed, long, signedLong, flag) => {
          const reader = new ByteReader(
            written((writer) => {
              writer.u16(short);
              writer.u16be(short);
              writer.u32(unsigned);
              writer.i32(signed);
              writer.u64(long);
              writer.i64(signedLong);
              writer.bool(flag);
            }),
          );
          expect([reader.u16(), reader.u16be(), reader.u32(), reader.i32()]).toEqual([short, short, unsigned, signed]);
          expect([reader.u64(), reader.i64(), reader.bool()]).toEqual([long, signedLong, flag]);
          expect(reader.remaining).toBe(0);
        },
      ),
    );
  });

  test('end in EOF before their first byte and unexpected EOF inside', () => {
    expect(() => new ByteReader(bytes()).u64()).toThrow(expect.objectContaining({ kind: 'eof', message: 'EOF' }));
    const cut = expect.objectContaining({ kind: 'unexpectedEof', message: 'unexpected EOF' });
    expect(() => new ByteReader(bytes(1, 2, 3, 4)).u64()).toThrow(cut);
    expect(() => new ByteReader(bytes(1)).hash()).toThrow(cut);
  });

  test('respect the range of the reader', () => {
    const reader = new ByteReader(bytes(1, 2, 3, 4), 1, 3);
    expect(reader.u16()).toBe(0x0302);
    expect(() => reader.u8()).toThrow('EOF');
  });
});

describe('varint', () => {
  test('comes back, in the size foretold', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(63), (value, shift) => {
        const scaled = value >> BigInt(shift);
        const encoded = written((writer) => writer.varint(scaled));
        expect(encoded.length).toBe(varintSize(scaled));
        expect(BigInt(new ByteReader(encoded).varint())).toBe(scaled);
      }),
    );
  });

  test('is a bigint only where a number would lose digits', () => {
    const read = (value: bigint) => new ByteReader(written((writer) => writer.varint(value))).varint();
    expect(read(2n ** 53n - 1n)).toBe(2 ** 53 - 1);
    expect(read(2n ** 53n)).toBe(2n ** 53n);
  });

  test('longer than necessary is refused', () => {
    expect(() => new ByteReader(bytes(0xfd, 0xfc, 0)).varint()).toThrow(
      'ReadVarInt: non-canonical varint fc - discriminant fd must encode a value greater than fd',
    );
  });
});

describe('views', () => {
  test('share the memory of the source and are plain arrays', () => {
    const source = Buffer.from([1, 2, 3, 4]);
    const view = new ByteReader(source, 1).bytes(2);
    expect(view).toEqual(bytes(2, 3));
    expect(view.buffer).toBe(source.buffer);
    expect(Buffer.isBuffer(view)).toBe(false);
  });
});

describe('expect', () => {
  test('fails as reading the elements one by one would, before anything is read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.nat(10),
        fc.nat(60),
        (fields, count, length) => {
          const outcome = (read: () => void): string => {
            try {
              read();
              return 'enough';
            } catch (error) {
              return String(error);
            }
          };
          const source = new Uint8Array(length);
          const oneByOne = new ByteReader(source);
          expect(outcome(() => new ByteReader(source).expect(count, ...fields))).toBe(
            outcome(() => {
              for (let i = 0; i < count; i++) for (const field of fields) oneByOne.bytes(field);
            }),
          );
        },
      ),
    );
  });

  test('takes a negative count for none', () => {
    expect(() => new ByteReader(bytes()).expect(-1, 4)).not.toThrow();
  });
});
