import { expect, test } from 'vitest';
import { silentLogger } from '../../util/log.ts';
import { RpcDispatcher } from '../dispatcher.ts';
import type { RpcPorts } from '../ports.ts';
import { idlePorts } from '../testing/idle-ports.ts';
import { rpcMethods } from './index.ts';

async function call(method: string, params: readonly unknown[], ports: Partial<RpcPorts>, user: 'admin' | 'limited') {
  const dispatcher = new RpcDispatcher(
    { quirks: false },
    { methods: rpcMethods, ports: idlePorts(ports), logger: silentLogger },
  );
  const caller = { address: '127.0.0.1:1', signal: new AbortController().signal };
  return JSON.parse((await dispatcher.handle(JSON.stringify({ id: 1, method, params }), user, caller)) ?? '');
}

const report = { blocks: 5, positions: 4, outputs: 9, seconds: 0.5 };

test('getdaginfo: everything that is known, and no size on disk where there is no disk', async () => {
  const reorders = { count: 3, lastDepth: 1, greatestDepth: 2 };
  const { result } = await call('getdaginfo', [], { reorders }, 'admin');
  expect(result).toMatchObject({
    blocks: 1,
    minheight: 0,
    maxheight: 0,
    transactions: 1,
    virtualbluescore: 1,
    orderlength: 1,
    outputs: 1,
    orphans: 0,
    current: false,
    reorders: 3,
    lastreorderdepth: 1,
    maxreorderdepth: 2,
    indexbytes: 0,
  });
  expect(result).not.toHaveProperty('databasebytes');
  expect(result).not.toHaveProperty('sync');
  const syncProgress = () => ({ blocksPerSecond: 1234.567, heightsLeft: 1000, secondsLeft: 0.81 });
  const peers = { ...idlePorts().peers, syncProgress };
  expect((await call('getdaginfo', [], { peers }, 'admin')).result.sync).toEqual({
    blockspersecond: 1234.6,
    heightsleft: 1000,
    secondsleft: 1,
  });
  const database = { bytes: 4096, verify: async () => ({ ...report, difference: undefined }) };
  expect((await call('getdaginfo', [], { database }, 'admin')).result.databasebytes).toBe(4096);
});

test('verifydag: the report, the first difference, or why there is none', async () => {
  const asked: boolean[] = [];
  const database = (difference: string | undefined) => ({
    bytes: 0,
    verify: async (scripts: boolean) => {
      asked.push(scripts);
      return { ...report, difference };
    },
  });
  expect((await call('verifydag', [], { database: database(undefined) }, 'admin')).result).toEqual({
    valid: true,
    ...report,
  });
  expect((await call('verifydag', [true], { database: database('block 3: …') }, 'admin')).result).toEqual({
    valid: false,
    difference: 'block 3: …',
    ...report,
  });
  expect(asked).toEqual([false, true]);
  const busy = {
    bytes: 0,
    verify: async () => {
      throw new Error('a verification is running already');
    },
  };
  expect((await call('verifydag', [], { database: busy }, 'admin')).error).toEqual({
    code: -1,
    message: 'a verification is running already',
  });
  expect((await call('verifydag', [], {}, 'admin')).error.message).toBe('there is no database');
  expect((await call('verifydag', [], {}, 'limited')).error.code).toBe(-32602);
});
