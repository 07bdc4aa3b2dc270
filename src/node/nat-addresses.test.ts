import { describe, expect, test } from 'vitest';
import { addressKey, isRoutable, LocalPriority, UnroutableAddressError } from '../addrmgr/index.ts';
import type { Resolver } from '../connmgr/index.ts';
import { silentLogger } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import type { Gateway } from './nat.ts';
import { OwnAddresses, type OwnAddressOptions } from './nat-addresses.ts';

const lookup: Resolver['resolve'] = (host) =>
  Promise.resolve(host === 'node.example' ? ['93.184.35.30', '1.2.3.4'] : []);

/** The addresses that a configuration leads to. */
function setup(options: Partial<OwnAddressOptions>, gateway?: Gateway, resolve: Resolver['resolve'] = lookup) {
  const world = new VirtualWorld();
  const taken = new Map<string, number>();
  const warnings: string[] = [];
  let searches = 0;
  const own = new OwnAddresses(
    { externalAddresses: [], upnp: false, defaultPort: 5070, services: 13n, listening: ['0.0.0.0:5070'], ...options },
    {
      world,
      logger: { ...silentLogger, warn: (text) => void warnings.push(text) },
      resolver: { resolve },
      findGateway: () => {
        searches++;
        return Promise.resolve(gateway);
      },
      interfaces: () => ['93.184.35.1', '192.168.1.5', '2a00:1450::7', 'fe80::1'],
      add: (address, priority) => {
        if (!isRoutable(address.ip)) throw new UnroutableAddressError(address.ip);
        taken.set(addressKey(address), priority);
      },
      remove: (address) => taken.delete(addressKey(address)),
    },
  );
  return { world, own, taken, warnings, searches: () => searches };
}

describe('--externalip', () => {
  test('is all that is told: no listeners, no router', async () => {
    const { world, own, taken, warnings, searches } = setup({
      externalAddresses: [
        '93.184.35.19',
        '93.184.35.20:1234',
        'node.example:7',
        '2a00:1450::9',
        'aasqaaaaaaaaaaab.onion',
      ],
      upnp: true,
    });
    own.start();
    await world.advance(1);
    const { manual } = LocalPriority;
    expect([...taken]).toEqual([
      ['93.184.35.19:5070', manual],
      ['93.184.35.20:1234', manual],
      ['[2a00:1450::9]:5070', manual],
      ['aasqaaaaaaaaaaab.onion:5070', manual],
      ['93.184.35.30:7', manual],
    ]);
    expect(warnings).toEqual([]);
    expect(searches()).toBe(0);
    await own.stop();
  });

  test('a lookup that is under way ends with the node, and nothing of it is heard afterwards', async () => {
    let ended = false;
    const { world, own, taken, warnings } = setup({ externalAddresses: ['node.example'] }, undefined, (_, signal) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          ended = true;
          reject(new Error('given up'));
        });
      });
    });
    own.start();
    await world.advance(60_000);
    expect(ended).toBe(false);
    await own.stop();
    expect(ended).toBe(true);
    expect([taken.size, warnings]).toEqual([0, []]);
    own.start();
    expect(taken.size).toBe(0);
  });

  test('says what cannot be used', async () => {
    const { world, own, taken, warnings } = setup({
      externalAddresses: ['93.184.35.19:http', '93.184.35.19:0', '93.184.35.19:65536', '10.0.0.1', 'nobody.example'],
    });
    own.start();
    await world.advance(1);
    expect(taken.size).toBe(0);
    expect(warnings).toEqual([
      'Can not parse port from 93.184.35.19:http for externalip',
      'Can not parse port from 93.184.35.19:0 for externalip',
      'Can not parse port from 93.184.35.19:65536 for externalip',
      'Skipping specified external IP: address 10.0.0.1 is not routable',
      'Not adding nobody.example as externalip: no addresses found for nobody.example',
    ]);
  });
});

describe('listeners', () => {
  test.each([
    [['0.0.0.0:5070'], ['93.184.35.1:5070']],
    [['[::]:5071'], ['93.184.35.1:5071', '[2a00:1450::7]:5071']],
    [['93.184.35.8:5072', '127.0.0.1:5070'], ['93.184.35.8:5072']],
    [[], []],
  ])('%j', (listening, expected) => {
    const { own, taken, searches } = setup({ listening });
    own.start();
    expect([...taken]).toEqual(expected.map((key) => [key, LocalPriority.bound]));
    expect(searches()).toBe(0);
  });
});

describe('--upnp', () => {
  const router = (external: () => string): Gateway => ({
    name: 'router',
    externalAddress: () => Promise.resolve(external()),
    map: (port) => Promise.resolve(port),
    unmap: () => Promise.resolve(),
  });

  test('adds the address of the router, and replaces it when it changes', async () => {
    let external = '93.184.35.19';
    const { world, own, taken } = setup(
      { upnp: true, listening: ['192.168.1.5:6000'] },
      router(() => external),
    );
    own.start();
    await world.advance(1);
    expect([...taken]).toEqual([['93.184.35.19:6000', LocalPriority.upnp]]);
    external = '93.184.35.20';
    await world.advance(15 * 60_000);
    expect([...taken]).toEqual([['93.184.35.20:6000', LocalPriority.upnp]]);
    await world.waitFor(own.stop(), 1);
    expect(world.pendingTimers).toBe(0);
  });

  test('a router behind another one is no way in', async () => {
    const { world, own, taken, warnings } = setup(
      { upnp: true, listening: ['192.168.1.5:6000'] },
      router(() => '100.64.1.1'),
    );
    own.start();
    await world.advance(1);
    expect(taken.size).toBe(0);
    expect(warnings).toEqual(['The router itself has no public address: others cannot connect through it']);
    await world.waitFor(own.stop(), 1);
  });

  test('is not asked by a node that does not listen', async () => {
    const { world, own, searches } = setup({ upnp: true, listening: [] });
    own.start();
    await world.advance(1);
    expect(searches()).toBe(0);
    await own.stop();
  });
});
