import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Logs } from '../logging/index.ts';
import { systemClock } from '../system.ts';
import { loadConfig } from './load.ts';
import type { NodeConfig } from './node-config.ts';
import { SOTERD_OPTIONS } from './soterd-options.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'soterd-config-'));
});
afterEach(() => rmSync(home, { recursive: true }));

async function load(
  args: readonly string[],
  env: Record<string, string> = { HOME: home },
  lookup = async () => ['127.0.0.1', '::1'],
) {
  let stdout = '';
  let stderr = '';
  const output = { write: (text: string) => (stdout += text) };
  const errors = { write: (text: string) => (stderr += text) };
  const logs = new Logs({ clock: systemClock, output, early: errors });
  const outcome = await loadConfig({
    args,
    program: 'soterd',
    stdout: output,
    stderr: errors,
    logs,
    platform: 'linux',
    env,
    accountHome: () => join(home, 'account'),
    randomBytes: (length) => new Uint8Array(length).fill(7),
    lookup,
  });
  await logs.close();
  return { outcome, stdout, stderr };
}

async function configOf(args: readonly string[], env?: Record<string, string>): Promise<NodeConfig> {
  const { outcome, stderr } = await load(args, env);
  if (outcome.kind !== 'run') throw new Error(stderr);
  return outcome.config;
}

const CREDENTIALS = ['-u', 'user', '-P', 'pass'];

