/**
 * Goal: somebody can pay somebody, and of two conflicting payments everybody knows which one counts. Method: compiled
 * nodes in processes of their own; payments are signed here and enter by RPC.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestKey } from '../../src/node/devnet/keys.ts';
import { networkParams } from '../../src/params/index.ts';
import { bytesToHex, hexToBytes } from '../../src/util/bytes.ts';
import { hashFromHex, hashToHex } from '../../src/util/hash.ts';
import { Block, Transaction } from '../../src/wire/index.ts';
import { type DagInfo, MINING_ADDRESS, NodeProcess, soterd, until } from './process.ts';

const PARAMS = networkParams('simnet');
const SUBSIDY = 50_000_000_000n;
const MATURITY = 100;
/** The key of {@link MINING_ADDRESS}, and one that gets paid. */
const miner = new TestKey(new Uint8Array(32).fill(1), PARAMS);
const friend = new TestKey(new Uint8Array(32).fill(7), PARAMS);

interface TransactionStatus {
  readonly status: string;
  readonly inpool: boolean;
  readonly blueconfirmations: number;
  readonly blocks: readonly { readonly hash: string; readonly state: string; readonly position: number }[];
  readonly lostinputs: readonly { readonly reason: string; readonly winner?: string }[];
}

let cleanUp: (() => Promise<void>)[];

beforeEach(() => {
  cleanUp = [];
});

afterEach(async () => {
  for (const each of cleanUp.reverse()) await each();
});

