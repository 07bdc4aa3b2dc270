import { describe, expect, test } from 'vitest';
import { guest } from './testing/guest.ts';
import { VirtualNetwork } from './testing/virtual-network.ts';

async function pair() {
  const network = new VirtualNetwork();
  const a = await network.node('a');
  const b = await network.node('b');
  return { network, a, b, operations: b.handler.operations };
}

describe('connecting and disconnecting', () => {
  test('once: the connection is not made again', async () => {
    const { network, a, operations } = await pair();
    await operations.connect(a.address, false);
    await network.world.advance(500);
    const [peer] = operations.peers();
    expect(peer).toMatchObject({ address: a.address, inbound: false, services: 0x0dn, protocolVersion: 70_013 });
    operations.disconnectById(peer!.id);
    await network.world.advance(120_000);
    expect(operations.connectedCount()).toBe(0);
    expect(a.handler.operations.connectedCount()).toBe(0);
  });

  test('texts of refusals', async () => {
    const { network, a, operations } = await pair();
    await operations.connect(a.address, true);
    await network.world.advance(500);
    await expect(operations.connect(a.address, true)).rejects.toThrow('peer already connected');
    await expect(operations.connect(a.address, false)).rejects.toThrow('peer exists as a permanent peer');
    const [{ id } = { id: 0 }] = operations.peers();
    expect(() => operations.disconnectById(id)).toThrow('peer not found');
    expect(() => operations.disconnectByAddress(a.address)).toThrow('peer not found');
    expect(() => operations.disconnectById(99)).toThrow('peer not found');
    expect(() => operations.removeById(99)).toThrow('peer not found');
    expect(() => operations.removeByAddress('10.0.0.1:1')).toThrow('peer not found');
    operations.removeById(id);
    await network.world.advance(120_000);
    expect(operations.connectedCount()).toBe(0);
  });

  test('a permanent peer that is not connected is shown and can be removed', async () => {
    const { operations } = await pair();
    await operations.connect('10.99.0.1:18555', true);
    expect(operations.persistentPeers()).toEqual([{ address: '10.99.0.1:18555', connected: false, inbound: false }]);
    operations.removeByAddress('10.99.0.1:18555');
    expect(operations.persistentPeers()).toEqual([]);
  });

  test('a thousand wishes are enough', async () => {
    const { operations } = await pair();
    for (let i = 0; i < 1000; i++) await operations.connect(`10.${i >> 8}.${i & 255}.9:18555`, true);
    await expect(operations.connect('10.99.0.1:18555', true)).rejects.toThrow('max peers reached');
    operations.removeByAddress('10.0.0.9:18555');
    await operations.connect('10.99.0.1:18555', true);
  });

  test('a second wish for a passing connection changes nothing', async () => {
    const { network, a, operations } = await pair();
    await operations.connect(a.address, false);
    await operations.connect(a.address, false);
    await network.world.advance(500);
    await operations.connect(a.address, false);
    await network.world.advance(500);
    expect(operations.connectedCount()).toBe(1);
  });

  test('by address: an incoming peer, or every outgoing one', async () => {
    const { network, b, operations } = await pair();
    const remote = await guest(network, b);
    operations.disconnectByAddress(operations.peers()[0]!.address);
    await network.world.advance(100);
    expect(remote.closed).toBe(true);
  });
});

test('figures of a connection', async () => {
  const { network, a, b, operations } = await pair();
  await operations.connect(a.address, false);
  await network.world.advance(500);
  operations.pingAll();
  expect(operations.peers()[0]!.pingWaitMicros).toBe(0);
  await network.world.advance(500);
  const peer = operations.peers()[0]!;
  expect(peer.pingMicros).toBe(40_000);
  expect(peer).not.toHaveProperty('pingWaitMicros');
  expect(peer).toMatchObject({ bytesSent: 196 + 32, bytesReceived: 196 + 32, timeOffset: 0, banScore: 0 });
  expect(operations.netTotals()).toEqual({ bytesReceived: 228, bytesSent: 228 });
  expect(operations.listenAddresses()).toEqual([b.address]);
  await expect(operations.resolve('example.org')).rejects.toThrow('no addresses found for example.org');
});
