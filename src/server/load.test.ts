import { expect, test } from 'vitest';
import { VirtualNetwork } from './testing/virtual-network.ts';

test('the load shows peers, handshakes, requests and addresses', async () => {
  const network = new VirtualNetwork();
  const listener = await network.node('listener');
  const dialler = await network.node('dialler', { addPeers: [listener.address] });
  network.connect('10.9.9.9', listener.address);
  await network.world.advance(1000);
  expect(dialler.handler.operations.load()).toMatchObject({ peers: 1, pending: 0, requests: 1, bans: 0 });
  const load = listener.handler.operations.load();
  expect(load).toMatchObject({ peers: 1, pending: 1, requests: 0, addresses: 0, queuedBytes: 0, bufferedBytes: 0 });
  expect(load.sync.peers).toBe(1);
  listener.handler.operations.ban('203.0.113.5', 1000);
  expect(listener.handler.operations.load().bans).toBe(1);
});
