import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../util/log.ts';
import { listenForPeers, tryServers } from './listeners.ts';
import { StartError } from './start-error.ts';

const FREE = '127.0.0.1:0';
let other: Server;
let taken: string;

beforeEach(async () => {
  other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const bound = other.address();
  taken = `127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
});

afterEach(() => new Promise((resolve) => other.close(resolve)));

test('RPC needs one of its addresses, metrics all of theirs', async () => {
  await tryServers({ rpc: [], metrics: [] }, silentLogger);
  await tryServers({ rpc: [taken, FREE], metrics: [FREE] }, silentLogger);
  const lines: string[] = [];
  const logger = { ...silentLogger, warn: (line: string) => void lines.push(line) };
  await expect(tryServers({ rpc: [taken], metrics: [] }, logger)).rejects.toThrow(
    new StartError('RPCS: No valid listen address'),
  );
  expect(lines).toEqual([expect.stringContaining(`Can't listen on ${taken}: the port is in use`)]);
  await expect(tryServers({ rpc: [FREE], metrics: [FREE, taken] }, silentLogger)).rejects.toThrow(
    `--metricslisten=${taken}: the port is in use`,
  );
});

test('an address that both want is in use; afterwards it is free again', async () => {
  const [listener] = await listenForPeers([FREE], silentLogger);
  const { address } = listener;
  await listener.close();
  await expect(tryServers({ rpc: [address], metrics: [address] }, silentLogger)).rejects.toThrow(/in use/u);
  const [again] = await listenForPeers([taken, address], silentLogger);
  expect(again.address).toBe(address);
  await again.close();
});
