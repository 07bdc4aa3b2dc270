/**
 * Goal: soterdag as a user meets it, alone and together with soterd. Method: compiled programs in processes of their own; a pipe
 * instead of a file where an import has to be caught in the middle.
 */
import { execFileSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { forkHistory, writeHistory } from '../../bench/fork-history.ts';
import { systemStoreHost } from '../../src/node/store-host.ts';
import { numberKey, openLmdbStore } from '../../src/store/index.ts';
import { dagInfo, type Ended, MINING_ADDRESS, NodeProcess, soterctl, soterdag, until } from './process.ts';

const BLOCKS = 2500;
const STACK_TRACE = /^\s+at .*:\d+/mu;

/** Everything of this file, and the home folder of the node whose DAG is exported. */
let folder: string;
let source: string;
/** The DAG of `source`. */
let file: string;
let homes = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'soterdag-e2e-'));
  source = join(folder, 'source');
  await writeHistory(dataOf(source), forkHistory(BLOCKS, 4, 3));
  file = join(folder, 'all.dag');
  expect(await run(source, 'export', file)).toMatchObject({ code: 0, stderr: '' });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

let home: string;

beforeEach(() => {
  home = join(folder, `home${homes++}`);
});

/** Data of simnet below a home folder. */
function dataOf(place: string): string {
  return join(place, '.soterd', 'data', 'simnet');
}

function run(place: string, ...args: string[]): Promise<Ended> {
  return soterdag(['--simnet', ...args], place).ended;
}

