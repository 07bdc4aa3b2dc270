import { describe, expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { encodeFrame, type InvVector } from '../wire/index.ts';
import { harness } from './testing-harness.ts';

function inv(type: number, seed: number, height = -1): InvVector {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, seed);
  return { type, hash, height };
}

describe('undecodable input', () => {
  const prefix = "Can't read message from 192.0.2.1:40000 (inbound): ";

  test('is answered with a reject of fixed form, then the end', async () => {
    const cases: [string, (frame: Uint8Array) => void][] = [
      ['ReadMessage: message from other network [MainNet]', (f) => f.set([0xf9, 0xbe, 0xb4, 0xd9])],
      ['ReadMessage: unhandled command [pinG]', (f) => f.set([0x47], 7)],
      [
        'ReadMessage: message payload is too large - header indicates 33554433 bytes, but max message payload is 33554432 bytes.',
        (f) => f.set([1, 0, 0, 2], 16),
      ],
      [
        'ReadMessage: payload exceeds max length - header indicates 9 bytes, but max payload size for messages of type [ping] is 8.',
        (f) => f.set([9], 16),
      ],
    ];
    for (const [text, spoil] of cases) {
      const { world, remote, shake } = harness();
      await shake();
      const frame = remote.frame({ command: 'ping', nonce: 1n });
      spoil(frame);
      remote.sendRaw(frame);
      await world.settle();
      expect(remote.all('reject')).toEqual([
        { command: 'reject', rejectedCommand: 'malformed', code: 1, reason: prefix + text },
      ]);
      expect(remote.closed).toBe(true);
    }
  });

  test('a payload that ends before a field closes silently, inside a field with a reject', async () => {
    for (const [cut, rejects] of [
      [40, 0],
      [39, 1],
    ] as const) {
      const { world, remote, shake } = harness();
      await shake();
      const whole = remote.frame({ command: 'inv', inventory: [inv(1, 1), inv(1, 2)] }).subarray(24);
      const { magic } = networkParams('simnet');
      const context = { magic, generation: 2, encoding: 'base', protocolVersion: 70013 } as const;
      remote.sendRaw(encodeFrame('inv', whole.subarray(0, 1 + cut), context));
      await world.settle();
      expect(remote.all('reject')).toHaveLength(rejects);
      if (rejects) expect(remote.all('reject')[0]?.reason).toBe(`${prefix}unexpected EOF`);
      expect(remote.closed).toBe(true);
    }
  });

  test('no reject is sent to protocol versions that do not know it', async () => {
    const { world, remote } = harness();
    remote.introduce({ protocolVersion: 60002 });
    await world.settle();
    remote.sendRaw(new Uint8Array(24));
    await world.settle();
    expect(remote.commands).toEqual(['version', 'verack']);
    expect(remote.closed).toBe(true);
  });

  test('a ping with nonce is too long at protocol version 60000, and pings are not answered there', async () => {
    const { world, remote } = harness();
    remote.introduce({ protocolVersion: 60000 });
    remote.send({ command: 'ping', nonce: 1n }, { protocolVersion: 60000 });
    await world.settle();
    expect(remote.commands).toEqual(['version', 'verack']);
    expect(remote.closed).toBe(false);
    remote.send({ command: 'ping', nonce: 1n });
    await world.settle();
    expect(remote.closed).toBe(true);
  });

  test('on regtest a remote on this machine may send nonsense and go on', async () => {
    for (const [address, tolerated] of [
      ['127.0.0.1:4000', true],
      ['192.0.2.1:4000', false],
    ] as const) {
      const { world, remote, shake } = harness({ network: 'regtest', link: { first: address } });
      await shake();
      const frame = remote.frame({ command: 'ping', nonce: 1n });
      frame.set([0x47], 7);
      remote.sendRaw(frame);
      remote.send({ command: 'ping', nonce: 2n });
      await world.settle();
      expect(remote.closed).toBe(!tolerated);
      expect(remote.commands.slice(2)).toEqual(tolerated ? ['pong'] : ['reject']);
    }
  });

  test('the reject is given up if the remote does not read it', async () => {
    const { world, remote, shake, far, ends, peer } = harness({ link: { buffer: 10 } });
    await shake();
    far.pause();
    peer.send({ command: 'getaddr' });
    remote.sendRaw(new Uint8Array(24));
    await world.advance(9_000);
    expect(peer.connected).toBe(false);
    expect(ends).toEqual([]);
    await world.advance(1_001);
    expect(ends).toEqual(['ReadMessage: message from other network [Unknown SoterNet (0)]']);
  });
});
