import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../util/bytes.ts';
import { sha256d, ZERO_HASH } from '../util/hash.ts';
import { arbitraryTransaction } from './testing/arbitraries.ts';
import { NULL_INDEX, Transaction, type TransactionFields } from './transaction.ts';

const input = {
  prevout: { hash: ZERO_HASH, index: NULL_INDEX },
  signatureScript: Uint8Array.of(1, 2),
  sequence: 0xffffffff,
  witness: [],
};
const fields: TransactionFields = {
  version: 1,
  inputs: [input],
  outputs: [{ value: -1n, pkScript: Uint8Array.of(0x51) }],
  lockTime: 7,
};

describe('properties of any transaction', () => {
  test('decoded and built agree in bytes, ids and sizes', () => {
    fc.assert(
      fc.property(arbitraryTransaction, (built) => {
        const bytes = built.toBytes('witness');
        const decoded = Transaction.fromBytes(bytes);
        for (const one of [decoded, decoded.detach()]) {
          expect(one.inputs).toEqual(built.inputs);
          expect(one.outputs).toEqual(built.outputs);
          expect(bytesToHex(one.toBytes('witness'))).toBe(bytesToHex(bytes));
          expect(bytesToHex(one.toBytes('base'))).toBe(bytesToHex(built.toBytes('base')));
          expect(bytesToHex(one.txid)).toBe(bytesToHex(built.txid));
          expect(bytesToHex(one.wtxid)).toBe(bytesToHex(built.wtxid));
          expect([one.size, one.strippedSize, one.weight, one.virtualSize]).toEqual([
            built.size,
            built.strippedSize,
            built.weight,
            built.virtualSize,
          ]);
        }
        expect(built.size).toBe(bytes.length);
        expect(built.strippedSize).toBe(built.toBytes('base').length);
      }),
    );
  });

  test('the id covers the base form only', () => {
    fc.assert(
      fc.property(arbitraryTransaction, (tx) => {
        expect(bytesToHex(tx.txid)).toBe(bytesToHex(sha256d(tx.toBytes('base'))));
        const bare = new Transaction({ ...tx, inputs: tx.inputs.map((one) => ({ ...one, witness: [] })) });
        expect(bytesToHex(bare.txid)).toBe(bytesToHex(tx.txid));
        expect(bytesToHex(bare.wtxid)).toBe(bytesToHex(bare.txid));
      }),
    );
  });
});

test('a witness form with empty stacks only is accepted and encodes shorter', () => {
  const base = new Transaction(fields).toBytes('base');
  const superfluous = Uint8Array.from([...base.subarray(0, 4), 0, 1, ...base.subarray(4, -4), 0, ...base.subarray(-4)]);
  const tx = Transaction.fromBytes(superfluous);
  expect(tx.hasWitness).toBe(false);
  expect(bytesToHex(tx.toBytes('witness'))).toBe(bytesToHex(base));
  expect(tx.size).toBe(base.length);
});

test('memory of small parts is many times their size, and every part counts', () => {
  const memory = (more: Partial<TransactionFields>) => new Transaction({ ...fields, ...more }).memory;
  const base = memory({});
  const outputs = Array.from({ length: 1000 }, () => ({ value: 1n, pkScript: new Uint8Array(0) }));
  const inputs = Array.from({ length: 1000 }, () => ({ ...input, signatureScript: new Uint8Array(0) }));
  const witness = Array.from({ length: 1000 }, () => new Uint8Array(1));
  const tiny = new Transaction({ ...fields, outputs });
  expect(tiny.memory).toBeGreaterThan(15 * tiny.size);
  expect(memory({ inputs })).toBeGreaterThan(base + 400_000);
  expect(memory({ inputs: [{ ...input, witness }] })).toBeGreaterThan(base + 100_000);
});

test('a transaction without inputs can be read in base form only', () => {
  const bytes = new Transaction({ ...fields, inputs: [], outputs: [] }).toBytes();
  expect(Transaction.fromBytes(bytes, 'base').inputs).toEqual([]);
  expect(() => Transaction.fromBytes(bytes)).toThrow('MsgTx.SotoDecode: witness tx but flag byte is 00');
});

test('bytes behind a transaction are refused unless allowed', () => {
  const bytes = Uint8Array.from([...new Transaction(fields).toBytes(), 0]);
  expect(() => Transaction.fromBytes(bytes)).toThrow('1 bytes follow the transaction');
  expect(Transaction.fromBytes(bytes, 'witness', { allowTrailing: true }).lockTime).toBe(7);
});

test('a coinbase has one input, and that spends nothing', () => {
  expect(new Transaction(fields).isCoinbase).toBe(true);
  expect(new Transaction({ ...fields, inputs: [input, input] }).isCoinbase).toBe(false);
  const spending = { ...input, prevout: { hash: ZERO_HASH, index: 0 } };
  expect(new Transaction({ ...fields, inputs: [spending] }).isCoinbase).toBe(false);
});

test('decoded scripts are views; detach gives memory of its own', () => {
  const bytes = Uint8Array.from(new Transaction(fields).toBytes());
  const tx = Transaction.fromBytes(bytes);
  expect(tx.inputs[0].signatureScript.buffer).toBe(bytes.buffer);
  const detached = tx.detach();
  bytes.fill(0);
  expect(bytesToHex(detached.inputs[0].signatureScript)).toBe('0102');
});

test.each([
  ['inputs', '01000000fe617c0c00', 'EOF'],
  ['too many inputs', '01000000fee27c0c00', 'too many input transactions to fit into max message size'],
  ['outputs', '010000000001008fe33800', 'EOF'],
  ['a script of 32 MiB', `0100000001${'00'.repeat(36)}fe00000002`, 'EOF'],
])('announced but absent: %s', (_, hex, message) => {
  expect(() => Transaction.fromBytes(hexToBytes(hex))).toThrow(message);
});
