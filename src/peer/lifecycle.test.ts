import { describe, expect, test } from 'vitest';
import { harness } from './testing-harness.ts';

describe('states of a connection', () => {
  test('a second start does nothing', async () => {
    const { peer, remote, shake, world } = harness({ options: { inbound: false } });
    peer.start();
    await shake();
    peer.start();
    await world.advance(1000);
    expect(remote.commands).toEqual(['version', 'verack']);
  });

  test('the id is 0 until a version was accepted, and refused ones take none', async () => {
    let ids = 0;
    const nextId = () => ++ids;
    const refused = harness({ deps: { nextId } });
    refused.remote.introduce({ protocolVersion: 208 });
    await refused.world.advance(10);
    expect([refused.peer.id, refused.peer.versionKnown, refused.ends.length]).toEqual([0, false, 1]);
    const accepted = harness({ deps: { nextId } });
    expect(accepted.peer.id).toBe(0);
    await accepted.shake();
    expect([accepted.peer.id, accepted.peer.versionKnown]).toEqual([1, true]);
  });

  test('verack is noted when it comes, and needed for nothing', async () => {
    const { peer, remote, world } = harness();
    remote.send(remote.version());
    await world.advance(400_000 - 1);
    expect(peer.verackReceived).toBe(false);
    // Five minutes of silence, not the missing verack, ended it.
    expect(await peer.closed).toBe('no message for too long');
    const second = harness();
    await second.shake();
    expect(second.peer.verackReceived).toBe(true);
  });

  test('the address of who dialled us: from the socket, with our services, seen now', async () => {
    const { peer, world } = harness({ link: { first: '198.51.100.9:4321' } });
    await world.advance(10);
    const { services, port, timestamp, ip } = peer.netAddress;
    expect([services, port, timestamp]).toEqual([0x0dn, 4321, Math.floor(world.epoch / 1000)]);
    expect([...ip.subarray(12)]).toEqual([198, 51, 100, 9]);
    expect(peer.address).toBe('198.51.100.9:4321');
  });

  test('statistics name the version that was stated, not the one in force; the version message is no "last send"', async () => {
    const { peer, remote, world } = harness({ options: { inbound: false } });
    await world.advance(3000);
    expect(peer.stats()).toMatchObject({ version: 0, lastSend: 0 });
    expect(peer.stats().bytesSent).toBeGreaterThan(100);
    remote.introduce({ protocolVersion: 70_020 });
    await world.advance(10);
    expect([peer.stats().version, peer.protocolVersion]).toEqual([70_020, 70_013]);
    expect(peer.stats().lastSend).toBe(Math.floor(world.epoch / 1000) + 3);
  });

  test('what is queued when the connection ends is dropped without a goodbye', async () => {
    const { peer, remote, shake, world } = harness({ link: { buffer: 64 } });
    await shake();
    remote.transport.pause();
    for (let i = 0; i < 20; i++) peer.ping(BigInt(i + 1));
    const before = remote.commands.length;
    peer.disconnect('enough');
    remote.transport.resume();
    await world.advance(1000);
    expect(remote.commands.length - before).toBeLessThan(5);
    expect(remote.closed).toBe(true);
  });

  test('pongs that answer no ping are ignored', async () => {
    const { peer, remote, shake, world } = harness();
    await shake();
    remote.send({ command: 'pong', nonce: 0n });
    remote.send({ command: 'pong', nonce: 77n });
    await world.advance(10);
    expect(peer.stats()).toMatchObject({ lastPingNonce: 0n, lastPingMicros: 0 });
    peer.ping(5n);
    await world.advance(10);
    remote.send({ command: 'pong', nonce: 6n });
    await world.advance(10);
    expect(peer.stats()).toMatchObject({ lastPingNonce: 5n, lastPingMicros: 0 });
    remote.send({ command: 'pong', nonce: 5n });
    await world.advance(10);
    expect(peer.stats().lastPingNonce).toBe(0n);
    expect(peer.stats().lastPingMicros).toBeGreaterThan(0);
  });
});

describe('the end leaves nothing behind', () => {
  const never = () => new Promise<void>(() => undefined);

  test.each([
    ['before the version', {}, async () => undefined],
    [
      'while the version handler runs',
      { handlers: { version: never } },
      async ({ remote, world }: ReturnType<typeof harness>) => {
        remote.introduce();
        await world.advance(10);
      },
    ],
    ['when all is well', {}, ({ shake }: ReturnType<typeof harness>) => shake()],
    [
      'while a handler runs',
      { handlers: { messages: { getaddr: never } } },
      async ({ remote, shake, world }: ReturnType<typeof harness>) => {
        await shake();
        remote.send({ command: 'getaddr' });
        await world.advance(10);
      },
    ],
    [
      'while a message is partly here',
      {},
      async ({ remote, shake, world }: ReturnType<typeof harness>) => {
        await shake();
        remote.sendRaw(remote.frame({ command: 'ping', nonce: 1n }).subarray(0, 20));
        await world.advance(10);
      },
    ],
    [
      'while the remote does not read',
      { link: { buffer: 64 } },
      async ({ peer, remote, shake, world }: ReturnType<typeof harness>) => {
        await shake();
        remote.transport.pause();
        for (let i = 0; i < 50; i++) peer.ping(BigInt(i));
        await world.advance(10);
      },
    ],
  ])('%s', async (_, choices, act) => {
    const made = harness(choices);
    const { peer, world, ends } = made;
    await act(made);
    peer.disconnect('first');
    peer.disconnect('second');
    await world.advance(100);
    expect(ends).toEqual(['first']);
    expect(await peer.closed).toBe('first');
    expect(peer.connected).toBe(false);
    expect([peer.stats().queuedBytes, peer.stats().bufferedBytes]).toEqual([0, 0]);
    expect(world.pendingTimers).toBe(0);
  });
});
