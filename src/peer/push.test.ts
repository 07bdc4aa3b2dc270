import { describe, expect, test } from 'vitest';
import { ZERO_HASH } from '../util/hash.ts';
import { InvType, type InvVector, type NetAddress, UNKNOWN_IP } from '../wire/index.ts';
import { harness } from './testing-harness.ts';

const HASH = new Uint8Array(32).fill(7);

function inv(type: number, seed: number, height = -1): InvVector {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, seed);
  return { type, hash, height };
}

function addresses(count: number): NetAddress[] {
  return Array.from({ length: count }, (_, port) => ({ services: 1n, ip: UNKNOWN_IP, port, timestamp: 1 }));
}

describe('pushes', () => {
  test('at most 1000 addresses, chosen at random; none, no message', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    expect(peer.pushAddresses([])).toEqual([]);
    const all = addresses(1500);
    const sent = peer.pushAddresses(all);
    expect(sent).toHaveLength(1000);
    expect(new Set(sent).size).toBe(1000);
    expect(sent.some(({ port }) => port >= 1000)).toBe(true);
    expect(peer.pushAddresses(all.slice(0, 2))).toEqual(all.slice(0, 2));
    await world.settle();
    expect(remote.all('addr').map((message) => message.addresses.length)).toEqual([1000, 2]);
  });

  test('the address cache: one list in generation 2, three in generation 4, 1000 addresses a message', async () => {
    const lists = { outbound: addresses(700), inbound: addresses(600), known: addresses(900) };
    const two = harness();
    await two.shake();
    two.peer.pushAddressCache({ outbound: [], inbound: [], known: [] });
    two.peer.pushAddressCache(lists);
    await two.world.settle();
    const sizes = two.remote
      .all('addrcache')
      .map((message) => ('addresses' in message ? message.addresses.length : undefined));
    expect(sizes).toEqual([1000, 1000, 200]);

    const four = harness({ generation: 4 });
    await four.shake();
    four.peer.pushAddressCache({ outbound: [], inbound: [], known: [] });
    four.peer.pushAddressCache(lists);
    await four.world.settle();
    const triples = four.remote
      .all('addrcache')
      .map((m) => ('known' in m ? [m.outbound.length, m.inbound.length, m.known.length] : undefined));
    expect(triples).toEqual([
      [700, 300, 0],
      [0, 300, 700],
      [0, 0, 200],
    ]);
  });

  test('a repeated getblocks or getheaders is skipped only if it has an end', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    const push = (height: number | undefined, stop: Uint8Array) => {
      peer.pushGetBlocks(height, stop);
      peer.pushGetHeaders(height, stop);
    };
    push(5, ZERO_HASH);
    push(5, ZERO_HASH);
    push(5, HASH);
    push(5, HASH);
    push(6, HASH);
    push(5, HASH);
    push(undefined, HASH);
    push(undefined, HASH);
    await world.settle();
    const expected = [[5], [5], [5], [6], [5], [], []];
    expect(remote.all('getblocks').map((message) => message.locatorHeights)).toEqual(expected);
    expect(remote.all('getheaders').map((message) => message.locatorHeights)).toEqual(expected);
    expect(remote.all('getblocks')[0]?.protocolVersion).toBe(70013);
    expect(remote.all('getheaders')[0]?.protocolVersion).toBe(0);
  });

  test('rejects name a hash for blocks and transactions only', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    void peer.pushReject('tx', 0x10, 'bad', HASH);
    void peer.pushReject('block', 0x10, 'bad');
    await peer.pushReject('version', 0x11, 'old', HASH);
    await world.settle();
    const hashes = remote.all('reject').map(({ hash }) => hash && Buffer.from(hash).toString('hex'));
    expect(hashes).toEqual(['07'.repeat(32), '00'.repeat(32), undefined]);
  });

  test('rejects are not sent to remotes that do not know them', async () => {
    const { world, remote, peer } = harness();
    remote.send(remote.version({ protocolVersion: 70001 }));
    await world.settle();
    await peer.pushReject('tx', 0x10, 'bad', HASH);
    await world.settle();
    expect(remote.commands).toEqual(['version', 'verack']);
  });
});

describe('inventory', () => {
  test('blocks are announced at once, one message each', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    peer.queueInventory(inv(InvType.block, 1, 10));
    peer.queueInventory(inv(InvType.witnessBlock, 2, 11));
    await world.settle();
    expect(remote.all('inv').map(({ inventory }) => inventory.length)).toEqual([1, 1]);
    expect(remote.all('inv')[0]?.inventory[0]?.height).toBe(10);
  });

  test('transactions wait for the trickle, at most 1000 a message', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    for (let i = 0; i < 1500; i++) peer.queueInventory(inv(InvType.tx, i));
    await world.advance(9_990);
    expect(remote.all('inv')).toHaveLength(0);
    await world.advance(20);
    expect(remote.all('inv').map(({ inventory }) => inventory.length)).toEqual([1000, 500]);
    expect(remote.all('inv')[0]?.inventory[3]).toEqual(inv(InvType.tx, 3));
    await world.advance(30_000);
    expect(remote.all('inv')).toHaveLength(2);
  });

  test('the trickle interval can be chosen; 0 means the usual one', async () => {
    for (const [trickleInterval, sent] of [
      [500, 1],
      [0, 0],
    ] as const) {
      const { world, remote, peer, shake } = harness({ options: { trickleInterval } });
      await shake();
      peer.queueInventory(inv(InvType.tx, 1));
      await world.advance(600);
      expect(remote.all('inv')).toHaveLength(sent);
    }
  });

  test('what the remote knows is not announced, whatever height or form it was known by', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    peer.addKnownInventory(inv(InvType.block, 1, -1));
    peer.addKnownInventory(inv(InvType.witnessTx, 2));
    expect(peer.knowsInventory(inv(InvType.witnessBlock, 1, 99))).toBe(true);
    peer.queueInventory(inv(InvType.block, 1, 12));
    peer.queueInventory(inv(InvType.tx, 2));
    peer.queueInventory(inv(InvType.tx, 3));
    peer.addKnownInventory(inv(InvType.tx, 3));
    await world.advance(11_000);
    expect(remote.all('inv')).toHaveLength(0);
  });

  test('the same item is announced once, also after the trickle', async () => {
    const { world, remote, peer, shake } = harness();
    await shake();
    for (let round = 0; round < 3; round++) {
      peer.queueInventory(inv(InvType.tx, 1));
      peer.queueInventory(inv(InvType.block, 1, round));
      await world.advance(11_000);
    }
    expect(remote.all('inv').map(({ inventory }) => inventory.map(({ type }) => type))).toEqual([[2], [1]]);
  });
});
