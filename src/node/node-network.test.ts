import dns from 'node:dns/promises';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { addressKey } from '../addrmgr/index.ts';
import type { FindGateway, Gateway } from './nat.ts';
import type { Node } from './node.ts';
import { startNode } from './testing/running-node.ts';
import { SocksServer } from './testing/socks-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const start: typeof startNode = async (args, options) => {
  const running = await startNode(['--norpc', ...args], options);
  cleanups.push(() => running.stop());
  return running;
};

/** Waits for something that the sockets of this machine bring about, however busy it is. */
const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 60_000 });

const own = (node: Node) => node.peers.localAddresses().map(({ address, score }) => `${addressKey(address)} ${score}`);

test('--upnp: a router that never answers delays neither start nor stop', async () => {
  let searches = 0;
  const silent: FindGateway = () => {
    searches++;
    return new Promise(() => undefined);
  };
  const { node } = await start(['--upnp', '--listen=127.0.0.1:0'], { findGateway: silent });
  expect(searches).toBe(1);
  expect(node.p2pAddresses).toHaveLength(1);
  await node.stop();
});

test('--upnp: the port that is listened on is forwarded, told, and given back', async () => {
  const calls: string[] = [];
  const gateway: Gateway = {
    name: 'test router',
    externalAddress: () => Promise.resolve('93.184.35.19'),
    map: (port, seconds) => {
      calls.push(`map ${port} ${seconds}`);
      return Promise.resolve(port);
    },
    unmap: (port) => {
      calls.push(`unmap ${port}`);
      return Promise.resolve();
    },
  };
  const { node, text } = await start(['--upnp', '--listen=127.0.0.1:0'], { findGateway: async () => gateway });
  const port = node.p2pAddresses[0]?.split(':')[1];
  while (own(node).length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(own(node)).toEqual([`93.184.35.19:${port} 2`]);
  expect(text()).toContain(`test router forwards 93.184.35.19 port ${port} to port ${port}`);
  await node.stop();
  expect(calls).toEqual([`map ${port} 1200`, `unmap ${port}`]);
});

test('--externalip: told with the port of the network; routers and listeners are left out', async () => {
  let searches = 0;
  const find: FindGateway = () => {
    searches++;
    return Promise.resolve(undefined);
  };
  const args = ['--upnp', '--listen=127.0.0.1:0', '--externalip=93.184.35.19', '--externalip=[2a00:1450::9]:77'];
  const { node, text } = await start([...args, '--externalip=10.0.0.1'], { findGateway: find });
  expect(own(node)).toEqual(['93.184.35.19:18555 4', '[2a00:1450::9]:77 4']);
  expect(text()).toContain('Skipping specified external IP: address 10.0.0.1 is not routable');
  expect(searches).toBe(0);
});

test('a node ends at once although a proxy keeps it waiting, with connections and lookups', async () => {
  const proxy = await SocksServer.start({ silent: true });
  cleanups.push(() => proxy.stop());
  const peers = ['--addpeer=node.example:1', '--addpeer=198.51.100.9:1', `--addpeer=${'b'.repeat(56)}.onion:1`];
  const listening = ['--listen=127.0.0.1:0', '--externalip=host.example'];
  const { node, text } = await start([`--proxy=${proxy.address}`, '--torisolation', ...peers, ...listening]);
  await until(() => proxy.open.size === 4);
  await node.stop();
  await until(() => proxy.open.size === 0);
  expect(text()).toContain('Server shutdown complete');
  expect(text()).not.toContain('Not adding');
});

test("a node ends at once although the system's lookups do not", async () => {
  const lookup = vi.spyOn(dns, 'lookup').mockReturnValue(new Promise(() => undefined));
  syncBuiltinESMExports();
  cleanups.push(() => {
    lookup.mockRestore();
    syncBuiltinESMExports();
  });
  const { node } = await start(['--addpeer=node.example:1', '--listen=127.0.0.1:0', '--externalip=host.example']);
  await until(() => lookup.mock.calls.length === 2);
  await node.stop();
});

test.each<[string, (path: string) => void]>([
  ['damaged', (path) => writeFileSync(path, '{"Version":1,"Key":[')],
  ['of another program', (path) => writeFileSync(path, '{"Version":9,"peers":{}}')],
  [
    'huge',
    (path) => {
      writeFileSync(path, '');
      truncateSync(path, 2 ** 33);
    },
  ],
])('a %s peers.json is set aside with a warning, once', async (_, damage) => {
  const { node, dataDir, text } = await start(['--nolisten'], {
    prepare: (folder) => damage(join(folder, 'peers.json')),
  });
  expect(text().match(/cannot read the peers file, starting without addresses/gu)).toHaveLength(1);
  expect(existsSync(join(dataDir, 'peers.json.corrupt'))).toBe(true);
  await node.stop();
  const written = readFileSync(join(dataDir, 'peers.json'), 'utf8');
  const next = await start(['--nolisten'], {
    prepare: (folder) => writeFileSync(join(folder, 'peers.json'), written),
  });
  expect(next.text()).toContain('loaded 0 addresses');
});
