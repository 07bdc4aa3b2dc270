import { expect, test } from 'vitest';
import type { Dialer } from '../connmgr/index.ts';
import { networkParams } from '../params/index.ts';
import type { Transport } from '../peer/index.ts';
import type { PeerHandlerOptions } from './ports.ts';
import { VirtualNetwork } from './testing/virtual-network.ts';

const testnet = networkParams('testnet1');

/** A node that starts without addresses: what it looks up and dials. */
async function start(options: Partial<PeerHandlerOptions>) {
  const network = new VirtualNetwork();
  const asked: string[] = [];
  const dialled: string[] = [];
  const dialer: Dialer<Transport> = {
    dial: (address) => {
      dialled.push(address);
      return Promise.reject(new Error('connection refused'));
    },
  };
  const resolver = {
    resolve: async (host: string) => {
      asked.push(host);
      await new Promise<void>((resolve) => network.world.timers.after(2000, resolve));
      return host === 'seed.example' ? ['8.8.8.8', '10.0.0.1'] : [];
    },
  };
  const dnsSeeds = [
    { host: 'seed.example', filtering: true },
    { host: 'empty.example', filtering: false },
    { host: '9.9.9.9', filtering: true },
  ];
  const node = await network.node('n', { params: { ...testnet, dnsSeeds }, ...options }, { dialer, resolver });
  await network.world.advance(60_000);
  await network.world.waitFor(node.handler.stop(), 5_000);
  return { asked, dialled: new Set(dialled) };
}

test('seeds are asked once, in the background; what they tell is dialled at the port of the network', async () => {
  const { asked, dialled } = await start({});
  expect(asked).toEqual(['seed.example', 'empty.example']);
  expect(dialled).toEqual(new Set(['8.8.8.8:5070', '9.9.9.9:5070']));
});

test.each<[string, Partial<PeerHandlerOptions>]>([
  ['--nodnsseed', { dnsSeed: false }],
  ['--connect', { connectOnly: ['12.12.12.12:5070'] }],
  ['simnet', { params: { ...networkParams('simnet'), dnsSeeds: [{ host: 'seed.example', filtering: true }] } }],
])('nobody is asked with %s', async (_, options) => {
  expect((await start(options)).asked).toEqual([]);
});
