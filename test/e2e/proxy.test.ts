/**
 * Goal: a node behind a proxy reaches others through it alone. Method: two soterd in processes of their own and a small SOCKS5 proxy
 * between them, which is the only one that knows where a name leads.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SocksServer } from '../../src/node/testing/socks-server.ts';
import { freePort, MINING_ADDRESS, NodeProcess, soterctl, soterd, until } from './process.ts';

let cleanUp: (() => Promise<void> | void)[];
beforeEach(() => {
  cleanUp = [];
});
afterEach(async () => {
  for (const each of cleanUp.reverse()) await each();
});

/** A node that holds some blocks, and a proxy that leads every connection to it. */
async function setup() {
  const node = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`]);
  cleanUp.push(() => node.remove());
  await node.call('generate', 5);
  const proxy = await SocksServer.start({ forwardTo: node.p2pPort, authenticate: true });
  cleanUp.push(() => proxy.stop());
  return { node, proxy };
}

interface PeerInfo {
  readonly addr: string;
  readonly inbound: boolean;
}

test.each([
  ['a name', 'node.example:18555', []],
  ['an old onion service', 'aasqaaaaaaaaaaab.onion:18555', ['--torisolation']],
  ['a new onion service', `${'b'.repeat(56)}.onion:18555`, ['--torisolation', '--proxyuser=me', '--proxypass=secret']],
])('%s is reached through the proxy, and blocks come through it', async (_, address, options) => {
  const { node, proxy } = await setup();
  const behind = await NodeProcess.start([`--proxy=${proxy.address}`, `--connect=${address}`, ...options]);
  cleanUp.push(() => behind.remove());
  await until(async () => (await behind.call('getblockcount')) === (await node.call('getblockcount')));
  const [peer] = await behind.call<PeerInfo[]>('getpeerinfo');
  expect(peer).toMatchObject({ addr: address, inbound: false });
  expect((await behind.call<{ proxy: string }>('getinfo')).proxy).toBe(proxy.address);
  const [host] = address.split(':');
  expect(proxy.requests[0]).toMatchObject({ command: 1, type: 3, host, port: 18555 });
  const user = proxy.requests[0]?.credentials?.user;
  if (options.length > 0) expect(user).toMatch(/^[0-9a-f]{32}$/u);
  else expect(user).toBeUndefined();
});

test('--onion alone: Tor services through it, others directly; without it they are out of reach', async () => {
  const { node, proxy } = await setup();
  const onion = 'aasqaaaaaaaaaaab.onion:18555';
  const peers = [`--addpeer=${onion}`, `--addpeer=127.0.0.1:${node.p2pPort}`];
  const mixed = await NodeProcess.start([`--onion=${proxy.address}`, ...peers]);
  cleanUp.push(() => mixed.remove());
  await until(async () => (await mixed.call<PeerInfo[]>('getpeerinfo')).length === 2);
  expect(proxy.requests.map(({ host }) => host)).toEqual(['aasqaaaaaaaaaaab.onion']);
  const without = await NodeProcess.start(['-d', 'debug', ...peers]);
  cleanUp.push(() => without.remove());
  await until(() => without.program.stdout.includes(`cannot connect to ${onion}: attempt to resolve tor address`));
  expect((await without.call<PeerInfo[]>('getpeerinfo')).length).toBeLessThanOrEqual(1);
});

test('soterctl calls through a proxy, with TLS and without', async () => {
  const { node } = await setup();
  mkdirSync(join(node.home, '.soterctl'));
  writeFileSync(join(node.home, '.soterctl', 'soterctl.conf'), '');
  const secure = await startSecure(node.home);
  cleanUp.push(() => secure.program.end('SIGKILL').then(() => undefined));
  for (const [port, options] of [
    [node.rpcPort, ['--notls']],
    [secure.rpcPort, [`--rpccert=${node.home}/.soterd/rpc.cert`]],
  ] as const) {
    const proxy = await SocksServer.start({ forwardTo: port, authenticate: true });
    cleanUp.push(() => proxy.stop());
    const common = ['--simnet', '--rpcuser=user', '--rpcpass=pass', ...options];
    const through = [...common, `--proxy=${proxy.address}`, '--proxyuser=me', '--proxypass=secret'];
    const { stdout, stderr, code } = await soterctl([...through, 'getbestblockhash'], node.home);
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toMatch(/^[0-9a-f]{64}\n$/u);
    expect(proxy.requests[0]).toMatchObject({ host: 'localhost', credentials: { user: 'me', password: 'secret' } });
    proxy.behaviour = { status: 5 };
    const refused = await soterctl([...through, 'getbestblockhash'], node.home);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^Post "https?:\/\/localhost:\d+": .*ConnectionRefused\n$/u);
  }
});

/** Another node with a certificate, in the same home. */
async function startSecure(home: string) {
  const rpcPort = await freePort();
  const options = ['--simnet', '--rpcuser=user', '--rpcpass=pass', '--nolisten', `--rpclisten=127.0.0.1:${rpcPort}`];
  const program = soterd([...options, `--datadir=${home}/secure`, `--logdir=${home}/secure`], home);
  await until(() => program.stdout.includes('RPC server listening'));
  return { program, rpcPort };
}

test('a proxy that is not there is said in the log, and tried again', async () => {
  const port = await freePort();
  const alone = await NodeProcess.start([`--proxy=127.0.0.1:${port}`, '--connect=node.example:1', '-d', 'debug']);
  cleanUp.push(() => alone.remove());
  await until(() => alone.program.stdout.includes(`cannot connect to node.example:1: connect ECONNREFUSED`));
  expect((await alone.program.end('SIGTERM')).code).toBe(0);
});
