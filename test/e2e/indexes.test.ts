/**
 * Goal: the optional indexes of a whole node, as a light client and as the clients of RPC meet them, also after the node was killed.
 * Method: compiled nodes in processes of their own; a peer made of the package's own parts that asks for committed filters.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forkHistory, writeHistory } from '../../bench/fork-history.ts';
import {
  type Hash,
  hashFromHex,
  hashToHex,
  type Message,
  networkParams,
  Peer,
  SentNonces,
  Services,
  silentLogger,
  systemWorld,
  TcpDialer,
  userAgent,
} from '../../src/node/peer-api.ts';
import { MINING_ADDRESS, NodeProcess, until } from './process.ts';

const params = networkParams('simnet');

/** A light client that collects what it is told about filters. */
async function lightClient(port: number) {
  const address = `127.0.0.1:${port}`;
  const told: Message[] = [];
  const state = { services: 0n, isReady: false };
  const collect = (_: unknown, message: Message): void => {
    told.push(message);
  };
  const peer = new Peer(
    { params, inbound: false, address, services: Services.witness, userAgent: userAgent(params.generation, ['light']) },
    {
      transport: await new TcpDialer().dial(address, new AbortController().signal),
      world: systemWorld,
      logger: silentLogger,
      nonces: new SentNonces(),
      nextId: () => 1,
      newestHeight: () => 0,
      handlers: {
        version: (_, { services }) => {
          state.services = services;
        },
        messages: {
          verack: () => {
            state.isReady = true;
          },
          cfilter: collect,
          cfheaders: collect,
          cfcheckpt: collect,
          headers: collect,
        },
      },
    },
  );
  peer.start();
  await until(() => state.isReady);
  return { peer, told, services: state.services };
}

test('committed filters by P2P are those of RPC, and there are none without the index', async () => {
  const node = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`]);
  try {
    const mined = await node.call<readonly string[]>('generate', 4);
    const stopHash: Hash = hashFromHex(mined[3]!);
    const without = await lightClient(node.p2pPort);
    expect(without.services & Services.cf).toBe(0n);
    without.peer.send({ command: 'getcfilters', filterType: 0, startHeight: 2, stopHash });
    without.peer.send({ command: 'getcfcheckpt', filterType: 0, stopHash });
    // Messages are handled in their order: when this has its answer, the others were passed over.
    without.peer.send({ command: 'getheaders', protocolVersion: 70013, locatorHeights: [0], stopHash });
    await until(() => without.told.length > 0);
    expect(without.told.map(({ command }) => command)).toEqual(['headers']);
    without.peer.disconnect('done');

    await node.program.end();
    await node.restart(['--cfilters']);
    const { peer, told, services } = await lightClient(node.p2pPort);
    expect(services & Services.cf).toBe(Services.cf);
    peer.send({ command: 'getcfilters', filterType: 0, startHeight: 2, stopHash });
    peer.send({ command: 'getcfheaders', filterType: 0, startHeight: 1, stopHash });
    peer.send({ command: 'getcfcheckpt', filterType: 0, stopHash });
    await until(() => told.some(({ command }) => command === 'cfcheckpt'));
    const filters = told.flatMap((message) => (message.command === 'cfilter' ? [message] : []));
    expect(filters.map(({ blockHash }) => hashToHex(blockHash))).toEqual(mined.slice(1));
    for (const { blockHash, filter } of filters)
      expect(await node.call('getcfilter', hashToHex(blockHash), 0)).toBe(Buffer.from(filter).toString('hex'));
    const headers = told.find((message) => message.command === 'cfheaders');
    expect(headers?.filterHashes).toHaveLength(4);
    const genesisHeader = await node.call('getcfilterheader', hashToHex(params.genesisHash), 0);
    expect(headers && hashToHex(headers.previousFilterHeader)).toBe(genesisHeader);
    peer.disconnect('done');
  } finally {
    await node.remove();
  }
});

test('indexes of a node that is killed while it downloads are complete', async () => {
  const home = mkdtempSync(join(tmpdir(), 'soterd-indexes-'));
  const history = forkHistory(1500, 4, 11);
  await writeHistory(join(home, '.soterd', 'data', 'simnet'), history);
  // The source catches up with what it has, the other one indexes what comes.
  const source = await NodeProcess.start(['--addrindex', '--cfilters'], home);
  const target = await NodeProcess.start(['--addrindex', '--cfilters', `--connect=127.0.0.1:${source.p2pPort}`]);
  try {
    expect(source.program.stdout).toMatch(/INDX: Indexes caught up to height \d+/u);
    for (const goal of [300, 900]) {
      await until(async () => (await target.call<number>('getblockcount')) >= goal);
      await target.program.end('SIGKILL');
      await target.restart();
    }
    // What is indexed of a block is there with the commit, which follows the block while catching up.
    const newest = hashToHex(history[history.length - 1].hash);
    await until(() => target.call('getcfilterheader', newest, 0).catch(() => undefined));
    for (const [place, block] of history.entries()) {
      if (place % 37 !== 0 && place < history.length - 20) continue;
      const hash = hashToHex(block.hash);
      expect(await target.call('getcfilterheader', hash, 0)).toBe(await source.call('getcfilterheader', hash, 0));
      const txid = hashToHex(block.transactions[0].txid);
      expect(await target.call('getrawtransaction', txid, 1)).toMatchObject({ blockhash: hash });
    }
  } finally {
    await Promise.all([source.remove(), target.remove()]);
  }
});
