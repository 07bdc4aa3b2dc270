import { expect, test } from 'vitest';
import { spend } from '../../dag/testing/fixture.ts';
import { networkParams } from '../../params/index.ts';
import { encodeAddress, pubKeyHashAddress } from '../../script/index.ts';
import { silentLogger } from '../../util/log.ts';
import type { Transaction } from '../../wire/index.ts';
import { RpcDispatcher } from '../dispatcher.ts';
import type { RpcAddressIndex, RpcIndexedTransaction, RpcPorts } from '../ports.ts';
import { idlePorts } from '../testing/idle-ports.ts';
import { rpcMethods } from './index.ts';

const params = networkParams('simnet');
const ADDRESS = encodeAddress(pubKeyHashAddress(new Uint8Array(20).fill(1), params));

/** A transaction that differs from others by its lock time. */
function transaction(lockTime: number, bytes = 0): Transaction {
  const output = { value: 1n, pkScript: new Uint8Array(bytes).fill(0x51) };
  return spend([{ hash: params.genesisHash, index: 0 }], [output], lockTime);
}

/** An index with transactions of blocks and of the pool. */
function index(mined: readonly Transaction[], pool: readonly Transaction[], asked: object[] = []): RpcAddressIndex {
  return {
    confirmed: async (_, query) => {
      asked.push(query);
      const ordered = query.reverse ? [...mined].reverse() : mined;
      const found = ordered.slice(query.skip, query.skip + query.count);
      const places = found.map(
        (tx): RpcIndexedTransaction => ({ block: params.genesisHash, height: 0, bytes: tx.toBytes('witness') }),
      );
      return { skipped: Math.min(query.skip, mined.length), count: found.length, transactions: places };
    },
    unconfirmed: () => pool,
  };
}

async function search(addresses: RpcAddressIndex | undefined, ...more: readonly unknown[]) {
  const ports: Partial<RpcPorts> = addresses ? { addresses } : {};
  const dispatcher = new RpcDispatcher(
    { quirks: false },
    { methods: rpcMethods, ports: idlePorts(ports), logger: silentLogger },
  );
  const caller = { address: '127.0.0.1:1', signal: new AbortController().signal };
  const request = { id: 1, method: 'searchrawtransactions', params: [ADDRESS, ...more] };
  return JSON.parse((await dispatcher.handle(JSON.stringify(request), 'limited', caller)) ?? '');
}

const mined = [1, 2, 3].map((lockTime) => transaction(lockTime));
const pool = [4, 5].map((lockTime) => transaction(lockTime));

test.each([
  [0, 10, false, [1, 2, 3, 4, 5]],
  [0, 10, true, [4, 5, 3, 2, 1]],
  [2, 2, false, [3, 4]],
  [4, 9, false, [5]],
  [1, 2, true, [5, 3]],
  [3, 1, true, [2]],
  [2, 1, true, [3]],
  [-5, 1, false, [1]],
  [0, -1, false, [1]],
])('skip %i, count %i, reverse %s: %j', async (skip, count, reverse, expected) => {
  const { result } = await search(index(mined, pool), 1, skip, count, 0, reverse);
  expect(result.map(({ locktime }: { readonly locktime: number }) => locktime)).toEqual(expected);
});

test('what there is too much of is not collected', async () => {
  const asked: { readonly count: number }[] = [];
  await search(index(mined, pool, asked), 1, 0, 2 ** 40);
  expect(asked[0]?.count).toBe(10_000);
  const large = Array.from({ length: 20 }, (_, number) => transaction(number, 1_000_000));
  expect((await search(index(large, []), 0)).error.message).toContain('too large for one answer');
  expect((await search(index(large, []), 0, 0, 8)).result).toHaveLength(8);
});

test('nothing, and no index', async () => {
  expect((await search(index([], []))).error).toEqual({ code: -5, message: 'No information available about address' });
  expect((await search(index(mined, pool), 1, 0, 0)).result).toBeNull();
  expect((await search(undefined)).error).toEqual({ code: -1, message: 'Address index must be enabled (--addrindex)' });
});
