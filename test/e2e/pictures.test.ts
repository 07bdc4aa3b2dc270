/**
 * Goal: pictures of the DAG as a user gets them, with nothing installed but this. Method: compiled programs in processes of their own.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MINING_ADDRESS, NodeProcess, soterctl, soterdag } from './process.ts';

let home: string;
let running: NodeProcess | undefined;

beforeEach(() => {
  running = undefined;
  home = mkdtempSync(join(tmpdir(), 'soterd-pictures-'));
});

afterEach(async () => {
  await running?.program.end('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

test('a node draws its newest blocks, and soterdag those of a node that is not running', async () => {
  const node = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`], home);
  running = node;
  const hashes = await node.call<string[]>('generate', 30);
  const server = ['--simnet', '--notls', `--rpcserver=127.0.0.1:${node.rpcPort}`, '-u', 'user', '-P', 'pass'];
  const drawn = await soterctl([...server, 'drawdag', '20'], home);
  expect(drawn.code).toBe(0);
  expect(drawn.stdout).toMatch(/^<svg .*<\/svg>\s*$/su);
  const titles = drawn.stdout.match(/<g id="b[0-9a-f]{16}" class="node">/gu) ?? [];
  expect(titles).toHaveLength(20);
  expect(drawn.stdout).toContain(hashes[29].slice(-7));
  await expect(node.call('drawdag', 1001)).rejects.toThrow('-8: blocks must be 1 to 1000');
  await node.program.end('SIGTERM');

  const file = join(home, 'dag.svg');
  expect(await soterdag(['--simnet', '--blocks=31', 'draw', file], home).ended).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(file, 'utf8').match(/class="node"/gu)).toHaveLength(31);
  const html = join(home, 'dag.html');
  await soterdag(['--simnet', 'draw', html], home).ended;
  expect(readFileSync(html, 'utf8')).toContain('All 31 of 31 blocks, up to height 30.');
});

test('soterdag grows a DAG of its own and shows it step by step', async () => {
  const file = join(home, 'grow.html');
  const args = ['grow', file, '--nodes=3', '--interval=50ms', '--duration=4s'];
  const { code, stdout, stderr } = await soterdag(args, home).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, blocks, steps] = /(\d+) blocks, \d+ of them red at the end\. (\d+) steps in /u.exec(stdout) ?? [];
  expect(Number(blocks)).toBeGreaterThan(2);
  // Blocks that share a commit are one step.
  expect(Number(steps)).toBeGreaterThan(1);
  expect(Number(steps)).toBeLessThanOrEqual(Number(blocks));
  const text = readFileSync(file, 'utf8');
  expect(text.match(/class="node"/gu)).toHaveLength(Number(blocks));
  const [, json] = /<script type="application\/json" id="film">(.*?)<\/script>/su.exec(text) ?? [];
  expect(JSON.parse(json ?? '').steps).toHaveLength(Number(steps));
});

test('mistakes are one clear line', async () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['grow'], /^grow: the file is missing\n/u],
    [['grow', 'x', '--nodes=17'], /^--nodes must be 1 to 16\n/u],
    [['draw', 'x', '--nodes=2'], /^--nodes is for grow\n/u],
    [['draw', 'x', '--simnet'], /^soterdag: there is no database in .*\n$/u],
    [['grow', '/nowhere/x.html', '--duration=0s'], /^--duration must be longer than nothing\n/u],
  ];
  for (const [args, text] of cases) {
    const { code, stderr } = await soterdag(args, home).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(text);
  }
});
