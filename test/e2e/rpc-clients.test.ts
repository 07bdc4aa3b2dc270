/**
 * Goal: programs that were not written for this node can talk to it. Method: client libraries from npm, one of bitcoind's family
 * (JSON-RPC 1.0) and a strict one for 2.0, and curl with the commands of docs/rpc.md as they are printed, each against a running node.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import RpcClient from 'bitcoind-rpc';
import { JSONRPCClient, type JSONRPCResponse } from 'json-rpc-2.0';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, MINING_ADDRESS, NodeProcess, type Program, soterd, until } from './process.ts';

const AUTHORIZATION = `Basic ${Buffer.from('user:pass').toString('base64')}`;

describe('a node with all indexes', () => {
  let node: NodeProcess;
  let hashes: readonly string[];

  beforeAll(async () => {
    node = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`, '--addrindex', '--cfilters']);
    hashes = await node.call('generate', 3);
  });
  afterAll(() => node.remove());

  describe('and bitcoind-rpc', () => {
    const call = <T>(method: string, ...params: readonly unknown[]): Promise<T> => {
      const client = new RpcClient({
        protocol: 'http',
        user: 'user',
        pass: 'pass',
        host: '127.0.0.1',
        port: node.rpcPort,
      });
      return new Promise((resolve, reject) => {
        client[method]!(...params, (error: unknown, answer: { readonly result: T }) =>
          error ? reject(error) : resolve(answer.result),
        );
      });
    };

    test('blocks, transactions and addresses', async () => {
      expect(await call('getBlockCount')).toBe(4);
      expect(await call('getBestBlockHash')).toBe(hashes[2]);
      expect(await call('getBlockHash', 1)).toEqual([hashes[0]]);
      const block = await call<{ readonly height: number; readonly tx: readonly string[] }>('getBlock', hashes[1]);
      expect(block.height).toBe(2);
      const transaction = await call<{ readonly blockhash: string; readonly hex: string }>(
        'getRawTransaction',
        block.tx[0],
        1,
      );
      expect(transaction.blockhash).toBe(hashes[1]);
      expect(await call('decodeRawTransaction', transaction.hex)).toMatchObject({ txid: block.tx[0] });
      expect(await call('validateAddress', MINING_ADDRESS)).toEqual({ isvalid: true, address: MINING_ADDRESS });
      expect(await call('getRawMemPool')).toEqual([]);
      expect(await call('getMiningInfo')).toMatchObject({ blocks: 4, generate: false });
    });

    test('errors', async () => {
      await expect(call('getBlock', '00'.repeat(32))).rejects.toMatchObject({ code: -5, message: 'Block not found' });
      await expect(call('getBlockHash', 99)).rejects.toMatchObject({ code: -1 });
    });
  });

  describe('and json-rpc-2.0', () => {
    const statuses: number[] = [];
    const client: JSONRPCClient = new JSONRPCClient(async (payload) => {
      const response = await fetch(`http://127.0.0.1:${node.rpcPort}/`, {
        method: 'POST',
        headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
        body: JSON.stringify(payload),
      });
      statuses.push(response.status);
      if (response.status !== 204) client.receive((await response.json()) as JSONRPCResponse);
    });

    test('parameters by position and by name, errors, requests without answer', async () => {
      expect(await client.request('getblockhash', [1])).toEqual([hashes[0]]);
      expect(await client.request('getblockheader', { hash: hashes[0], verbose: true })).toMatchObject({ height: 1 });
      await expect(client.request('getblock', { hash: '00' })).rejects.toThrow('Block not found');
      await expect(client.request('nosuch', [])).rejects.toThrow('Method not found');
      client.notify('ping', []);
      await until(() => statuses.at(-1) === 204);
    });

    test('a batch is answered in its order', async () => {
      const batch = ['getblockcount', 'getbestblockhash', 'nosuch'].map((method, id) => ({
        jsonrpc: '2.0' as const,
        id,
        method,
      }));
      const answers = await client.requestAdvanced(batch);
      expect(answers.map(({ id }) => id)).toEqual([0, 1, 2]);
      expect(answers.map(({ result }) => result)).toEqual([4, hashes[2], undefined]);
      expect(answers[2]?.error?.code).toBe(-32601);
    });
  });

  test('committed filters and searches by address', async () => {
    expect(await node.call('getcfilter', hashes[0], 0)).toMatch(/^01[0-9a-f]+$/u);
    expect(await node.call('getcfilterheader', hashes[0], 0)).toMatch(/^[0-9a-f]{64}$/u);
    expect(await node.call('searchrawtransactions', MINING_ADDRESS)).toHaveLength(3);
  });
});

test('indexes that are switched on later, dropped and switched on again', async () => {
  const node = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`]);
  try {
    await node.call('generate', 5);
    await expect(node.call('searchrawtransactions', MINING_ADDRESS)).rejects.toThrow('Address index must be enabled');
    await node.program.end();
    await node.restart(['--addrindex', '--cfilters']);
    expect(node.program.stdout).toMatch(
      /INDX: Catching up indexes from height -1 to 5\n.*INDX: Indexes caught up to height 5\n.*CHAN: Chain state/u,
    );
    expect(await node.call('searchrawtransactions', MINING_ADDRESS)).toHaveLength(5);
    await node.call('generate', 2);
    await node.program.end();
    const dropped = await soterd(['--simnet', '--droptxindex'], node.home).ended;
    expect(dropped.code).toBe(0);
    expect(dropped.stdout).toMatch(
      /INDX: Dropped address index \(\d+ entries\)\n.*\n.*INDX: Dropped transaction index/u,
    );
    await node.restart(['--txindex', '--cfilters']);
    await expect(node.call('searchrawtransactions', MINING_ADDRESS)).rejects.toThrow('Address index must be enabled');
    const [hash] = await node.call<readonly string[]>('getblockhash', 7);
    const { tx } = await node.call<{ readonly tx: readonly string[] }>('getblock', hash);
    expect(await node.call('getrawtransaction', tx[0], 1)).toMatchObject({ blockhash: hash });
    expect(await node.call('gettxstatus', tx[0])).toMatchObject({ status: 'applied' });
    expect(await node.call('getcfilter', hash, 0)).not.toBe('');
  } finally {
    await node.remove();
  }
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** Commands of docs/rpc.md; without the file nothing is tested. */
const commands =
  /^## With curl\n.*?```sh\n(.*?)```/msu.exec(readFileSync('docs/rpc.md', 'utf8'))?.[1]?.trim().split('\n') ?? [];

