/**
 * Goal: what the README tells a newcomer to type works. Method: the commands of its walk are taken from its text and run by a shell,
 * in their order and exactly as printed, in an empty home folder; of the other commands the options are read.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DevnetOptionError, readDevnetOptions } from '../../src/node/devnet/options.ts';
import { until } from './process.ts';

const README = readFileSync('README.md', 'utf8');

/** Command lines of the code blocks in a text. */
function commandsIn(text: string, fence = '```sh\n'): string[][] {
  return text
    .split(fence)
    .slice(1)
    .map((rest) => rest.slice(0, rest.indexOf('\n```')).split('\n'));
}

const [before = '', behind = ''] = README.split('## A walk\n');
const [walk = '', after = ''] = behind.split(/^## /mu);

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'soterd-readme-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Begins a command as a shell would. */
function shell(command: string) {
  const child = spawn('sh', ['-c', command], {
    env: { ...process.env, HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, output }));
  });
  return { ended, child, output: () => output };
}

describe('the README', () => {
  test.runIf(process.platform !== 'win32')('leads a newcomer from the start to the stop', async () => {
    const [[start], ...others] = commandsIn(walk);
    const network = shell(start);
    try {
      await until(() => network.output().includes('agree') || network.child.exitCode !== null);
      expect(network.child.exitCode, network.output()).toBeNull();
      const outputs = new Map<string, string>();
      for (const command of others.flat()) {
        const { code, output } = await shell(command).ended;
        expect(code, `${command}\n${output}`).toBe(0);
        outputs.set(command, output);
      }
      const outputOf = (part: string) => [...outputs].find(([command]) => command.includes(part))?.[1] ?? '';
      expect(outputOf('pay key1')).toMatch(/^2\.5 coins from node1 to /u);
      expect(outputOf('balance')).toMatch(/^key1 .* 2\.5 +0 immature$/mu);
      expect(JSON.parse(outputOf(' getdaginfo'))).toMatchObject({ blocks: 103, maxheight: 102 });
      expect(readFileSync(join(home, 'dag.svg'), 'utf8').match(/class="node"/gu)).toHaveLength(20);
      expect(existsSync(join(home, 'grow.html'))).toBe(true);
      expect(outputOf('--check-config')).toContain('network: testnet1');
      const { code, output } = await network.ended;
      expect(code, output).toBe(0);
      expect(output).toContain('Stopped; everything is kept in');
    } finally {
      network.child.kill('SIGTERM');
      await network.ended;
    }
  });

  test('names options of the devnet that exist', () => {
    const starts = commandsIn(before, '```\n')
      .flat()
      .filter((line) => line.startsWith('npm start --'));
    expect(starts.length).toBeGreaterThan(1);
    const environment = { platform: 'linux', env: { HOME: home }, accountHome: () => home };
    for (const line of starts) {
      const args = line.split(' ').slice(3);
      expect(() => readDevnetOptions(args, environment), line).not.toThrow(DevnetOptionError);
    }
  });

  test('tells nobody to type what is not tried here', () => {
    const commands = [...commandsIn(before, '```\n'), ...commandsIn(after, '```\n')].flat();
    const tried = /^npm (?:start|test)\b/u;
    const untried = commands.filter((line) => line.startsWith('npm ') && !tried.test(line));
    expect(untried).toEqual([]);
  });
});
