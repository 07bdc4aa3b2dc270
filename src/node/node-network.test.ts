import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { addressKey } from '../addrmgr/index.ts';
import { loadConfig } from './config/index.ts';
import { Logs } from './logging/index.ts';
import type { FindGateway, Gateway } from './nat.ts';
import { Node } from './node.ts';
import { systemClock, systemWorld } from './system.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A whole node, started; what it logs. */
async function start(args: readonly string[], findGateway: FindGateway) {
  const home = mkdtempSync(join(tmpdir(), 'soterd-node-'));
  cleanups.push(() => rmSync(home, { recursive: true, force: true }));
  let text = '';
  const output = {
    write: (part: string) => {
      text += part;
      return true;
    },
  };
  const logs = new Logs({ clock: systemClock, output, early: output });
  const outcome = await loadConfig({
    args: ['--simnet', '--norpc', ...args],
    program: 'soterd',
    stdout: output,
    stderr: output,
    logs,
    env: { HOME: home },
    platform: 'linux',
    accountHome: () => home,
    randomBytes,
    lookup: () => Promise.resolve([]),
  });
  if (outcome.kind !== 'run') throw new Error(text);
  const node = await Node.open(outcome.config, {
    world: systemWorld,
    logs,
    requestShutdown: () => undefined,
    findGateway,
  });
  cleanups.push(async () => {
    await node.stop();
    await logs.close();
  });
  await node.start();
  return { node, text: () => text };
}

const own = (node: Node) => node.peers.localAddresses().map(({ address, score }) => `${addressKey(address)} ${score}`);

test('--upnp: a router that never answers delays neither start nor stop', async () => {
  let searches = 0;
  const silent: FindGateway = () => {
    searches++;
    return new Promise(() => undefined);
  };
  const { node } = await start(['--upnp', '--listen=127.0.0.1:0'], silent);
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
  const { node, text } = await start(['--upnp', '--listen=127.0.0.1:0'], () => Promise.resolve(gateway));
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
  const { node, text } = await start([...args, '--externalip=10.0.0.1'], find);
  expect(own(node)).toEqual(['93.184.35.19:18555 4', '[2a00:1450::9]:77 4']);
  expect(text()).toContain('Skipping specified external IP: address 10.0.0.1 is not routable');
  expect(searches).toBe(0);
});
