/**
 * Goal: the programs as a user meets them. Method: compiled soterd and soterctl in processes of their own, with empty
 * home folders, real files, real TCP.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { measureSync } from '../../bench/sync.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import {
  type DagInfo,
  dagInfo,
  type Ended,
  freePort,
  MINING_ADDRESS,
  NodeProcess,
  soterctl,
  soterd,
  until,
} from './process.ts';

const STACK_TRACE = /^\s+at .*:\d+/mu;

let cleanUp: (() => Promise<void> | void)[];

beforeEach(() => {
  cleanUp = [];
});

afterEach(async () => {
  for (const each of cleanUp.reverse()) await each();
});

async function node(...args: string[]): Promise<NodeProcess> {
  const started = await NodeProcess.start(args);
  cleanUp.push(() => started.remove());
  return started;
}

function home(): string {
  const folder = mkdtempSync(join(tmpdir(), 'soterd-home-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function expectOneClearLine({ code, stdout, stderr }: Ended, text: string | RegExp): void {
  expect(code).toBe(1);
  expect(stdout + stderr).toMatch(text);
  expect(stdout + stderr).not.toMatch(STACK_TRACE);
}

describe('one node', () => {
  test('mines, stops by RPC, and holds the same state when started again', async () => {
    const one = await node(`--miningaddr=${MINING_ADDRESS}`);
    const hashes = await one.call<string[]>('generate', 12);
    expect(new Set(hashes).size).toBe(12);
    expect(await one.call('getblockcount')).toBe(13);
    const before = await dagInfo(one);
    const coloring = await one.call('getdagcoloring');
    expect(before.tips).toEqual([hashes.at(-1)]);
    expect(await one.call('stop')).toBe('soterd stopping.');
    expect((await one.program.ended).code).toBe(0);
    await one.restart();
    expect(await dagInfo(one)).toEqual(before);
    expect(await one.call('getdagcoloring')).toEqual(coloring);
    expect(await one.call('getbestblockhash')).toBe(hashes.at(-1));
  });

  test('ends with code 0 on a signal and says so', async () => {
    const one = await node();
    const { code, stdout } = await one.program.end('SIGTERM');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\[INF\] SOTERD: Received signal \(terminated\)\. {2}Shutting down\.\.\./u);
    expect(stdout).toMatch(/\[INF\] SOTERD: Shutdown complete\n$/u);
  });

  test('a second process on the same data is refused in one line, the first one lives on', async () => {
    const one = await node();
    const args = ['--simnet', '--norpc', `--listen=127.0.0.1:${await freePort()}`];
    expectOneClearLine(
      await soterd(args, one.home).ended,
      /\[CRT\] SOTERD: the data folder .* is in use by process \d+/u,
    );
    expect(await one.call('getblockcount')).toBe(1);
  });

  test('ports in use give one clear line', async () => {
    const one = await node();
    const p2p = ['--simnet', '--norpc', `--listen=127.0.0.1:${one.p2pPort}`];
    expectOneClearLine(await soterd(p2p, home()).ended, /no valid listen address/u);
    const rpc = ['--simnet', '--notls', '--nolisten', '-u', 'a', '-P', 'b', `--rpclisten=127.0.0.1:${one.rpcPort}`];
    const folder = home();
    expectOneClearLine(await soterd(rpc, folder).ended, /RPCS: No valid listen address/u);
    // That was found before anything was opened.
    expect(existsSync(join(folder, '.soterd/data'))).toBe(false);
  });

  test('serves HTTPS with a certificate of its own that soterctl trusts', async () => {
    const folder = home();
    const [rpc, p2p] = [await freePort(), await freePort()];
    const args = ['--simnet', '-u', 'u', '-P', 'p', `--rpclisten=127.0.0.1:${rpc}`, `--listen=127.0.0.1:${p2p}`];
    const program = soterd(args, folder);
    cleanUp.push(() => program.end('SIGKILL').then(() => undefined));
    await until(() => program.stdout.includes('RPC server listening'));
    const server = [`--rpcserver=127.0.0.1:${rpc}`, '-u', 'u', '-P', 'p'];
    expect(await soterctl([...server, 'getblockcount'], folder)).toMatchObject({ code: 0, stdout: '1\n' });
    expect(await soterctl([...server, 'getbestblock'], folder)).toMatchObject({
      code: 0,
      stdout: '{\n  "hash": "5f2694c9f5d5808adf308c62995154d29596c36c554b15d3d95cdd6bebaf6cb2",\n  "height": 0\n}\n',
    });
    const wrong = await soterctl([`--rpcserver=127.0.0.1:${rpc}`, '-u', 'u', '-P', 'x', 'getblockcount'], folder);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('401 Unauthorized.\n');
    expect((await program.end('SIGINT')).code).toBe(0);
  });
});

describe('mistakes of the operator end with code 1 and one clear line', () => {
  test.each<[string, string[], RegExp]>([
    ['an unknown flag', ['--simnett'], /unknown flag `simnett'/u],
    ['two networks', ['--simnet', '--testnet'], /can't be used together/u],
    ['mining without an address', ['--simnet', '--generate'], /no mining addresses specified/u],
    ['a bad address', ['--simnet', '--miningaddr=x'], /mining address 'x' failed to decode/u],
    ['a bad duration', ['--simnet', '--banduration=5'], /missing unit in duration/u],
    ['a missing network file', ['--simnet', '--netcfgfile=/nowhere'], /nowhere/u],
    ['a data folder below a file', ['--simnet', '--norpc', '--datadir=/dev/null/x'], /dev\/null/u],
    ['an option of devnet', ['devnet', '--nodes=0'], /--nodes must be a whole number from 1 to 16/u],
    ['an unknown option of devnet', ['devnet', '--nods=1'], /Unknown option '--nods'/u],
  ])('%s', async (_, args, text) => {
    const listen = args[0] === 'devnet' ? [] : ['--nolisten'];
    expectOneClearLine(await soterd([...args, ...listen], home()).ended, text);
  });

  test('a configuration file with an unknown key', async () => {
    const folder = home();
    const file = join(folder, 'x.conf');
    writeFileSync(file, 'simnet=1\nfoo=bar\n');
    expectOneClearLine(await soterd(['-C', file], folder).ended, /x\.conf:2: unknown option: foo/u);
  });
});

describe('nodes over TCP', () => {
  test('a fresh node fetches a DAG with forks from two others: equal tips, order, colours and outputs', async () => {
    const { seconds } = await measureSync({ blocks: 700, sources: 2 });
    expect(seconds).toBeGreaterThan(0);
  });

  test('a node that is killed again and again on the way opens at once and goes on', async () => {
    const { counts } = await measureSync({ blocks: 1500, kills: 4 });
    expect(counts).toHaveLength(4);
    // While catching up two commits of 256 blocks may be on their way to the disk.
    for (const { before, after } of counts) expect(after).toBeGreaterThanOrEqual(before - 2 * 256);
  });

  test('a mined block reaches the other node, and both come to one DAG after mining apart', async () => {
    const [one, two] = await Promise.all([
      node(`--miningaddr=${MINING_ADDRESS}`),
      node(`--miningaddr=${MINING_ADDRESS}`),
    ]);
    await one.call('generate', 3);
    await two.call('generate', 3);
    await two.call('addnode', `127.0.0.1:${one.p2pPort}`, 'add');
    await until(async () => (await one.call<number>('getconnectioncount')) === 1);
    const [mined] = await one.call<string[]>('generate', 1);
    await until(async () => (await two.call<DagInfo>('getdaginfo')).tips.includes(mined));
    // The next block of either side names the tips of both forks.
    await two.call('generate', 1);
    const [a, b] = await until(async () => {
      const infos = await Promise.all([one.call<DagInfo>('getdaginfo'), two.call<DagInfo>('getdaginfo')]);
      return infos[0].tipshash === infos[1].tipshash && infos[0].blocks === 9 && infos;
    });
    expect(a.tips).toHaveLength(1);
    expect(a.orderhash).toBe(b.orderhash);
    expect(a.outputsethash).toBe(b.outputsethash);
  });
});

describe('garbage on the ports', () => {
  /** Sends bytes until the other side has had enough or all are out. */
  function throwAt(port: number, chunks: Iterable<Uint8Array>): Promise<void> {
    return new Promise((done) => {
      const socket = connect(port, '127.0.0.1', () => {
        for (const chunk of chunks) socket.write(chunk);
        socket.end();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => done());
      socket.resume();
    });
  }

  function* noise(random: SeededRandom, count: number): Iterable<Uint8Array> {
    for (let i = 0; i < count; i++) yield random.bytes(1 + random.below(4096));
  }

  function residentKiB(pid: number): number {
    return Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
  }

  test.runIf(process.platform === 'linux')('never crashes, never grows memory', async () => {
    const one = await node();
    const random = new SeededRandom(11);
    const round = async () => {
      const magic = Uint8Array.of(0x16, 0x1c, 0x14, 0x12);
      await Promise.all([
        ...Array.from({ length: 8 }, () => throwAt(one.p2pPort, noise(random, 20))),
        ...Array.from({ length: 8 }, () => throwAt(one.rpcPort, noise(random, 20))),
        // A plausible header that announces much and never delivers.
        throwAt(one.p2pPort, [magic, Buffer.from('block\0\0\0\0\0\0\0'), Uint8Array.of(0, 9, 61, 0, 1, 2, 3, 4)]),
        throwAt(one.rpcPort, [Buffer.from('POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n{{{{')]),
        throwAt(one.rpcPort, [Buffer.from(`GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`)]),
      ]);
    };
    // The first rounds fill pools and compile; what counts is that more of the same does not grow.
    for (let i = 0; i < 10; i++) await round();
    const settled = residentKiB(one.program.child.pid!);
    for (let i = 0; i < 30; i++) await round();
    expect(residentKiB(one.program.child.pid!) - settled).toBeLessThan(64 * 1024);
    expect(await one.call('getblockcount')).toBe(1);
    expect(await one.call('getconnectioncount')).toBe(0);
    expect(one.program.stderr).toBe('');
  });
});

