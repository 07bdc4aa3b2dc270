import { describe, expect, test } from 'vitest';
import { bytesToHex } from '../util/bytes.ts';
import { checkWitnessCommitment } from '../wire/index.ts';
import { coinbaseScript, coinbaseTransaction, withExtraNonce } from './coinbase.ts';

describe('coinbase script', () => {
  const flags = '0d2f503253482f736f746572642f';
  const cases: [height: number, extraNonce: bigint, prefix: string][] = [
    [0, 0n, '0000'],
    [1, 16n, '5160'],
    [16, 17n, '600111'],
    [127, 128n, '017f028000'],
    [256, 255n, '02000102ff00'],
    [8_388_608, 1n, '040000800051'],
    [1, 2n ** 64n - 1n, '514f'],
    [1, 2n ** 64n - 2n, '510182'],
    [1, 2n ** 63n - 1n, '5108ffffffffffffff7f'],
    // soterd 2.1.1 crashes on this one.
    [1, 2n ** 63n, '5109000000000000008080'],
    [1, 2n ** 63n + 1n, '5108ffffffffffffffff'],
  ];
  for (const [height, extraNonce, prefix] of cases) {
    test(`height ${height}, extra nonce ${extraNonce}`, () => {
      expect(bytesToHex(coinbaseScript(height, extraNonce))).toBe(prefix + flags);
    });
  }

  test('never exceeds the limit of 100 bytes', () => {
    expect(coinbaseScript(2 ** 31 - 1, 2n ** 63n).length).toBeLessThanOrEqual(100);
  });
});

describe('coinbase transaction', () => {
  test('pays an address, or anyone', () => {
    const payTo = Uint8Array.of(0x51, 0x52);
    expect(coinbaseTransaction({ height: 5, value: 7n, payTo }).outputs).toEqual([{ value: 7n, pkScript: payTo }]);
    expect(coinbaseTransaction({ height: 5, value: 7n }).outputs[0].pkScript).toEqual(Uint8Array.of(0x51));
    const coinbase = coinbaseTransaction({ height: 5, value: 7n });
    expect(coinbase.isCoinbase).toBe(true);
    expect(coinbase).toMatchObject({ version: 1, lockTime: 0 });
    expect(coinbase.inputs[0].sequence).toBe(0xffffffff);
  });

  test('with a commitment has a last output and a witness, which another extra nonce keeps', () => {
    const commitment = new Uint8Array(32).fill(9);
    const coinbase = withExtraNonce(coinbaseTransaction({ height: 5, value: 7n, commitment }), 5, 77n);
    expect(bytesToHex(coinbase.outputs[1].pkScript)).toBe(`6a24aa21a9ed${'09'.repeat(32)}`);
    expect(coinbase.inputs[0].witness).toEqual([new Uint8Array(32)]);
    expect(bytesToHex(coinbase.inputs[0].signatureScript)).toMatch(/^55014d/);
    expect(checkWitnessCommitment([coinbase])?.kind).toBe('mismatch');
    const without = coinbaseTransaction({ height: 5, value: 7n });
    expect(coinbase.weight - withExtraNonce(without, 5, 77n).weight).toBe(224);
  });
});
