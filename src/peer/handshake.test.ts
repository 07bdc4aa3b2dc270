import { describe, expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { hashToHex, ZERO_HASH } from '../util/hash.ts';
import { ipToString, type MessageOf, RejectCode } from '../wire/index.ts';
import { SentNonces } from './nonces.ts';
import { harness } from './testing-harness.ts';

const GENESIS = hashToHex(networkParams('simnet').genesisHash);
const FALSE_GENESIS = new Uint8Array(32).fill(0x11);

describe('inbound handshake', () => {
  test('waits for the version, then sends version and verack', async () => {
    const { world, peer, remote } = harness();
    await world.advance(1000);
    expect(remote.commands).toEqual([]);
    expect(peer.id).toBe(0);
    expect(peer.versionKnown).toBe(false);
    remote.send(remote.version({ lastBlock: 55, timestamp: BigInt(Math.floor(world.now / 1000) + 42) }));
    await world.settle();
    expect(remote.commands).toEqual(['version', 'verack']);
    expect(peer.connected).toBe(true);
    expect(peer.versionKnown).toBe(true);
    expect(peer.verackReceived).toBe(false);
    expect([peer.id, peer.startHeight, peer.maxHeight, peer.timeOffset]).toEqual([1, 55, 55, 42]);
    remote.send({ command: 'verack' });
    await world.settle();
    expect(peer.verackReceived).toBe(true);
  });

  test('our version says who we are and not where', async () => {
    const { world, remote, shake } = harness();
    await shake();
    const [version] = remote.all('version') as [MessageOf<'version'>];
    expect(version.protocolVersion).toBe(70013);
    expect(version.services).toBe(0x0dn);
    expect(version.timestamp).toBe(BigInt(Math.floor(world.epoch / 1000)));
    expect([version.receiver.services, ipToString(version.receiver.ip), version.receiver.port]).toEqual([
      1n,
      '192.0.2.1',
      40000,
    ]);
    expect([version.sender.services, version.sender.ip.every((byte) => byte === 0), version.sender.port]).toEqual([
      0x0dn,
      true,
      0,
    ]);
    expect(version.nonce >> 63n).toBe(0n);
    expect(version.userAgent).toBe('/soterwire:0.6.0/soterd:2.1.1/');
    expect(hashToHex(version.genesisHash)).toBe(GENESIS);
    expect(version.lastBlock).toBe(7);
    expect(version.relay).toBe(true);
  });

  test('through a proxy the remote is not named, and relay can be declined', async () => {
    const { remote, shake } = harness({ options: { proxied: true, relay: false } });
    await shake();
    const [version] = remote.all('version') as [MessageOf<'version'>];
    expect([ipToString(version.receiver.ip), version.receiver.port, version.relay]).toEqual(['0.0.0.0', 0, false]);
  });

  test('what the version handler queues goes out between our version and verack', async () => {
    const { remote, shake } = harness({
      handlers: { version: (peer) => peer.pushGetBlocks(3, ZERO_HASH) },
    });
    await shake();
    expect(remote.commands).toEqual(['version', 'getblocks', 'verack']);
  });

  test('the version handler can take its time, and later messages wait', async () => {
    const seen: string[] = [];
    const { world, remote } = harness({
      handlers: {
        version: () => new Promise((resolve) => world.timers.after(500, resolve)),
        messages: { ping: () => void seen.push('ping') },
      },
    });
    remote.introduce();
    remote.send({ command: 'ping', nonce: 5n });
    await world.advance(400);
    expect(remote.commands).toEqual([]);
    await world.advance(200);
    expect(remote.commands).toEqual(['version', 'verack', 'pong']);
    expect(seen).toEqual(['ping']);
  });

  test('the version handler can refuse the peer', async () => {
    const { remote, shake, ends } = harness({ handlers: { version: (peer) => peer.disconnect('no thanks') } });
    await shake();
    expect(remote.commands).toEqual([]);
    expect(ends).toEqual(['no thanks']);
  });

  test('any message is accepted before verack, and verack may never come', async () => {
    const { world, remote } = harness();
    remote.send(remote.version());
    remote.send({ command: 'ping', nonce: 9n });
    await world.advance(60_000);
    expect(remote.commands).toEqual(['version', 'verack', 'pong']);
    expect(remote.closed).toBe(false);
  });

  test('a second verack ends the connection silently', async () => {
    const { world, remote, shake } = harness();
    await shake();
    remote.send({ command: 'verack' });
    await world.settle();
    expect(remote.commands).toEqual(['version', 'verack']);
    expect(remote.closed).toBe(true);
  });

  test('a second version is rejected', async () => {
    const { world, remote, shake } = harness();
    await shake();
    remote.send(remote.version());
    await world.settle();
    expect(remote.all('reject')).toEqual([
      { command: 'reject', rejectedCommand: 'version', code: 0x12, reason: 'duplicate version message' },
    ]);
    expect(remote.closed).toBe(true);
  });
});

describe('outbound handshake', () => {
  test('sends version first, verack after the remote is known', async () => {
    const { world, peer, remote } = harness({ options: { inbound: false, address: 'node.example:18555' } });
    await world.settle();
    expect(remote.commands).toEqual(['version']);
    remote.send(remote.version());
    await world.settle();
    expect(remote.commands).toEqual(['version', 'verack']);
    expect(`${peer}`).toBe('node.example:18555 (outbound)');
  });

  test('what the version handler queues precedes verack', async () => {
    const { remote, shake } = harness({
      options: { inbound: false },
      handlers: { version: (peer) => peer.send({ command: 'getaddr' }) },
    });
    await shake();
    expect(remote.commands).toEqual(['version', 'getaddr', 'verack']);
  });

  test('recognises itself by the nonce', async () => {
    const nonces = new SentNonces();
    const { world, remote, ends } = harness({ options: { inbound: false }, deps: { nonces } });
    await world.settle();
    const [{ nonce }] = remote.all('version') as [MessageOf<'version'>];
    remote.send(remote.version({ nonce }));
    await world.settle();
    expect(remote.commands).toEqual(['version']);
    expect(ends).toEqual(['connected to ourselves']);
  });
});

describe('refused versions', () => {
  const cases: [string, Partial<MessageOf<'version'>>, string | undefined][] = [
    [
      'another genesis block',
      { genesisHash: FALSE_GENESIS },
      `peer genesis block hash different from ours (${'11'.repeat(32)} != ${GENESIS})`,
    ],
    [
      'another major version',
      { userAgent: '/soterwire:0.6.0/soterd:3.0.0(x; y)/' },
      'peer version 3.0.0 is incompatible with our version ',
    ],
    ['protocol version 208', { protocolVersion: 208 }, undefined],
    ['protocol version 0', { protocolVersion: 0 }, undefined],
  ];
  for (const [name, fields, reason] of cases) {
    test(`${name}: silent end in generation 2, reject in generation 4 where it can be sent`, async () => {
      for (const generation of [2, 4] as const) {
        const calls: string[] = [];
        const { world, remote, peer } = harness({
          generation,
          handlers: { version: () => void calls.push('version') },
        });
        remote.send(remote.version(fields));
        await world.settle();
        expect(remote.closed).toBe(true);
        expect(peer.connected).toBe(false);
        expect(calls).toEqual([]);
        const rejects = remote.all('reject');
        if (generation === 2 || reason === undefined) {
          expect(remote.commands).toEqual([]);
        } else {
          expect(remote.commands).toEqual(['reject']);
          expect(rejects[0]?.rejectedCommand).toBe('version');
          expect(rejects[0]?.code).toBe(RejectCode.invalid);
          expect(rejects[0]?.reason.startsWith(reason)).toBe(true);
        }
      }
    });
  }

  test('the genesis block is compared before the software version', async () => {
    const { world, remote } = harness({ generation: 4 });
    remote.send(remote.version({ genesisHash: FALSE_GENESIS, userAgent: '/soterd:2.1.1/', protocolVersion: 1 }));
    await world.settle();
    expect(remote.all('reject')[0]?.reason).toMatch(/^peer genesis block hash different/u);
  });

  for (const userAgent of ['/othernode:0.1.0/', '', '/soterd:9/', '/soterwire:0.6.0/soterd:2.9.7/']) {
    test(`user agent "${userAgent}" is accepted`, async () => {
      const { world, remote, peer } = harness();
      remote.send(remote.version({ userAgent }));
      await world.settle();
      expect(peer.versionKnown).toBe(true);
      expect(peer.userAgent).toBe(userAgent);
    });
  }

  test('negative and future protocol versions negotiate to ours', async () => {
    for (const [theirs, negotiated] of [
      [-1, 70013],
      [70020, 70013],
      [209, 209],
      [60000, 60000],
    ] as const) {
      const { world, remote, peer } = harness();
      remote.send(remote.version({ protocolVersion: theirs }));
      await world.settle();
      expect(peer.protocolVersion).toBe(negotiated);
      expect(peer.stats().version).toBe(theirs);
    }
  });

  test('a first message other than version is rejected and ends the connection', async () => {
    for (const [generation, letter] of [
      [2, 'A'],
      [4, 'a'],
    ] as const) {
      const { world, remote } = harness({ generation });
      remote.send({ command: 'ping', nonce: 1n });
      remote.introduce();
      await world.settle();
      expect(remote.received).toEqual([
        {
          command: 'reject',
          rejectedCommand: 'ping',
          code: 1,
          reason: `${letter} version message must precede all others`,
        },
      ]);
      expect(remote.closed).toBe(true);
    }
  });

  test('garbage instead of a version ends the connection silently', async () => {
    const raw = (remote: ReturnType<typeof harness>['remote']) => {
      const good = remote.frame(remote.version());
      const badChecksum = Uint8Array.from(good);
      badChecksum[20]! ^= 1;
      const badMagic = Uint8Array.from(good);
      badMagic[0]! ^= 1;
      return [badChecksum, badMagic, new Uint8Array(24), new Uint8Array(100).fill(0xff)];
    };
    for (let i = 0; i < 4; i++) {
      const { world, remote, peer } = harness();
      remote.sendRaw(raw(remote)[i]!);
      await world.settle();
      expect(remote.commands).toEqual([]);
      expect(remote.closed).toBe(true);
      expect(peer.connected).toBe(false);
    }
  });

  test('a large message cannot be collected before the version', async () => {
    const { world, remote, ends } = harness();
    const frame = remote.frame({ command: 'alert', payload: new Uint8Array(300_000), signature: new Uint8Array(0) });
    remote.sendRaw(frame.subarray(0, 100_000));
    await world.settle();
    expect(ends).toEqual(['large message before version']);
  });

  test('the handshake must end within 30 s, in silence', async () => {
    for (const partial of [false, true]) {
      const { world, remote, ends } = harness();
      if (partial) remote.sendRaw(remote.frame(remote.version()).subarray(0, 90));
      await world.advance(29_999);
      expect(remote.closed).toBe(false);
      await world.advance(1);
      expect(remote.closed).toBe(true);
      expect(remote.commands).toEqual([]);
      expect(ends).toHaveLength(1);
      remote.introduce();
      await world.advance(1000);
      expect(remote.commands).toEqual([]);
    }
  });

  test('after the time-out nothing of a slow version handler happens any more', async () => {
    const { world, remote, ends } = harness({
      handlers: { version: () => new Promise((resolve) => world.timers.after(40_000, resolve)) },
    });
    remote.introduce();
    await world.advance(50_000);
    expect(ends).toEqual(['handshake took too long']);
    expect(remote.commands).toEqual([]);
    expect(world.pendingTimers).toBe(0);
  });

  test('a user agent that others would refuse cannot be configured', () => {
    expect(() => harness({ options: { userAgent: `/${'x'.repeat(239)}/` } })).toThrow(RangeError);
    expect(() => harness({ options: { userAgent: `/${'x'.repeat(238)}/` } })).not.toThrow();
  });
});

test('nonces are forgotten beyond 50', () => {
  const nonces = new SentNonces();
  for (let i = 1n; i <= 51n; i++) nonces.add(i);
  expect(nonces.has(1n)).toBe(false);
  expect(nonces.has(2n)).toBe(true);
  expect(nonces.has(51n)).toBe(true);
});
