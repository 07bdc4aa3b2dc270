import { expect, test } from 'vitest';
import { MemoryFile } from '../../addrmgr/testing.ts';
import { guest } from '../../server/testing/guest.ts';
import { VirtualNetwork } from '../../server/testing/virtual-network.ts';
import { silentLogger } from '../../util/log.ts';
import { RpcDispatcher } from '../dispatcher.ts';
import { resultMismatch } from '../testing/check-result.ts';
import { idlePorts } from '../testing/idle-ports.ts';
import { rpcMethods } from './index.ts';

interface Listed {
  readonly address: string;
  readonly ban_created: number;
  readonly banned_until: number;
  readonly ban_duration: number;
  readonly time_remaining: number;
}

/** A node of a virtual network whose bans are commanded by RPC; `restart` runs another one on the same file. */
async function setup() {
  const network = new VirtualNetwork();
  const bansFile = new MemoryFile();
  const start = async (name: string) => {
    const node = await network.node(name, { whitelist: ['203.0.113.0/24'] }, { bansFile });
    const ports = idlePorts({ peers: node.handler.operations, clock: network.world.clock });
    const dispatcher = new RpcDispatcher({ quirks: false }, { methods: rpcMethods, ports, logger: silentLogger });
    const call = async (method: string, ...params: readonly unknown[]) => {
      const caller = { address: '127.0.0.1:1', signal: new AbortController().signal };
      const answer = await dispatcher.handle(JSON.stringify({ id: 1, method, params }), 'admin', caller);
      const { result, error } = JSON.parse(answer ?? '');
      const schema = rpcMethods.get(method)?.result;
      if (!error && schema) expect(resultMismatch(schema, result)).toBeUndefined();
      return error ? `${error.code}: ${error.message}` : result;
    };
    return { node, call };
  };
  const now = () => Math.round(network.world.clock.now() / 1000);
  return { network, start, now };
}

test('a host: banned at once and over a restart, listed, lifted', async () => {
  const { network, start, now } = await setup();
  const { node, call } = await start('a');
  const remote = await guest(network, node);
  const began = now();
  expect(await call('setban', '::ffff:198.51.100.7', 'add')).toBeNull();
  await network.world.advance(100);
  expect(remote.closed).toBe(true);
  await network.world.advance(9_900);
  expect(await call('listbanned')).toEqual([
    {
      address: '198.51.100.7',
      ban_created: began,
      banned_until: began + 86_400,
      ban_duration: 86_400,
      time_remaining: 86_390,
    },
  ]);
  await network.world.waitFor(node.handler.stop(), 1000);
  const again = await start('b');
  const [listed] = (await again.call('listbanned')) as Listed[];
  expect(listed).toMatchObject({ address: '198.51.100.7', ban_created: began, banned_until: began + 86_400 });
  expect((await guest(network, again.node)).closed).toBe(true);
  expect(await again.call('setban', '198.51.100.7/32', 'remove')).toBeNull();
  expect((await guest(network, again.node)).closed).toBe(false);
  expect(await again.call('listbanned')).toEqual([]);
});

test('a network, for some seconds or until a time; whitelisted hosts are not concerned', async () => {
  const { network, start, now } = await setup();
  const { node, call } = await start('a');
  const inside = await guest(network, node, { ip: '10.9.1.2' });
  const outside = await guest(network, node, { ip: '10.10.1.2' });
  const friend = await guest(network, node, { ip: '203.0.113.5' });
  expect(await call('setban', '10.9.77.1/16', 'add', 60)).toBeNull();
  expect(await call('setban', '203.0.113.5', 'add', now() + 30, true)).toBeNull();
  expect(await call('setban', '2001:db8:1::/48', 'add', 90)).toBeNull();
  await network.world.advance(100);
  expect([inside.closed, outside.closed, friend.closed]).toEqual([true, false, false]);
  const listed = (await call('listbanned')) as Listed[];
  expect(listed.map(({ address }) => address)).toEqual(['203.0.113.5', '10.9.0.0/16', '2001:db8:1::/48']);
  expect((await guest(network, node, { ip: '10.9.200.1' })).closed).toBe(true);
  expect((await guest(network, node, { ip: '[2001:db8:1:7::1]' })).closed).toBe(true);
  expect((await guest(network, node, { ip: '[2001:db8:2::1]' })).closed).toBe(false);
  expect((await guest(network, node, { ip: '203.0.113.5' })).closed).toBe(false);
  await network.world.advance(60_000);
  expect((await guest(network, node, { ip: '10.9.200.1' })).closed).toBe(false);
  expect(await call('listbanned')).toHaveLength(1);
  expect(await call('clearbanned')).toBeNull();
  expect(await call('listbanned')).toEqual([]);
});

test('what cannot be done', async () => {
  const { start, now } = await setup();
  const { call } = await start('a');
  for (const text of ['', 'node.example', '1.2.3', '1.2.3.4/33', '1.2.3.4:5', '::/129'])
    expect(await call('setban', text, 'add')).toBe('-30: Error: Invalid IP/Subnet');
  await call('setban', '1.2.3.4', 'add');
  expect(await call('setban', '1.2.3.4/32', 'add')).toBe('-23: Error: IP/Subnet already banned');
  await call('setban', '1.2.0.0/16', 'add');
  const missing = '-30: Error: Unban failed. Requested address/subnet was not previously manually banned.';
  for (const text of ['1.2.3.5', '1.2.0.0/15', 'nonsense']) expect(await call('setban', text, 'remove')).toBe(missing);
  expect(await call('setban', '5.6.7.8', 'add', now() - 1, true)).toBe('-8: Error: Absolute timestamp is in the past');
  expect(await call('setban', '5.6.7.8', 'add', -1)).toBe('-8: bantime may not be negative');
  expect(await call('setban', '5.6.7.8', 'lift')).toBe('-8: invalid subcommand for setban');
  expect(await call('setban', '5.6.7.8')).toContain('-32602: ');
  await call('setban', '5.6.7.8', 'add', Number.MAX_SAFE_INTEGER);
  const listed = (await call('listbanned')) as Listed[];
  expect(listed.at(-1)).toMatchObject({ address: '5.6.7.8', ban_duration: 3_153_600_000 });
  expect(await call('setban', 'aasqaaaaaaaaaaab.onion', 'add')).toBeNull();
});
