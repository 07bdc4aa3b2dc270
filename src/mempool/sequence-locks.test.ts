import { expect, test } from 'vitest';
import { sequenceLock } from './sequence-locks.ts';
import { FakePoolDag, fakeHash } from './testing/fake-dag.ts';
import { pay, testPool } from './testing/payments.ts';

const OUTPUT = { value: 1n, pkScript: new Uint8Array(0), height: 150, isCoinbase: false };
const confirmed = { output: OUTPUT, parent: undefined };
const outpoint = { hash: fakeHash(1), index: 0 };
const IS_TIME = 1 << 22;

test('heights count from the block of the output', () => {
  const dag = new FakePoolDag();
  const lock = (sequence: number, version = 2): unknown =>
    sequenceLock(pay([outpoint], { sequence, version }), [confirmed], 200, dag);
  expect(lock(0)).toEqual({ height: 149, time: -1 });
  expect(lock(51)).toEqual({ height: 200, time: -1 });
  expect(lock(0x1ffff)).toEqual({ height: 149 + 0xffff, time: -1 });
  expect(lock(51, 1), 'version 1').toEqual({ height: -1, time: -1 });
  expect(lock(51, -2), 'negative versions are exempt').toEqual({ height: -1, time: -1 });
  expect(lock(0x8000_0033), 'switched off').toEqual({ height: -1, time: -1 });
});

test('times count from the median time of the block before', () => {
  const dag = new FakePoolDag();
  dag.setMedianTime(149, 1_000_000);
  const tx = pay([outpoint], { sequence: IS_TIME | 3, version: 2 });
  expect(sequenceLock(tx, [confirmed], 200, dag)).toEqual({ height: -1, time: 1_000_000 + 3 * 512 - 1 });
});

test('the strictest input counts', () => {
  const dag = new FakePoolDag();
  const tx = pay([outpoint, { hash: fakeHash(2), index: 0 }], { sequence: 10, version: 2 });
  const spent = [confirmed, { output: { ...OUTPUT, height: 170 }, parent: undefined }];
  expect(sequenceLock(tx, spent, 200, dag).height).toBe(179);
});

test('an unconfirmed parent has the present height: lock 1 passes, lock 2 does not', () => {
  for (const [sequence, passes] of [
    [1, true],
    [2, false],
  ] as const) {
    const { pool, dag } = testPool();
    const parent = pay([dag.fund()], { values: [50_000_000n] });
    pool.submit(parent);
    const child = pay([{ hash: parent.txid, index: 0 }], { sequence, version: 2 });
    if (passes) expect(pool.submit(child)).toHaveLength(1);
    else expect(() => pool.submit(child)).toThrow("transaction's sequence locks on inputs not met");
  }
});