describe('loadConfig', () => {
  test('defaults', async () => {
    const config = await configOf(['--simnet']);
    expect(config).toMatchObject({
      params: { name: 'simnet' },
      dataDir: join(home, '.soterd/data/simnet'),
      logFile: join(home, '.soterd/logs/simnet/soterd.log'),
      rpc: undefined,
      peers: {
        listen: [':18555'],
        persistent: [],
        connectOnly: false,
        maxPeers: 125,
        banDuration: 86_400_000,
        dnsSeeding: false,
      },
      mining: { blockMaxSize: 750_000, blockMaxWeight: 3_001_560 },
      mempool: { minRelayFee: 1000n },
    });
  });

  test('the account decides where home is if HOME does not', async () => {
    expect((await configOf(['--simnet'], {})).home).toBe(join(home, 'account/.soterd'));
  });

  test('the first start makes a configuration file with credentials, the second one uses it', async () => {
    const first = await configOf(['--testnet']);
    const path = join(home, '.soterd/soterd.conf');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(/^rpcuser=[A-Za-z0-9+/]{27}=\nrpcpass=[A-Za-z0-9+/]{27}=$/mu);
    expect(first.rpc?.admin.user).toHaveLength(28);
    writeFileSync(path, 'rpcuser=mine\nrpcpass=too\n');
    const second = await configOf(['--testnet']);
    expect(second.rpc).toMatchObject({ admin: { user: 'mine', password: 'too' }, tls: true });
    expect(second.rpc?.listen).toEqual(['127.0.0.1:5071', '[::1]:5071']);
  });

  test('test networks neither make nor read the default file, but read a named one', async () => {
    await configOf(['--regtest']);
    expect(existsSync(join(home, '.soterd/soterd.conf'))).toBe(false);
    const path = join(home, 'my.conf');
    writeFileSync(path, 'addpeer=a\nmaxpeers=7\nlisten=1.1.1.1\nlisten=2.2.2.2\n');
    const regtest = await configOf(['--regtest', '-C', path]);
    expect(regtest.peers).toMatchObject({ persistent: [], maxPeers: 7, listen: ['1.1.1.1:18444', '2.2.2.2:18444'] });
    const simnet = await configOf(['--simnet', '-C', path, '--listen=3.3.3.3', '--maxpeers=8']);
    expect(simnet.peers).toMatchObject({ persistent: ['a:18555'], maxPeers: 8, listen: ['3.3.3.3:18555'] });
  });

  test('peers to connect to only close the door unless an address is given', async () => {
    const only = await configOf(['--simnet', '--connect=a', '--connect=a:18555']);
    expect(only.peers).toMatchObject({ persistent: ['a:18555'], connectOnly: true, listen: [], dnsSeeding: false });
    const both = await configOf(['--simnet', '--connect=a', '--listen=1.1.1.1']);
    expect(both.peers.listen).toEqual(['1.1.1.1:18555']);
  });

  test('block size and weight follow from each other', async () => {
    const limits = async (...args: string[]) => (await configOf(['--simnet', ...args])).mining;
    expect(await limits('--blockmaxsize=100000')).toMatchObject({ blockMaxSize: 100_000, blockMaxWeight: 400_000 });
    expect(await limits('--blockmaxweight=400000')).toMatchObject({ blockMaxSize: 999_520, blockMaxWeight: 400_000 });
    expect(await limits('--blockmaxsize=1000', '--blockmaxweight=5000', '--blockprioritysize=2000')).toMatchObject({
      blockMaxSize: 1000,
      blockMaxWeight: 5000,
      blockPrioritySize: 1000,
    });
  });

  test('room and time of the memory pool', async () => {
    const limits = async (...args: string[]) => (await configOf(['--simnet', ...args])).mempool;
    expect(await limits()).toMatchObject({ maxUsage: 300_000_000, expiry: 14 * 86_400 });
    expect(await limits('--maxmempool=5', '--mempoolexpiry=1')).toMatchObject({ maxUsage: 5_000_000, expiry: 3600 });
    const refusal = async (arg: string) => (await load(['--simnet', arg])).stderr;
    expect(await refusal('--maxmempool=4')).toMatch(
      /The maxmempool option must be in between 5 and \d+ -- parsed \[4\]/u,
    );
    expect(await refusal('--mempoolexpiry=0')).toMatch(/The mempoolexpiry option must be in between 1 and 878400/u);
  });

  test('numbers at and beyond their bounds', async () => {
    const values: readonly (readonly [option: string, good: readonly string[], bad: readonly string[]])[] = [
      ['maxpeers', ['0', '1000000'], ['-1', '1000001', '9223372036854775807']],
      ['banthreshold', ['0', '4294967295'], ['-1', '4294967296']],
      ['banduration', ['1s', '2000000h'], ['999ms', '0s', '-1h', '9999999h']],
      ['trickleinterval', ['0s', '1ns', '24h'], ['24h1ns', '2000000h']],
      ['rpcmaxclients', ['0'], ['-1', '1e3', '99999999999999999999']],
      ['rpcmaxwebsockets', ['0'], ['-1']],
      ['rpcmaxconcurrentreqs', ['0', '9223372036854775807'], ['-1']],
      ['blockminsize', ['0', '4294967295'], ['-1']],
      ['blockminweight', ['0', '4294967295'], ['-1']],
      ['blockprioritysize', ['0', '4294967295'], ['-1']],
      ['minrelaytxfee', ['0', '1e-300', '2100000'], ['-1e-9', '2100001', '1e300', 'Inf', '-Inf']],
      ['limitfreerelay', ['0', '1e300', 'Inf'], ['-1', 'NaN', '-Inf']],
      ['maxorphantx', ['0', '9223372036854775807'], ['-1']],
      ['maxmempool', ['5', '1000000000'], ['0', '1000000001', '18446744073709551615']],
      ['mempoolexpiry', ['1'], ['0', '18446744073709551615']],
      ['sigcachemaxsize', ['0', '10000000'], ['-1', '10000001', '18446744073709551615']],
      ['profile', ['1024', '65535'], ['0', '1023', '65536', '-1']],
      ['uacomment', ['c'.repeat(208)], ['c'.repeat(209), 'ü'.repeat(120)]],
    ];
    for (const [option, good, bad] of values) {
      for (const value of good) await configOf(['--simnet', `--${option}=${value}`]);
      for (const value of bad) {
        const { outcome, stderr } = await load(['--simnet', `--${option}=${value}`]);
        expect({ option, value, outcome }).toEqual({ option, value, outcome: { kind: 'exit', code: 1 } });
        expect(stderr).toMatch(/^.+\nUse soterd -h to show usage\n$/u);
      }
    }
    expect((await configOf(['--maxpeers=0'])).peers).toMatchObject({ maxPeers: 0, dnsSeeding: false });
    expect((await configOf(['--simnet', '--minrelaytxfee=0.0000000015'])).mempool.minRelayFee).toBe(2n);
  });

  test('localhost among the RPC addresses stands for its IPs', async () => {
    const config = await configOf([
      '--simnet',
      ...CREDENTIALS,
      '--notls',
      '--rpclisten=localhost',
      '--rpclisten=127.0.0.1',
    ]);
    expect(config.rpc?.listen).toEqual(['127.0.0.1:18556', '[::1]:18556']);
  });

  test('without an address of localhost RPC needs one that is named', async () => {
    const lookup = () => Promise.reject(new Error('getaddrinfo ENOTFOUND localhost'));
    const args = ['--simnet', ...CREDENTIALS];
    expect((await load(args, undefined, lookup)).stderr).toMatch(
      /^loadConfig: localhost has no address, name one by its IP: /u,
    );
    expect((await load([...args, '--rpclisten=127.0.0.1'], undefined, lookup)).outcome.kind).toBe('run');
  });

  test('whitelist: addresses and networks', async () => {
    const config = await configOf(['--simnet', '--whitelist=10.0.0.0/8', '--whitelist=::1']);
    expect(config.peers.whitelist).toEqual([
      { address: '10.0.0.0', prefix: 8 },
      { address: '::1', prefix: 128 },
    ]);
    for (const wrong of ['10.0.0.0/33', '::/129', '1.1.1.1/', 'x/8', '1.1.1.1/8x'])
      expect((await load(['--simnet', `--whitelist=${wrong}`])).stderr).toContain(`'${wrong}' is invalid`);
  });

  test('a network file replaces the network, with a warning if the names differ', async () => {
    const path = join(home, 'net.cfg');
    writeFileSync(path, 'name=simnet\ntargettimespan=10m\ntargettimeperblock=1s\n');
    const same = await load(['--simnet', `--netcfgfile=${path}`]);
    expect(same.stdout).not.toContain('[WRN]');
    const other = await load(['--regtest', `--netcfgfile=${path}`]);
    expect(other.outcome).toMatchObject({ config: { params: { name: 'simnet', targetTimePerBlock: 1 } } });
    expect(other.stdout).toMatch(/\[WRN\] SOTERD: net\.cfg replaces regtest by simnet\n/u);
    writeFileSync(path, 'name=simnet\n');
    expect((await load(['--simnet', `--netcfgfile=${path}`])).stderr).toMatch(
      /^loadConfig: .*TargetTimespan is missing\n/u,
    );
  });

  test.each([
    ['--txindex', { transactions: true }],
    ['--addrindex', { transactions: true, addresses: true }],
    ['--cfilters', { filters: true }],
    ['--nocfilters=false', { filters: true }],
    ['--droptxindex', { dropTransactions: true }],
    ['--dropaddrindex', { dropAddresses: true }],
    ['--dropcfindex', { dropFilters: true }],
  ])('%s is about indexes', async (flag, indexes) => {
    const { outcome } = await load(['--simnet', flag]);
    const none = { transactions: false, addresses: false, filters: false };
    const kept = { dropTransactions: false, dropAddresses: false, dropFilters: false };
    expect(outcome).toMatchObject({ config: { indexes: { ...none, ...kept, ...indexes } } });
  });

  test('what this version does not have is refused and not ignored', async () => {
    const { outcome, stderr } = await load(['--simnet', '--lean']);
    expect(outcome).toEqual({ kind: 'exit', code: 1 });
    expect(stderr).toMatch(/^loadConfig: .*generation 4 yet\nUse soterd -h to show usage\n$/u);
  });

  test('what can not be written is one clear line', async () => {
    writeFileSync(join(home, 'file'), '');
    const { outcome, stderr } = await load(['--simnet', `--logdir=${home}/file`]);
    expect(outcome).toEqual({ kind: 'exit', code: 1 });
    expect(stderr).toMatch(
      /^loadConfig: failed to open the log file: open .*: not a directory\nUse soterd -h to show usage\n$/u,
    );
  });

  test('help is grouped, goes to standard output and names every option', async () => {
    const { outcome, stdout } = await load(['-h']);
    expect(outcome).toEqual({ kind: 'exit', code: 0 });
    expect(stdout).toMatch(/^Usage:\n {2}soterd \[options\]\n/u);
    expect(stdout).toContain('\nPeers:\n  -a, --addpeer=');
    expect(stdout).toContain('      --maxpeers=               Most connected peers [125]\n');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  test('--check-config shows each value and where it comes from, no passwords, and makes nothing', async () => {
    const path = join(home, 'my.conf');
    writeFileSync(path, 'simnet=1\nmaxpeers=7\n\naddpeer=a\naddpeer=b\nrpcuser=me\nrpcpass=geheim\n');
    const { outcome, stdout, stderr } = await load(['--check-config', '-C', path, '--maxpeers=8', '--banduration=1h']);
    expect(outcome).toEqual({ kind: 'exit', code: 0 });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^The configuration can be used\.\n/u);
    expect(stdout).toContain('\nRPC:     https://127.0.0.1:18556 https://[::1]:18556\n');
    const sourceOf = (value: string) =>
      stdout
        .split('\n')
        .flatMap((line) => (line.trim().startsWith(`${value} `) ? [line.trim().split(/ {2,}/u)[1]] : []));
    expect(sourceOf('maxpeers=8')).toEqual(['command line']);
    expect(sourceOf('banduration=1h0m0s')).toEqual(['command line']);
    expect(sourceOf('addpeer=a')).toEqual([`${path}:4, ${path}:5`]);
    expect(sourceOf('rpcuser=me')).toEqual([`${path}:6`]);
    expect(sourceOf('dbtype=ffldb')).toEqual(['default']);
    expect(stdout).toContain('rpcpass=(not shown)');
    expect(stdout).not.toContain('geheim');
    expect(existsSync(join(home, '.soterd'))).toBe(false);
  });

  test('--check-config of what can not be used is the same line as a start would give', async () => {
    for (const wrong of [
      ['--simnet', '--testnet'],
      ['--maxpeer=1'],
      ['--simnet', '--metricslisten=x:1'],
      ['-d', 'loud'],
    ]) {
      const { outcome, stdout, stderr } = await load(['--check-config', ...wrong]);
      expect(outcome).toEqual({ kind: 'exit', code: 1 });
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^.+\nUse soterd -h to show usage\n$/u);
    }
  });

  test('--check-config of a file that is not there or not readable', async () => {
    for (const [path, reason] of [
      [join(home, 'none.conf'), 'no such file or directory'],
      [home, 'is a directory'],
    ]) {
      const { outcome, stderr } = await load(['--check-config', '--simnet', '-C', path]);
      expect(outcome).toEqual({ kind: 'exit', code: 1 });
      expect(stderr).toMatch(new RegExp(`^loadConfig: (?:open|read) ${path}: ${reason}\n`, 'u'));
    }
    expect(existsSync(join(home, 'none.conf'))).toBe(false);
    // Without -C the first start makes the file, and then serves RPC.
    const first = await load(['--check-config']);
    expect(first.outcome).toEqual({ kind: 'exit', code: 0 });
    expect(first.stdout).toContain('\nRPC:     https://127.0.0.1:8334');
    expect(first.stdout).toMatch(/^ {2}rpcuser=\(random\) +\S+soterd\.conf \(not made yet\):\d+$/mu);
    expect(existsSync(join(home, '.soterd'))).toBe(false);
  });

  test('every address is checked before anything is opened, in use or not', async () => {
    const notEverywhere: Readonly<Record<string, readonly string[]>> = {
      listen: ['example.org', '256.1.1.1:1', '127.0.0.1:-1', ':x', '1.2.3.4:'],
      rpclisten: ['example.org:1', '256.1.1.1', 'localhost:99999'],
      metricslisten: ['127.0.0.1', 'example.org:9331'],
      addpeer: ['1.2.3.4:0', '256.1.1.1', ':1234', 'a b', 'a..b', '[::1]x', `${'a'.repeat(254)}`],
      connect: ['1.2.3.4:0', '8333', 'http://a:1'],
      externalip: ['1.2.3.4:0', '1.2.3'],
      proxy: ['abc', '127.0.0.1:0', ':9050'],
      onion: ['abc', '127.0.0.1:0', '1.2.3.999:9050'],
      whitelist: ['abc', '1.2.3.4/33', '::ffff:1.2.3.4/33', 'fe80::1%lo'],
    };
    for (const [option, values] of Object.entries(notEverywhere)) {
      for (const value of [...values, 'abc:xyz', '1.2.3.4:99999']) {
        const args = ['--simnet', '--norpc', '--nolisten', `--${option}=${value}`];
        for (const extra of [[], ['--check-config']]) {
          const { outcome, stderr } = await load([...args, ...extra]);
          expect({ option, value, outcome }).toEqual({ option, value, outcome: { kind: 'exit', code: 1 } });
          expect(stderr.toLowerCase()).toContain(option.replace(/listen$/u, ''));
          expect(stderr).toContain(`'${value}'`);
          expect(stderr).toMatch(/^loadConfig: .+\nUse soterd -h to show usage\n$/u);
        }
      }
    }
  });

  test('addresses of all forms', async () => {
    const config = await configOf([
      '--simnet',
      ...['127.0.0.1', '[::1]', '::1', ':7', 'localhost:8', '[fe80::1%eth0]:9'].map((text) => `--listen=${text}`),
      ...['example.org', 'a_b-c.example.org.:1', '[::1]', 'abcdefghijklmnop.onion'].map((text) => `--addpeer=${text}`),
      ...['1.2.3.4', 'example.org:7'].map((text) => `--externalip=${text}`),
      '--proxy=localhost:9050',
      '--metricslisten=localhost:0',
    ]);
    expect(config.peers.listen).toEqual([
      ...['127.0.0.1:18555', '[::1]:18555', ':7'],
      ...['127.0.0.1:8', '[::1]:8', '[fe80::1%eth0]:9'],
    ]);
    const peers = ['example.org:18555', 'a_b-c.example.org.:1', '[::1]:18555', 'abcdefghijklmnop.onion:18555'];
    expect(config.peers.persistent).toEqual(peers);
    expect(config.peers.externalAddresses).toEqual(['1.2.3.4:18555', 'example.org:7']);
    expect(config.peers.proxy?.address).toBe('localhost:9050');
    expect(config.metricsListen).toEqual(['127.0.0.1:0', '[::1]:0']);
  });

  test('a line of the file in which a password may stand is not shown whole', async () => {
    const path = join(home, 'my.conf');
    writeFileSync(path, 'rpcpass geheim\n');
    const { stderr } = await load(['--simnet', '-C', path]);
    expect(stderr).toContain('my.conf:1: malformed key=value (rpcpass ...)');
    expect(stderr).not.toContain('geheim');
  });

  test('log lines have the form that is asked for', async () => {
    const { stdout } = await load(['--simnet', '--logformat=json']);
    expect(JSON.parse(stdout)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u),
      level: 'info',
      subsystem: 'SOTERD',
      message: 'RPC service is disabled',
    });
    expect((await load(['--simnet', '--logformat=xml'])).stderr).toMatch(
      /^loadConfig: The specified log format \[xml\] is invalid -- supported formats \[text json\]\n/u,
    );
  });

  test('every example in the file that is made names an option', async () => {
    await load(['--testnet']);
    const text = readFileSync(join(home, '.soterd/soterd.conf'), 'utf8');
    const names = [...text.matchAll(/^; ([a-z]+)=/gmu)].map(([, name]) => name);
    expect(names).toContain('metricslisten');
    for (const name of names) expect(Object.keys(SOTERD_OPTIONS)).toContain(name);
  });
});
