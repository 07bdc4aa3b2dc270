import { expect, test } from 'vitest';
import { AddressManager } from '../addrmgr/index.ts';
import { MemoryFile } from '../addrmgr/testing.ts';
import type { Dialer } from '../connmgr/index.ts';
import { networkParams } from '../params/index.ts';
import type { Transport } from '../peer/index.ts';
import { transportPair } from '../peer/testing.ts';
import { ScriptedRemote } from '../peer/testing-remote.ts';
import { silentLogger } from '../util/log.ts';
import { ipFromString, type NetAddress } from '../wire/index.ts';
import { guest } from './testing/guest.ts';
import { VirtualNetwork } from './testing/virtual-network.ts';

const testnet = networkParams('testnet1');
const MINUTE = 60_000;
const NEVER = -62_135_596_800;
const LIVE = '8.8.8.8:5070';
const DEAD = '9.9.9.9:5070';
const MUTE = '11.11.11.11:5070';

/** An entry of peers.json, as the reference node would read it. */
interface Entry {
  readonly Addr: string;
  readonly Attempts: number;
  readonly TimeStamp: number;
  readonly LastAttempt: number;
  readonly LastSuccess: number;
  readonly Services: number;
}

interface PeersFileContent {
  readonly Addresses: readonly Entry[];
  readonly NewBuckets: readonly (readonly string[])[];
  readonly TriedBuckets: readonly (readonly string[])[];
}

/** A testnet node that knows some addresses of an hour ago; who answers there is decided by the test. */
async function setup(
  known: readonly string[],
  options: { readonly targetOutbound?: number; readonly maxPeers?: number } = {},
) {
  const network = new VirtualNetwork();
  const { world } = network;
  const now = () => Math.floor(world.now / 1000);
  const file = new MemoryFile();
  const addresses = known.map((text): NetAddress => {
    return { services: 1n, ip: ipFromString(text.split(':')[0]!)!, port: 5070, timestamp: now() - 3600 };
  });
  const first = new AddressManager({}, { world, logger: silentLogger, file });
  await first.start();
  first.add(addresses, addresses[0]!);
  await first.stop();

  const dialled: string[] = [];
  const remotes = new Map<string, ScriptedRemote>();
  const answers = { [LIVE]: true, [MUTE]: true } as Record<string, boolean>;
  const dialer: Dialer<Transport> = {
    dial: (address) => {
      dialled.push(address);
      if (!answers[address]) return Promise.reject(new Error('connection refused'));
      const [near, far] = transportPair(world, { first: '93.184.35.19:40000', second: address });
      const remote = new ScriptedRemote(far, testnet);
      remotes.set(address, remote);
      remote.onMessage = (message) => {
        if (message.command === 'ping') remote.send({ command: 'pong', nonce: message.nonce });
      };
      if (address === LIVE) remote.introduce({ services: 0x4dn, timestamp: BigInt(now()) });
      return Promise.resolve(near);
    },
  };
  const files = { peersFile: file, anchorsFile: new MemoryFile() };
  const node = await network.node('n', { params: testnet, dnsSeed: false, ...options }, { dialer, ...files });
  /** What the file says at the next time it is written. */
  const content = async (): Promise<PeersFileContent> => {
    await world.advance(10 * MINUTE);
    return JSON.parse(file.content ?? '');
  };
  const entry = ({ Addresses }: PeersFileContent, address: string) => Addresses.find(({ Addr }) => Addr === address)!;
  return { network, world, node, now, dialled, remotes, answers, content, entry, files };
}

test('a connection that works: attempt, success, services at once; the time of sight when it ends', async () => {
  const { world, now, dialled, remotes, answers, content, entry } = await setup([LIVE], { targetOutbound: 1 });
  const start = now();
  await world.advance(1000);
  expect(dialled).toEqual([LIVE]);
  const connected = await content();
  expect(entry(connected, LIVE)).toMatchObject({ Attempts: 0, Services: 0x4d, TimeStamp: start - 3600 });
  expect(entry(connected, LIVE).LastSuccess).toBeGreaterThanOrEqual(start);
  expect(entry(connected, LIVE).LastSuccess).toBeLessThanOrEqual(start + 1);
  expect(entry(connected, LIVE).LastAttempt).toBe(entry(connected, LIVE).LastSuccess);
  expect(connected.TriedBuckets.flat()).toEqual([LIVE]);
  expect(connected.NewBuckets.flat()).toEqual([]);
  const end = now();
  answers[LIVE] = false;
  remotes.get(LIVE)?.transport.close();
  const ended = entry(await content(), LIVE);
  expect(ended.TimeStamp).toBe(end);
  expect(ended.LastSuccess).toBe(entry(connected, LIVE).LastSuccess);
});