describe('devnet', () => {
  test('four nodes mine parallel blocks, agree, stop on a signal and go on with the same DAG', async () => {
    const folder = home();
    const args = ['devnet', '--port=0', '--interval=100ms', `--datadir=${folder}/net`];
    const blocksOf = (line: string) =>
      line
        .match(/blocks (\d+)\/(\d+)\/(\d+)\/(\d+)/u)!
        .slice(1)
        .map(Number);
    const first = soterd(args, folder);
    cleanUp.push(() => first.end('SIGKILL').then(() => undefined));
    await until(() => /tips [2-9]/u.test(first.stdout) && /agree/u.test(first.stdout));
    const { code, stdout } = await first.end('SIGINT');
    expect(code).toBe(0);
    const last = stdout.split('\n').filter((line) => line.includes('blocks '));
    const least = Math.min(...blocksOf(last.at(-1)!));
    expect(least).toBeGreaterThan(1);
    const second = soterd([...args, '--nomine'], folder);
    cleanUp.push(() => second.end('SIGKILL').then(() => undefined));
    const newest = () => second.stdout.split('\n').findLast((line) => line.includes('blocks '));
    await until(() => newest()?.endsWith('agree'));
    expect(Math.min(...blocksOf(newest()!))).toBeGreaterThanOrEqual(least);
    expect((await second.end('SIGINT')).code).toBe(0);
  });
});
