import { describe, expect, test } from 'vitest';
import { addressKey } from '../addrmgr/index.ts';
import { networkParams, userAgent } from '../params/index.ts';
import { ScriptedRemote } from '../peer/testing-remote.ts';
import { ipFromString, type NetAddress } from '../wire/index.ts';
import { guest, tell } from './testing/guest.ts';
import { VirtualNetwork, type VirtualPeer } from './testing/virtual-network.ts';

const testnet = networkParams('testnet1');

function address(ip: string, port = 5070, timestamp = 1_800_000_000): NetAddress {
  return { services: 1n, ip: ipFromString(ip)!, port, timestamp };
}

/** `count` routable addresses, each from a network of its own. */
function many(count: number): NetAddress[] {
  return Array.from({ length: count }, (_, i) => address(`${20 + (i >> 8)}.${i & 255}.3.4`));
}

async function testnetGuest(network: VirtualNetwork, node: VirtualPeer, ip = '198.51.100.7'): Promise<ScriptedRemote> {
  const remote = new ScriptedRemote(network.connect(ip, node.address), testnet);
  remote.introduce({ timestamp: BigInt(Math.floor(network.world.now / 1000)) });
  await network.world.advance(200);
  remote.received.length = 0;
  return remote;
}

describe('addr and getaddr', () => {
  test('what one peer tells another one is told, once, a share of it', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { params: testnet, connectOnly: ['10.77.0.1:5070'] });
    const teller = await testnetGuest(network, node);
    await tell(network, teller, { command: 'addr', addresses: many(900) });
    await tell(network, teller, { command: 'getaddr' });
    expect(teller.commands).toEqual([]);
    const asker = await testnetGuest(network, node, '198.51.100.8');
    await tell(network, asker, { command: 'getaddr' }, { command: 'getaddr' });
    expect(asker.commands).toEqual(['addr']);
    const shared = asker.all('addr')[0]!.addresses;
    expect(shared.length).toBeGreaterThan(150);
    expect(shared.length).toBeLessThan(250);
  });

  test('a peer cannot fill the pool: the rest of a flood is dropped', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { params: testnet, connectOnly: ['10.77.0.1:5070'] });
    const teller = await testnetGuest(network, node);
    const all = many(5000);
    for (let i = 0; i < 5; i++) teller.send({ command: 'addr', addresses: all.slice(i * 1000, i * 1000 + 1000) });
    await network.world.advance(500);
    const asker = await testnetGuest(network, node, '198.51.100.8');
    await tell(network, asker, { command: 'getaddrcache' });
    const known = asker.all('addrcache').flatMap((message) => ('addresses' in message ? message.addresses : []));
    expect(known.length).toBeLessThanOrEqual(1001);
    expect(teller.closed).toBe(false);
  });

  test('an empty addr ends the connection, except on simnet where all are ignored', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { params: testnet, connectOnly: ['10.77.0.1:5070'] });
    const remote = await testnetGuest(network, node);
    await tell(network, remote, { command: 'addr', addresses: [] });
    expect(remote.closed).toBe(true);
    const closed = await network.node('s');
    const onSimnet = await guest(network, closed);
    await tell(network, onSimnet, { command: 'addr', addresses: [] }, { command: 'getaddr' });
    expect(onSimnet.closed).toBe(false);
    expect(onSimnet.commands).toEqual([]);
  });

  test('an outgoing connection is told our address and asked for more; nobody else is', async () => {
    const network = new VirtualNetwork();
    const a = await network.node('a', { params: testnet, connectOnly: ['10.77.0.1:5070'] });
    const b = await network.node('b', { params: testnet, connectOnly: [a.address] });
    expect(() => b.handler.addLocalAddress(address('10.0.0.1', 5070), 4)).toThrow('address 10.0.0.1 is not routable');
    b.handler.addLocalAddress(address('93.184.35.19', 5070), 1);
    await network.world.advance(1000);
    expect(b.handler.operations.connectedCount()).toBe(1);
    expect(a.handler.operations.addressCache()).toEqual(['93.184.35.19:5070']);
    // A better one becomes known later, and a worse one.
    b.handler.addLocalAddress(address('93.184.35.20', 5070), 2);
    b.handler.addLocalAddress(address('93.184.35.21', 5070), 0);
    await network.world.advance(1000);
    expect(a.handler.operations.addressCache()).toEqual(['93.184.35.19:5070', '93.184.35.20:5070']);
    b.handler.removeLocalAddress(address('93.184.35.20', 5070));
    expect(b.handler.localAddresses().map(({ score }) => score)).toEqual([1, 0]);
  });
});

describe('addrcache', () => {
  test('generation 2: outgoing peers, the pool, what the asker told; without its own address', async () => {
    const network = new VirtualNetwork();
    const x = await network.node('x');
    const y = await network.node('y');
    const node = await network.node('n', { addPeers: [x.address, y.address] });
    await network.world.advance(1000);
    const remote = await guest(network, node);
    await tell(network, remote, { command: 'getaddrcache' });
    const told = [address('8.8.8.8', 18555), address('2001:4860:4860::8888', 18555)];
    await tell(network, remote, { command: 'addrcache', addresses: told }, { command: 'getaddrcache' });
    const answers = remote.all('addrcache').map((message) => {
      return 'addresses' in message ? message.addresses.map(addressKey).sort() : [];
    });
    expect(answers).toEqual([
      [x.address, y.address],
      [x.address, y.address, '8.8.8.8:18555'],
    ]);
    expect(node.handler.operations.addressCache()).toEqual(['8.8.8.8:18555', '[2001:4860:4860::8888]:18555']);
    await network.world.advance(100);
    expect(remote.commands.at(-1)).toBe('getaddrcache');
  });

  test('generation 4: three lists', async () => {
    const network = new VirtualNetwork();
    const params = networkParams('simnet', 4);
    const four = { params, userAgent: userAgent(4), services: 0x4dn };
    const x = await network.node('x', four);
    const node = await network.node('n', { ...four, addPeers: [x.address] });
    await network.world.advance(1000);
    const remote = new ScriptedRemote(network.connect('198.51.100.7', node.address), params);
    remote.introduce();
    await network.world.advance(200);
    const told = { inbound: [address('9.9.9.9')], outbound: [address('8.8.8.8')], known: [address('7.7.7.7')] };
    await tell(network, remote, { command: 'addrcache', ...told }, { command: 'getaddrcache' });
    const [answer] = remote.all('addrcache');
    const keys = answer && 'inbound' in answer ? answer.known.map(addressKey).sort() : [];
    expect(keys).toEqual(['7.7.7.7:5070', '8.8.8.8:5070']);
    expect(answer && 'inbound' in answer && answer.outbound.map(addressKey)).toEqual([x.address]);
    const lists = node.handler.operations.addressCacheLists();
    expect(lists.outbound).toEqual([x.address]);
    expect(lists.known).toEqual(['8.8.8.8:5070', '7.7.7.7:5070']);
  });

  test('is answered a few times in a row and then now and then', async () => {
    const network = new VirtualNetwork();
    const x = await network.node('x');
    const node = await network.node('n', { addPeers: [x.address] });
    await network.world.advance(1000);
    const remote = await guest(network, node);
    for (let i = 0; i < 50; i++) remote.send({ command: 'getaddrcache' });
    await network.world.advance(1000);
    expect(remote.commands).toHaveLength(5);
    await network.world.advance(20_000);
    await tell(network, remote, { command: 'getaddrcache' });
    expect(remote.commands).toHaveLength(6);
  });
});
