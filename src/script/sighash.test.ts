import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, concatBytes, hexToBytes } from '../util/bytes.ts';
import { sha256d } from '../util/hash.ts';
import { ByteWriter, Transaction, type TxInput, type TxOutput } from '../wire/index.ts';
import { Op } from './opcodes.ts';
import { parsePrefix } from './parse.ts';
import { legacySignatureHash, removeSignature, witnessSignatureHash } from './sighash.ts';
import { SigHashCache } from './sighash-cache.ts';

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const u32 = fc.integer({ min: 0, max: 0xffffffff });

const transaction = fc
  .record({
    version: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
    inputs: fc.array(
      fc.record({
        prevout: fc.record({ hash: fc.uint8Array({ minLength: 32, maxLength: 32 }), index: u32 }),
        signatureScript: bytes(20),
        sequence: u32,
        witness: fc.array(bytes(5), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    outputs: fc.array(fc.record({ value: fc.bigInt({ min: -1n, max: 2n ** 50n }), pkScript: bytes(300) }), {
      maxLength: 5,
    }),
    lockTime: u32,
  })
  .map((fields) => new Transaction(fields));

/** The legacy algorithm as it is usually told: change a copy of the transaction and serialise that. */
function slowLegacyHash(tx: Transaction, code: Uint8Array, index: number, hashType: number): string {
  const masked = hashType & 0x1f;
  if (masked === 3 && index >= tx.outputs.length) return `01${'00'.repeat(31)}`;
  let inputs: TxInput[] = tx.inputs.map((input, i) => ({
    ...input,
    witness: [],
    signatureScript: i === index ? code : new Uint8Array(),
    sequence: i !== index && (masked === 2 || masked === 3) ? 0 : input.sequence,
  }));
  let outputs: TxOutput[] = [...tx.outputs];
  if (masked === 2) outputs = [];
  if (masked === 3)
    outputs = outputs
      .slice(0, index + 1)
      .map((output, i) => (i < index ? { value: -1n, pkScript: new Uint8Array() } : output));
  if (hashType & 0x80) inputs = [inputs[index]];
  const writer = new ByteWriter();
  new Transaction({ version: tx.version, inputs, outputs, lockTime: tx.lockTime }).write(writer, 'base');
  writer.u32(hashType);
  return bytesToHex(sha256d(writer.finish()));
}

describe('legacy signature hash', () => {
  test('equals the hash of a changed copy', () => {
    fc.assert(
      fc.property(transaction, fc.nat(4), fc.oneof(u32, fc.nat(255)), (tx, position, hashType) => {
        const index = position % tx.inputs.length;
        const code = Uint8Array.of(Op.DUP, Op.CODESEPARATOR, 2, Op.CODESEPARATOR, 7, Op.CODESEPARATOR, Op.CHECKSIG);
        const expected = slowLegacyHash(
          tx,
          Uint8Array.of(Op.DUP, 2, Op.CODESEPARATOR, 7, Op.CHECKSIG),
          index,
          hashType,
        );
        const cache = new SigHashCache(tx);
        for (let i = 0; i < 2; i++)
          expect(bytesToHex(legacySignatureHash(cache, code, index, hashType))).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('refuses an input that is not there', () => {
    const tx = new Transaction({ version: 1, inputs: [], outputs: [], lockTime: 0 });
    expect(() => legacySignatureHash(new SigHashCache(tx), new Uint8Array(), 0, 1)).toThrow('index 0');
    expect(() => witnessSignatureHash(new SigHashCache(tx), new Uint8Array(), 0, 0n, 1)).toThrow('index 0');
  });
});

describe('removal of signatures', () => {
  const signature = hexToBytes('aabbcc');

  test.each([
    ['exact push', '03aabbcc51', '51'],
    ['push that contains it', '0500aabbccff51', '51'],
    ['beginning of a push', '02aabb51', '02aabb51'],
    ['across two pushes', '02aabb01cc', '02aabb01cc'],
    ['push in a longer form than needed', '4c03aabbcc51', '4c03aabbcc51'],
    ['several times', '03aabbccac03aabbcc', 'ac'],
    ['absent', '76a9ac', '76a9ac'],
  ])('%s', (_name, script, expected) => {
    expect(bytesToHex(removeSignature(hexToBytes(script), signature))).toBe(expected);
  });

  test('an empty signature removes everything but needlessly long pushes', () => {
    expect(bytesToHex(removeSignature(hexToBytes('0051ac4c01aa01077503aabbcc'), new Uint8Array()))).toBe('4c01aa0107');
  });

  test('what does not contain the signature stays as it was', () => {
    fc.assert(
      fc.property(bytes(80), bytes(4), (script, needle) => {
        if (needle.length === 0 || parsePrefix(script).error) return;
        if (Buffer.from(script).includes(Buffer.from(needle))) return;
        expect(removeSignature(script, needle)).toBe(script);
      }),
    );
  });
});

describe('witness signature hash', () => {
  // The example of BIP 143 for a native pay-to-witness-pubkey-hash input.
  const tx = Transaction.fromBytes(
    hexToBytes(
      '0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffff' +
        'ef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff' +
        '02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac' +
        '9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000',
    ),
  );
  const code = hexToBytes('76a9141d0f172a0ecb48aee1be1f2687d2963ae33f71a188ac');

  test('BIP 143, native key hash', () => {
    const cache = new SigHashCache(tx);
    expect(bytesToHex(cache.hashPrevouts)).toBe('96b827c8483d4e9b96712b6713a7b68d6e8003a781feba36c31143470b4efd37');
    expect(bytesToHex(cache.hashSequence)).toBe('52b0a642eea2fb7ae638c36f6252b6750293dbe574a806984b8e4d8548339a3b');
    expect(bytesToHex(cache.hashOutputs)).toBe('863ef3e1a92afbfdb97f31ad0fc7683ee943e9abcf2501590ff8f6551f47e5e5');
    expect(bytesToHex(witnessSignatureHash(cache, code, 1, 600_000_000n, 1))).toBe(
      'c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670',
    );
  });

  test('covers what the hash type says', () => {
    const hash = (type: number, changed: Partial<Transaction> = {}): string => {
      const { version, inputs, outputs, lockTime } = tx;
      const other = new Transaction({ version, inputs, outputs, lockTime, ...changed });
      return bytesToHex(witnessSignatureHash(new SigHashCache(other), code, 1, 600_000_000n, type));
    };
    const otherSequence = { inputs: [{ ...tx.inputs[0], sequence: 5 }, tx.inputs[1]] };
    const otherPrevout = { inputs: [{ ...tx.inputs[0], prevout: tx.inputs[1].prevout }, tx.inputs[1]] };
    const ownOutput = { outputs: [tx.outputs[0], { ...tx.outputs[1], value: 1n }] };
    const otherOutput = { outputs: [{ ...tx.outputs[0], value: 1n }, tx.outputs[1]] };
    const covered = (type: number): boolean[] =>
      [otherPrevout, otherSequence, ownOutput, otherOutput].map((change) => hash(type, change) !== hash(type));
    expect(covered(0x01)).toEqual([true, true, true, true]);
    expect(covered(0x02)).toEqual([true, false, false, false]);
    expect(covered(0x03)).toEqual([true, false, true, false]);
    expect(covered(0x81)).toEqual([false, false, true, true]);
    expect(covered(0x82)).toEqual([false, false, false, false]);
    expect(covered(0x83)).toEqual([false, false, true, false]);
    // Undefined types: the bit test of the reference, not the comparison of BIP 143.
    expect(covered(0x00)).toEqual([true, true, true, true]);
    expect(covered(0x04)).toEqual([true, true, true, true]);
    expect(covered(0x06)).toEqual([true, true, false, false]);
  });

  test('the amount and the script code are covered', () => {
    const cache = new SigHashCache(tx);
    const base = bytesToHex(witnessSignatureHash(cache, code, 1, 600_000_000n, 1));
    expect(bytesToHex(witnessSignatureHash(cache, code, 1, 600_000_001n, 1))).not.toBe(base);
    expect(bytesToHex(witnessSignatureHash(cache, concatBytes(code, code), 1, 600_000_000n, 1))).not.toBe(base);
  });
});