/** A node over a home folder, for as long as `work` takes. */
async function withNode<T>(place: string, work: (node: NodeProcess) => Promise<T>): Promise<T> {
  const node = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`], place);
  try {
    return await work(node);
  } finally {
    await node.program.end('SIGTERM');
  }
}

/** Whether a node holds the DAG of the file. */
async function holdsAll(place: string): Promise<boolean> {
  const own = `${place}.dag`;
  await run(place, 'export', own);
  return readFileSync(own).equals(readFileSync(file));
}

async function stateOf(place: string): Promise<unknown> {
  return withNode(place, async (node) => [await dagInfo(node), await node.call('getdagcoloring')]);
}

function expectOneClearLine({ code, stderr }: Ended, text: RegExp): void {
  expect(stderr).toMatch(text);
  expect(stderr).not.toMatch(STACK_TRACE);
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('Use soterdag')),
  ).toHaveLength(1);
  expect(code).toBe(1);
}

/** Replaces one row of a database. */
async function damage(place: string, table: 'effects' | 'blocks', number: number, other: number): Promise<void> {
  const store = openLmdbStore(join(dataOf(place), 'blocks'), { host: systemStoreHost });
  const rows = store.table(table);
  const value = rows.get(numberKey(other))!;
  store.transaction((transaction) => transaction.put(rows, numberKey(number), value));
  await store.close();
}

describe('export and import', () => {
  test('bring a DAG into another node: everything that RPC shows is equal, and so is its own export', async () => {
    const imported = await run(home, 'import', file);
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toMatch(/^Imported 2,500 blocks in [\d.]+ s \([\d,]+ blocks\/s\)\n$/mu);
    expect(await stateOf(home)).toEqual(await stateOf(source));
    const again = join(folder, 'again.dag');
    const exported = await run(home, 'export', again);
    expect(exported.stdout).toMatch(/Exported 2,500 blocks, [\d,]+ bytes to .*again\.dag in [\d.]+ s/u);
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true);
    expect(existsSync(`${again}.part`)).toBe(false);
    expect((await run(home, 'import', file)).stdout).toMatch(/Imported 0 blocks .*; 2,500 were there before\n$/u);
  });

  test('the node chosen by its configuration file', async () => {
    const config = join(folder, 'soterd.conf');
    writeFileSync(config, `simnet=1\ndatadir=${join(folder, 'elsewhere')}\nrpcuser=x\n`);
    expect(await soterdag(['-C', config, 'import', file], home).ended).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(folder, 'elsewhere', 'simnet', 'blocks', 'data.mdb'))).toBe(true);
    expect(existsSync(home)).toBe(false);
  });

  test('do not touch the data of a running node', async () => {
    await run(home, 'import', file);
    await withNode(home, async () => {
      const locked = /^soterdag: the data folder .* is in use by process \d+.*; stop it first/u;
      expectOneClearLine(await run(home, 'export', join(folder, 'x.dag')), locked);
      expectOneClearLine(await run(home, 'import', file), locked);
      expectOneClearLine(await run(home, 'verify'), locked);
    });
    expect(existsSync(join(folder, 'x.dag'))).toBe(false);
  });

  test.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2)), /the file ends within a chunk/u],
    ['changed', (bytes: Buffer) => bytes.fill(0x55, bytes.length - 9000, bytes.length - 8999), /is damaged/u],
  ])('a file that was %s: one clear line with the place, what is before stays', async (name, change, text) => {
    const bad = join(folder, `${name}.dag`);
    writeFileSync(bad, change(readFileSync(file)));
    const ended = await run(home, 'import', bad);
    expectOneClearLine(ended, text);
    const [, position, blocks] = /is damaged at byte (\d+), behind block (\d+): /u.exec(ended.stderr)!;
    expect(Number(position)).toBeLessThanOrEqual(statSync(file).size);
    expect(Number(blocks)).toBeGreaterThan(0);
    const rest = await run(home, 'import', file);
    expect(rest.code).toBe(0);
    expect(rest.stdout).toContain(`; ${Number(blocks).toLocaleString('en-US')} were there before`);
    expect(await holdsAll(home)).toBe(true);
  });

  test.runIf(process.platform !== 'win32').each(['SIGINT', 'SIGKILL'] as const)(
    'an import that gets %s in the middle goes on where it ended',
    async (signal) => {
      const bytes = readFileSync(file);
      // Whoever reads the third chunk has brought in the first.
      const most = Math.floor(0.95 * bytes.length);
      const pipe = join(folder, `pipe-${signal}`);
      execFileSync('mkfifo', [pipe]);
      const program = soterdag(['--simnet', 'import', pipe], home);
      const writer = createWriteStream(pipe);
      // What a reader that is killed does not take is no concern of this test.
      writer.on('error', () => undefined);
      // When this has been taken, no more is unread than a pipe holds, 64 KiB.
      await new Promise((taken) => writer.write(bytes.subarray(0, most), taken));
      program.child.kill(signal);
      if (signal !== 'SIGKILL') writer.end(bytes.subarray(most));
      const ended = await program.ended;
      writer.destroy();
      if (signal === 'SIGKILL') expect(ended.signal).toBe('SIGKILL');
      else expectOneClearLine(ended, /^soterdag: interrupted behind block \d+ of .*, run it again to go on$/mu);
      const rest = await run(home, 'import', file);
      expect(rest).toMatchObject({ code: 0, stderr: '' });
      expect(rest.stdout).toMatch(/; [\d,]+ were there before/u);
      expect(rest.stdout).not.toMatch(/Imported 0 blocks/u);
      expect(await run(home, 'verify')).toMatchObject({ code: 0, stderr: '' });
      expect(await holdsAll(home)).toBe(true);
    },
  );

  test.runIf(process.platform !== 'win32')('an export that is stopped leaves nothing', async () => {
    const target = join(folder, 'stopped.dag');
    const program = soterdag(['--simnet', 'export', target], source);
    await until(() => existsSync(`${target}.part`) || existsSync(target));
    const { code, stderr } = await program.end('SIGINT');
    // It may have been done before the signal came.
    if (code === 0) expect(readFileSync(target).equals(readFileSync(file))).toBe(true);
    else {
      expect(stderr).toBe(`soterdag: interrupted, ${target} was not written\n`);
      expect(existsSync(target)).toBe(false);
    }
    expect(existsSync(`${target}.part`)).toBe(false);
  });
});

describe('verification', () => {
  test('of a good database finds nothing, also while its node is mining', async () => {
    await run(home, 'import', file);
    const { code, stdout } = await run(home, 'verify', '--scripts');
    expect(stdout).toMatch(
      /Verified 2,501 blocks, 2,501 positions of the order, 2,501 outputs in .*\nNo difference\n$/u,
    );
    expect(code).toBe(0);
    await withNode(home, async (node) => {
      let done = false;
      const verified = node.call<Record<string, unknown>>('verifydag').finally(() => {
        done = true;
      });
      // Refused, or the other one was done already.
      await node.call('verifydag').catch((error) => expect(String(error)).toContain('is running already'));
      for (let mined = 0; !done && mined < 20; mined++) await node.call('generate', 1);
      expect(await verified).toMatchObject({ valid: true });
      const { blocks } = await node.call<{ blocks: number }>('getdaginfo');
      expect(await node.call('verifydag', true)).toMatchObject({ valid: true, blocks, positions: blocks });
    });
    expect(existsSync(join(dataOf(home), 'verify'))).toBe(false);
  });

  test('names the first difference', async () => {
    await run(home, 'import', file);
    await damage(home, 'effects', 2000, 1999);
    const place =
      /effects at order position 2000 \(block [0-9a-f]{64}\): hash of the order up to here: stored [0-9a-f]{64}/u;
    const ended = await run(home, 'verify');
    expectOneClearLine(ended, place);
    expect(ended.stderr).toMatch(/^soterdag: the database is not what its blocks come to: /u);
    await withNode(home, async (node) => {
      const server = ['--simnet', '--notls', `--rpcserver=127.0.0.1:${node.rpcPort}`, '-u', 'user', '-P', 'pass'];
      const { stdout } = await soterctl([...server, 'verifydag'], home);
      const { valid, difference } = JSON.parse(stdout);
      expect(valid).toBe(false);
      expect(difference).toMatch(place);
      expect(node.program.stdout).toMatch(/\[ERR\] BCDB: Verification found a difference: effects at/u);
    });
    await damage(home, 'blocks', 1000, 1001);
    expectOneClearLine(await run(home, 'verify'), /block 1000 \([0-9a-f]{64}\): its body has the hash [0-9a-f]{64}/u);
  });

  test('ends with its node', async () => {
    await run(home, 'import', file);
    const node = await NodeProcess.start([], home);
    const verified = node.call('verifydag').then(String, String);
    await until(() => existsSync(join(dataOf(home), 'verify')));
    expect((await node.program.end('SIGTERM')).code).toBe(0);
    expect(await verified).toMatch(/ended early|\[object Object\]/u);
    expect(existsSync(join(dataOf(home), 'verify'))).toBe(false);
  });
});

describe('mistakes end with code 1 and one clear line', () => {
  test.each<[string, string[], RegExp]>([
    ['nothing to do', [], /^what to do is missing: export, import, verify, draw, grow$/mu],
    ['an unknown action', ['exprot', 'x'], /^unknown action 'exprot': export, import, verify, draw, grow$/mu],
    ['no file', ['import'], /^import: the file is missing$/mu],
    ['two files', ['export', 'a', 'b'], /^export: takes one file$/mu],
    ['a file to verify', ['verify', 'a'], /^verify: takes no file$/mu],
    ['an option of another action', ['export', 'a', '--scripts'], /^--scripts is for verify$/mu],
    ['an unknown option', ['--simnett', 'verify'], /^unknown flag `simnett'$/mu],
    ['an option of soterd', ['--generate', 'verify'], /^unknown flag `generate'$/mu],
    ['two networks', ['--simnet', '--testnet', 'verify'], /can't be used together/u],
    ['no database to export', ['--simnet', 'export', 'x.dag'], /^soterdag: there is no database in .*blocks$/mu],
    ['no database to verify', ['--simnet', 'verify'], /^soterdag: there is no database in .*blocks$/mu],
    [
      'no such file',
      ['--simnet', 'import', '/nowhere/x'],
      /^soterdag: open \/nowhere\/x: no such file or directory$/mu,
    ],
    ['a folder', ['--simnet', 'import', '/'], /^soterdag: read \/: is a directory$/mu],
    ['data below a file', ['--simnet', '-b', '/dev/null', 'import', 'FILE'], /^soterdag: mkdir .*: not a directory$/mu],
    ['a file of another network', ['import', 'FILE'], /^soterdag: .*: it is of another network than mainnet/mu],
    ['no DAG file', ['--simnet', 'import', 'package.json'], /^soterdag: package\.json: it is no DAG file$/mu],
  ])('%s', async (_, args, text) => {
    expectOneClearLine(
      await soterdag(
        args.map((arg) => (arg === 'FILE' ? file : arg)),
        home,
      ).ended,
      text,
    );
    expect(existsSync(home)).toBe(false);
  });

  test('a place that cannot be written to', async () => {
    expectOneClearLine(await run(source, 'export', '/nowhere/x'), /^soterdag: open \/nowhere\/x\.part: no such file/mu);
    expectOneClearLine(await run(source, 'export', folder), /^soterdag: open .*: is a directory$/mu);
  });

  test('help and version are no mistakes', async () => {
    const help = await run(home, '--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/soterdag \[options\] export FILE[\s\S]*--datadir=[\s\S]*--scripts/u);
    expect((await run(home, '-V')).stdout).toMatch(/^soterdag version \d+\.\d+\.\d+\n$/u);
  });
});
