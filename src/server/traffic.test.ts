import { expect, test } from 'vitest';
import { COMMANDS } from '../wire/index.ts';
import { guest, tell } from './testing/guest.ts';
import { VirtualNetwork } from './testing/virtual-network.ts';

test('messages and bytes are counted by command in both directions; what cannot be decoded is "other"', async () => {
  const network = new VirtualNetwork();
  const node = await network.node('n');
  const { operations } = node.handler;
  const of = (command: string) => operations.traffic().find((each) => each.command === command);
  const remote = await guest(network, node);
  await tell(network, remote, { command: 'ping', nonce: 1n }, { command: 'ping', nonce: 2n });
  expect(of('ping')).toMatchObject({ receivedMessages: 2, receivedBytes: 64, sentMessages: 0, sentBytes: 0 });
  expect(of('pong')).toMatchObject({ receivedMessages: 0, receivedBytes: 0, sentMessages: 2, sentBytes: 64 });
  expect(of('version')).toMatchObject({ receivedMessages: 1, sentMessages: 1 });
  expect(of('verack')).toMatchObject({ receivedMessages: 1, sentMessages: 1 });

  // Names that are no commands make no new entries.
  for (let i = 0; i < 40; i++) {
    const stranger = await guest(network, node, { ip: `198.51.100.${i}` });
    const bytes = Buffer.from(stranger.frame({ command: 'getaddr' }));
    bytes.write(`made up ${i}`, 4, 'latin1');
    stranger.sendRaw(bytes);
    await network.world.advance(100);
    expect(stranger.closed).toBe(true);
  }
  expect(of('other')).toMatchObject({ receivedMessages: 40, sentMessages: 0, sentBytes: 0 });
  expect(of('reject')?.sentMessages).toBe(40);
  const all = operations.traffic();
  expect(all.map(({ command }) => command)).toEqual([...COMMANDS, 'other']);
  const sum = (key: 'receivedBytes' | 'sentBytes') => all.reduce((total, each) => total + each[key], 0);
  expect({ bytesReceived: sum('receivedBytes'), bytesSent: sum('sentBytes') }).toEqual(operations.netTotals());
});
