import { expect, test } from 'vitest';
import { spend, testParams } from '../dag/testing/fixture.ts';
import { type Address, payToAddress, pubKeyHashAddress } from '../script/index.ts';
import { hashKey, ZERO_HASH } from '../util/hash.ts';
import type { OutPoint, Transaction } from '../wire/index.ts';
import { PoolAddresses } from './pool-addresses.ts';

const address = (number: number): Address => pubKeyHashAddress(new Uint8Array(20).fill(number), testParams);
const output = (number: number) => ({ value: 1n, pkScript: payToAddress(address(number)) });

test('finds what pays to an address and what spends from it, in blocks and in the pool, until it leaves', () => {
  const pool = new Map<string, Transaction>();
  const mined: OutPoint = { hash: ZERO_HASH, index: 7 };
  const addresses = new PoolAddresses(testParams, { transaction: (txid) => pool.get(hashKey(txid)) }, (outpoint) =>
    outpoint.index === mined.index ? output(1).pkScript : undefined,
  );
  const enter = (tx: Transaction) => {
    pool.set(hashKey(tx.txid), tx);
    addresses.add(tx);
  };
  const first = spend([mined], [output(2), output(2), { value: 1n, pkScript: new Uint8Array(0) }]);
  const second = spend(
    [
      { hash: first.txid, index: 1 },
      { hash: ZERO_HASH, index: 0 },
    ],
    [output(3)],
  );
  enter(first);
  enter(second);
  expect(addresses.find(address(1))).toEqual([first]);
  expect(addresses.find(address(2))).toEqual([first, second]);
  expect(addresses.find(address(3))).toEqual([second]);
  addresses.remove(first.txid);
  pool.delete(hashKey(first.txid));
  addresses.remove(first.txid);
  expect(addresses.find(address(1))).toEqual([]);
  expect(addresses.find(address(2))).toEqual([second]);
  addresses.remove(second.txid);
  expect(addresses.find(address(2))).toEqual([]);
});
