import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { networkParams } from '../../params/index.ts';
import { runKeyTool } from './key-tool.ts';
import { miningKey } from './wallet-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'soterd-keys-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const texts = { out: '', err: '' };
  const stream = (name: keyof typeof texts) => ({
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const code = await runKeyTool([...args, `--datadir=${folder}`], {
    env: {},
    platform: 'linux',
    accountHome: () => folder,
    stdout: stream('out'),
    stderr: stream('err'),
  });
  return { code, ...texts };
}

describe('key tool of devnet', () => {
  test('lists the keys of nodes, in order, and those that it made before', async () => {
    for (const name of ['node10', 'node2']) {
      mkdirSync(join(folder, name));
      miningKey(join(folder, name, 'mining-key'), networkParams('simnet'));
    }
    const made = await run('keys', '--new=2');
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/^node2 {3}S\w+\nnode10 {2}S\w+\nkey1 {4}S\w+\nkey2 {4}S\w+\n$/u);
    expect(await run('keys')).toEqual(made);
    const more = await run('keys', '--new=1');
    expect(more.out.startsWith(made.out)).toBe(true);
    expect(more.out.split('\n')).toHaveLength(6);
  });

  test.each([
    [['keys', '--new=x'], "--new must be a whole number, not 'x'"],
    [['keys', '--new=1001'], 'there can be at most 1000 keys'],
    [['pay', 'key1'], 'see soterd devnet pay --help'],
    [['balance'], /soterctl\.conf is missing: start soterd devnet first$/u],
    [['keys', '--what'], "Unknown option '--what'"],
  ])('%j is answered with one clear line', async (args, text) => {
    const { code, out, err } = await run(...args);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err.trimEnd().replace(/^soterd devnet: /u, '')).toMatch(text);
    expect(err.split('\n')).toHaveLength(2);
  });

  test('a damaged file of keys is not overwritten', async () => {
    writeFileSync(join(folder, 'test-keys'), 'rubbish');
    expect((await run('keys', '--new=1')).err).toMatch(/test-keys is damaged; remove it\n$/u);
  });

  test('amounts, names and addresses are checked before the node is asked', async () => {
    writeFileSync(join(folder, 'soterctl.conf'), 'rpcserver=127.0.0.1:1\nrpcuser=a\nrpcpass=b\n');
    await run('keys', '--new=1');
    expect((await run('pay', 'key1', '0')).err).toMatch(/'0' is no amount of coins/u);
    expect((await run('pay', 'key1', '1.0000000001')).err).toMatch(/is no amount of coins/u);
    expect((await run('pay', 'nobody', '1')).err).toMatch(/neither an address of simnet nor the name of a key/u);
    expect((await run('pay', 'key1', '1', '--from=key9')).err).toMatch(/there is no key 'key9'/u);
    expect((await run('pay', 'key1', '1')).err).toMatch(/no node answers at http:\/\/127\.0\.0\.1:1\//u);
  });
});