test('an address where nobody answers, or nobody speaks, gathers attempts and loses rank', async () => {
  const { world, node, now, content, entry } = await setup([LIVE, DEAD, MUTE], { targetOutbound: 3 });
  const start = now();
  await world.advance(90 * MINUTE);
  expect(node.handler.operations.connectedCount()).toBe(1);
  const file = await content();
  for (const address of [DEAD, MUTE]) {
    const { Attempts, LastAttempt, LastSuccess, TimeStamp } = entry(file, address);
    expect(Attempts).toBeGreaterThan(2);
    expect(LastAttempt).toBeGreaterThan(start);
    expect([LastSuccess, TimeStamp]).toEqual([NEVER, start - 3600]);
  }
  expect(entry(file, LIVE).Attempts).toBe(0);
  expect(file.TriedBuckets.flat()).toEqual([LIVE]);
});

test('a node that reaches nobody at all blames itself, and remembers only when it tried', async () => {
  const { world, now, dialled, content, entry } = await setup([DEAD, '12.12.12.12:5070'], { targetOutbound: 2 });
  const start = now();
  await world.advance(60 * MINUTE);
  expect(dialled.length).toBeGreaterThan(10);
  const { Attempts, LastAttempt } = entry(await content(), DEAD);
  expect(Attempts).toBe(0);
  expect(LastAttempt).toBeGreaterThan(start);
});

test('a remote of another network is no success', async () => {
  const { world, remotes, content, entry } = await setup([MUTE], { targetOutbound: 1 });
  await world.advance(100);
  const remote = remotes.get(MUTE)!;
  remote.introduce({ genesisHash: new Uint8Array(32) });
  await world.advance(100);
  expect(remote.closed).toBe(true);
  const file = await content();
  expect(entry(file, MUTE).LastSuccess).toBe(NEVER);
  expect(file.TriedBuckets.flat()).toEqual([]);
});

test('the connections of the last run are the first of the next, after a kill as well', async () => {
  const { world, node, files, dialled } = await setup([LIVE], { targetOutbound: 1 });
  await world.advance(11 * MINUTE);
  expect(files.anchorsFile.content).toBe(`${LIVE}\n`);
  await world.waitFor(node.handler.stop(), 1000);
  expect(files.anchorsFile.content).toBe(`${LIVE}\n`);
  dialled.length = 0;
  const next = new VirtualNetwork();
  const anchors = `${DEAD}\n${MUTE}\n`;
  const dialer: Dialer<Transport> = {
    dial: (address) => {
      dialled.push(address);
      return Promise.reject(new Error('connection refused'));
    },
  };
  const peersFile = new MemoryFile(files.peersFile.content);
  const anchorsFile = new MemoryFile(anchors);
  const options = { params: testnet, dnsSeed: false, targetOutbound: 3 };
  const again = await next.node('n', options, { dialer, peersFile, anchorsFile });
  await next.world.advance(100);
  expect(dialled.slice(0, 2)).toEqual([DEAD, MUTE]);
  // Nothing was reached: what is known to have been good stays.
  await next.world.waitFor(again.handler.stop(), 1000);
  expect(anchorsFile.content).toBe(anchors);
});

test('a node without any place for peers dials nobody and takes nobody', async () => {
  const { network, world, node, dialled } = await setup([LIVE], { maxPeers: 0 });
  await world.advance(MINUTE);
  expect(dialled).toEqual([]);
  expect((await guest(network, node)).closed).toBe(true);
});

test('connections that are begun at once lead into different networks, however many addresses one of them has', async () => {
  const network = new VirtualNetwork();
  const peersFile = new MemoryFile();
  const first = new AddressManager({}, { world: network.world, logger: silentLogger, file: peersFile });
  await first.start();
  const addresses = Array.from({ length: 300 }, (_, i): NetAddress => {
    const ip = i < 3 ? `${20 + i}.1.1.1` : `66.66.${i & 255}.7`;
    return { services: 1n, ip: ipFromString(ip)!, port: 5070 };
  });
  for (const address of addresses) first.add([address], address);
  await first.stop();
  const dialled: string[] = [];
  const dialer: Dialer<Transport> = {
    dial: (address, signal) => {
      dialled.push(address);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));
    },
  };
  const node = await network.node('n', { params: testnet, dnsSeed: false }, { dialer, peersFile });
  await network.world.advance(29_000);
  const groups = dialled.map((address) => address.split('.').slice(0, 2).join('.'));
  expect(groups).toContain('66.66');
  expect(groups.length).toBeGreaterThan(1);
  expect(new Set(groups).size).toBe(groups.length);
  await network.world.waitFor(node.handler.stop(), 1000);
});

test('banned hosts and, without Tor, onion services are not dialled', async () => {
  const { world, node, dialled } = await setup([LIVE, DEAD], { targetOutbound: 2 });
  expect(dialled.length).toBeGreaterThan(0);
  node.handler.operations.ban('9.9.0.0/16', 3_600_000);
  dialled.length = 0;
  await world.advance(30 * MINUTE);
  expect(dialled).not.toContain(DEAD);
});
