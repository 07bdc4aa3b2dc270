/**
 * Goal: the life of a node as operators and service managers meet it: checks before the start, readiness, logs without secrets, the
 * end by force. Method: the compiled program in processes of its own.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort, MINING_ADDRESS, NodeProcess, type Program, soterctl, soterd, until } from './process.ts';

let home: string;
let running: Program[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'soterd-operation-'));
  running = [];
});

afterEach(async () => {
  for (const program of running) await program.end('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function start(...args: string[]): Program {
  const program = soterd(['--simnet', '--nolisten', ...args], home);
  running.push(program);
  return program;
}

/** All files below a folder. */
function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}

describe('before the start', () => {
  test('--check-config makes nothing and opens nothing', async () => {
    const { code, stdout, stderr } = await start('--check-config').ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${home}/.soterd/data/simnet`);
    expect(existsSync(join(home, '.soterd'))).toBe(false);
  });

  test('--completion prints a script, and one line for a shell that is not known', async () => {
    expect(await start('--completion', 'fish').ended).toMatchObject({ code: 0, stderr: '' });
    expect(await soterctl(['--completion', 'bash'], home)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('getdagtips'),
    });
    const wrong = await start('--completion', 'tcsh').ended;
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^there is no completion for 'tcsh': bash, zsh, fish\n/u);
  });
});

test('arguments that are no options are ignored, and that is said', async () => {
  const program = start('--norpc', 'simnet', 'stop');
  await until(() => program.stdout.includes('Chain state'));
  expect((await program.end('SIGTERM')).stdout).toContain(
    '[WRN] SOTERD: Ignored on the command line, as only options are understood: simnet stop\n',
  );
});

test('a CPU profile that can not be written ends the start', async () => {
  const { code, stdout } = await start('--norpc', `--cpuprofile=${home}/none/file`).ended;
  expect(code).toBe(1);
  expect(stdout).toMatch(/\[CRT\] SOTERD: --cpuprofile: open .*none\/file: no such file or directory\n$/u);
  expect(existsSync(join(home, '.soterd/data'))).toBe(false);
});

describe('the log', () => {
  test('as JSON is one object a line', async () => {
    const program = start('--norpc', '--logformat=json');
    await until(() => program.stdout.includes('Chain state'));
    const { code, stdout } = await program.end('SIGTERM');
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ time: expect.any(String), subsystem: expect.any(String) });
    expect(readFileSync(join(home, '.soterd/logs/simnet/soterd.log'), 'utf8')).toBe(stdout);
  });

  test('has no secrets, at any level, whatever happens', async () => {
    const secrets = ['admin-s3cret', 'limited-s3cret', 'proxy-s3cret', 'onion-s3cret', 'wrong-s3cret'];
    const rpc = await freePort();
    const metrics = await freePort();
    const config = join(home, 'my.conf');
    writeFileSync(
      config,
      `rpcuser=admin\nrpcpass=${secrets[0]}\nrpclimituser=limited\nrpclimitpass=${secrets[1]}\nproxypass=${secrets[2]}\nonionpass=${secrets[3]}\n`,
    );
    const options = [
      '-C',
      config,
      `--rpclisten=127.0.0.1:${rpc}`,
      `--metricslisten=127.0.0.1:${metrics}`,
      '-d',
      'trace',
    ];
    const program = start(...options, `--miningaddr=${MINING_ADDRESS}`);
    await until(() => program.stdout.includes('RPC server listening'));
    const call = (user: string, password: string, ...args: string[]) =>
      soterctl([`--rpcserver=127.0.0.1:${rpc}`, '-u', user, '-P', password, ...args], home);
    const outputs = [
      await call('admin', secrets[0], 'generate', '2'),
      await call('admin', secrets[0], 'getmetrics'),
      await call('admin', secrets[0], 'getpeerinfo'),
      await call('admin', secrets[0], 'getblockhash', '7'),
      await call('limited', secrets[1], 'getinfo'),
      await call('limited', secrets[1], 'stop'),
      await call('admin', secrets[4], 'stop'),
    ];
    expect(outputs.map(({ code }) => code)).toEqual([0, 0, 0, 1, 0, 1, 1]);
    const scraped = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    const ended = await program.end('SIGTERM');
    const checked = await start(...options, '--check-config').ended;
    const refused = await start(...options, '--maxpeers=x').ended;
    const texts = [
      scraped,
      ...[...outputs, ended, checked, refused].flatMap(({ stdout, stderr }) => [stdout, stderr]),
      ...files(join(home, '.soterd')).map((file) => readFileSync(file, 'latin1')),
    ];
    expect(ended.stdout.length).toBeGreaterThan(1000);
    for (const secret of secrets) {
      const encoded = Buffer.from(`admin:${secret}`).toString('base64');
      for (const text of texts) {
        expect(text.includes(secret)).toBe(false);
        expect(text.includes(encoded)).toBe(false);
      }
    }
  });
});

describe('service managers', () => {
  test('are told when the node is ready and when it stops', async () => {
    // What systemd-notify would be given.
    const bin = join(home, 'bin');
    mkdirSync(bin);
    const told = join(home, 'told');
    writeFileSync(join(bin, 'systemd-notify'), `#!/bin/sh\nfor word; do echo "$word" >> '${told}'; done\n`);
    chmodSync(join(bin, 'systemd-notify'), 0o755);
    const { PATH } = process.env;
    process.env.PATH = `${bin}:${PATH}`;
    process.env.NOTIFY_SOCKET = join(home, 'socket');
    try {
      const program = start('--norpc');
      await until(() => existsSync(told) && readFileSync(told, 'utf8').includes('MAINPID'));
      expect(readFileSync(told, 'utf8')).toBe(`READY=1\nSTATUS=height 0\nMAINPID=${program.child.pid}\n`);
      expect((await program.end('SIGTERM')).code).toBe(0);
      expect(readFileSync(told, 'utf8')).toContain('\nSTOPPING=1\n');
    } finally {
      process.env.PATH = PATH;
      delete process.env.NOTIFY_SOCKET;
    }
  });
});

describe('the end', () => {
  test('comes at once at the second signal, with code 1', async () => {
    const program = start('--norpc');
    await until(() => program.stdout.includes('Chain state'));
    // Both are there when the process looks, in whatever order the system delivers them.
    for (const signal of ['SIGSTOP', 'SIGINT', 'SIGTERM'] as const) program.child.kill(signal);
    const { code, stdout } = await program.end('SIGCONT');
    expect(stdout).toMatch(/Received signal \((?:interrupt|terminated)\)\. {2}Shutting down\.\.\./u);
    expect(stdout).toMatch(/Received signal \((?:interrupt|terminated)\) again: ending at once/u);
    expect(code).toBe(1);
    // Nothing needs repair.
    const again = start('--norpc');
    await until(() => again.stdout.includes('Chain state'));
    expect((await again.end('SIGTERM')).code).toBe(0);
  });

  test('brings the CPU profile', async () => {
    const file = join(home, 'soterd.cpuprofile');
    const program = start('--norpc', `--cpuprofile=${file}`);
    await until(() => program.stdout.includes('Chain state'));
    expect((await program.end('SIGTERM')).code).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8')).nodes.length).toBeGreaterThan(10);
  });

  test('is not brought by a reader that leaves', async () => {
    const node = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`]);
    try {
      node.program.child.stdout?.destroy();
      await node.call('generate', 3);
      await node.call('generate', 3);
      expect(await node.call('getblockcount')).toBe(7);
    } finally {
      await node.remove();
    }
  });
});