test('docs/rpc.md has commands for curl', () => expect(commands).toHaveLength(3));

describe.skipIf(!hasCurl)('curl as in docs/rpc.md (skipped if it is not installed)', () => {
  let home: string;
  let port: number;
  let program: Program;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'soterd-curl-'));
    port = await freePort();
    program = soterd(
      ['--simnet', '--nolisten', '--rpcuser=user', '--rpcpass=pass', `--rpclisten=127.0.0.1:${port}`],
      home,
    );
    await until(() => program.stdout.includes('RPC server listening'));
  });
  afterAll(async () => {
    await program.end('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  const run = async (command: string): Promise<unknown> => {
    const filled = command.replace('USER:PASSWORD', 'user:pass').replace('8334', String(port));
    const { stdout } = await promisify(execFile)('sh', ['-c', filled], { env: { ...process.env, HOME: home } });
    expect(stdout.split('\n')).toHaveLength(2);
    return JSON.parse(stdout);
  };

  test('a call, a batch, and the description', async () => {
    const [call = '', batch = '', description = ''] = commands;
    expect(await run(call)).toMatchObject({ result: [expect.stringMatching(/^[0-9a-f]{64}$/u)], error: null, id: 1 });
    expect(await run(batch)).toMatchObject([
      { jsonrpc: '2.0', result: 1, id: 1 },
      { jsonrpc: '2.0', result: { blkcount: 1 }, id: 2 },
    ]);
    expect(await run(description)).toMatchObject({ openrpc: '1.3.2' });
  });
});