async function node(...args: string[]): Promise<NodeProcess> {
  const started = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`, '--trickleinterval=100ms', ...args]);
  cleanUp.push(() => started.remove());
  return started;
}

async function connect(from: NodeProcess, to: NodeProcess): Promise<void> {
  await from.call('addnode', `127.0.0.1:${to.p2pPort}`, 'add');
  await until(async () => (await to.call<number>('getconnectioncount')) === 1);
}

/** Waits until both hold the same DAG with this many blocks. */
function agreed(one: NodeProcess, two: NodeProcess, blocks: number): Promise<readonly DagInfo[]> {
  return until(async () => {
    const infos = await Promise.all([one.call<DagInfo>('getdaginfo'), two.call<DagInfo>('getdaginfo')]);
    return infos.every((info) => info.blocks === blocks && info.orderhash === infos[0].orderhash) && infos;
  });
}

/** Pays a coinbase output; 0.1 coins less than it holds, the rest is the fee. */
async function payment(from: NodeProcess, block: string, value = SUBSIDY - 100_000_000n): Promise<Transaction> {
  const { transactions } = Block.fromBytes(hexToBytes(await from.call<string>('getblock', block, false)), 2);
  const outpoint = { hash: transactions[0].txid, index: 0 };
  return miner.pay([{ outpoint, value: SUBSIDY }], [{ value, pkScript: friend.pkScript }]);
}

function send(to: NodeProcess, tx: Transaction): Promise<string> {
  return to.call<string>('sendrawtransaction', bytesToHex(tx.toBytes()));
}

function status(of: NodeProcess, txid: string): Promise<TransactionStatus> {
  return of.call<TransactionStatus>('gettxstatus', txid);
}

describe('payments between two nodes', () => {
  test('a payment enters here, is relayed, mined there, and confirmed by the order', async () => {
    const [one, two] = await Promise.all([node(), node()]);
    await connect(two, one);
    const [first] = await one.call<string[]>('generate', MATURITY);
    const tx = await payment(one, first);
    const txid = hashToHex(tx.txid);
    await agreed(one, two, MATURITY + 1);
    expect(await send(one, tx)).toBe(txid);
    expect(await status(one, txid)).toMatchObject({ status: 'pool', inpool: true, blueconfirmations: 0, blocks: [] });
    await expect(send(one, tx)).rejects.toThrow(`-22: TX rejected: already have transaction ${txid}`);
    await until(async () => (await two.call<string[]>('getrawmempool')).includes(txid));
    expect(await two.call('gettxout', txid, 0)).toMatchObject({ confirmations: 0, value: 49.9 });
    const [block] = await two.call<string[]>('generate', 1);
    await agreed(one, two, MATURITY + 2);
    for (const each of [one, two]) {
      expect(await each.call('getrawmempool')).toEqual([]);
      expect(await each.call('gettxout', hashToHex(tx.inputs[0].prevout.hash), 0)).toBeNull();
      expect(await each.call('gettxout', txid, 0)).toMatchObject({ confirmations: 1, value: 49.9 });
      const { blocks, ...rest } = await status(each, txid);
      expect(rest).toMatchObject({ status: 'applied', inpool: false, blueconfirmations: 1, lostinputs: [] });
      expect(blocks).toMatchObject([{ hash: block, state: 'applied', position: MATURITY + 1 }]);
    }
    await two.call('generate', 5);
    await two.program.end('SIGTERM');
    await two.restart();
    expect(await status(two, txid)).toMatchObject({ status: 'applied', blueconfirmations: 6 });
  });

  test('of a double spend in parallel blocks both nodes name the same winner, and who lost to whom', async () => {
    const [one, two] = await Promise.all([node(), node()]);
    await connect(two, one);
    const [first] = await one.call<string[]>('generate', MATURITY);
    await agreed(one, two, MATURITY + 1);
    await two.call('addnode', `127.0.0.1:${one.p2pPort}`, 'remove');
    await until(async () => (await one.call<number>('getconnectioncount')) === 0);
    const rivals = [await payment(one, first), await payment(one, first, SUBSIDY / 2n)];
    const [a, b] = await Promise.all([send(one, rivals[0]), send(two, rivals[1])]);
    await expect(send(one, rivals[1])).rejects.toThrow(/already spent by transaction .* in the memory pool$/u);
    await Promise.all([one.call('generate', 1), two.call('generate', 1)]);
    await connect(two, one);
    await agreed(one, two, MATURITY + 3);
    await one.call('generate', 1);
    await agreed(one, two, MATURITY + 4);
    const [atOne, atTwo] = await Promise.all(
      [one, two].map(async (each) => [await status(each, a), await status(each, b)]),
    );
    expect(atOne).toEqual(atTwo);
    const [winner, loser] = atOne[0].status === 'applied' ? [a, b] : [b, a];
    expect(await status(one, winner)).toMatchObject({ status: 'applied', blueconfirmations: 3, lostinputs: [] });
    expect(await status(two, loser)).toMatchObject({
      status: 'ignored',
      blueconfirmations: 0,
      blocks: [{ state: 'ignored' }],
      lostinputs: [{ reason: 'spent', winner }],
    });
    const child = friend.pay([{ outpoint: { hash: hashFromHex(loser), index: 0 }, value: 1000n }], []);
    await expect(
      send(one, new Transaction({ ...child, outputs: [{ value: 1n, pkScript: miner.pkScript }] })),
    ).rejects.toThrow(`references outputs of unknown or fully-spent transaction ${loser}`);
  });

  test('a miner outside of the node builds a block from a template, and learns of new work', async () => {
    const [one] = await Promise.all([node()]);
    await one.call('generate', 3);
    interface Template {
      readonly longpollid: string;
      readonly height: number;
      readonly submitold?: boolean;
      readonly parents: readonly { readonly hash: string; readonly data: string }[];
    }
    const template = await one.call<Template>('getblocktemplate');
    const { tips } = await one.call<DagInfo>('getdaginfo');
    expect(template.parents.map(({ hash }) => hash)).toEqual(tips);
    const waiting = one.call<Template>('getblocktemplate', { longpollid: template.longpollid });
    await one.call('generate', 1);
    expect(await waiting).toMatchObject({ height: template.height + 1, submitold: false });
    // Nobody waits any longer than the node lives.
    const next = await one.call<Template>('getblocktemplate');
    const last = one.call('getblocktemplate', { longpollid: next.longpollid }).catch(() => undefined);
    await one.call('stop');
    expect((await one.program.ended).code).toBe(0);
    await last;
  });
});

describe('devnet with payments', () => {
  test('nothing is lost, and all nodes agree on every double spend', async () => {
    const home = mkdtempSync(join(tmpdir(), 'soterd-payments-'));
    cleanUp.push(async () => rmSync(home, { recursive: true, force: true }));
    const args = ['devnet', '--port=0', '--interval=200ms', '--nodes=3', '--tps=30', `--datadir=${home}/net`];
    const devnet = soterd(args, home);
    cleanUp.push(async () => {
      await devnet.end('SIGKILL');
    });
    const stable = () => Number(/payments \d+\/\d+\/(\d+) .*\n$/u.exec(devnet.stdout)?.[1] ?? 0);
    await until(() => stable() >= 150);
    const { code, stdout, stderr } = await devnet.end('SIGINT');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ {2}lost 0 {2}refused 0/u);
    const [, decided, agreed] = /decided (\d+) {2}all nodes agree on (\d+)/u.exec(stdout)!;
    expect(Number(decided)).toBeGreaterThan(0);
    expect(agreed).toBe(decided);
  });
});
