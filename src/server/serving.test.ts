import { describe, expect, test } from 'vitest';
import { FakeDag, makeBlock } from '../netsync/testing/fake-dag.ts';
import { type Hash, hashToHex, ZERO_HASH } from '../util/hash.ts';
import { BloomFilter, InvType, type InvVector, UNKNOWN_HEIGHT } from '../wire/index.ts';
import { FakePool, makeTransaction } from './testing/fake-pool.ts';
import { guest, tell } from './testing/guest.ts';
import { VirtualNetwork } from './testing/virtual-network.ts';

const plain = (bytes: Uint8Array) => Uint8Array.from(bytes);
const vector = (type: number, hash: Hash, height = UNKNOWN_HEIGHT): InvVector => ({ type, hash: plain(hash), height });
const nothing = Buffer.alloc(32, 0x33);

async function setup(blocks = 5) {
  const network = new VirtualNetwork();
  const dag = new FakeDag();
  for (let i = 0; i < blocks; i++) dag.mine(`${i}`);
  const pool = new FakePool();
  const node = await network.node('n', {}, { pool }, dag);
  const remote = await guest(network, node);
  return { network, dag, pool, node, remote };
}

describe('getdata', () => {
  test('blocks and transactions in order, what is missing at the end, unknown types not at all', async () => {
    const { network, dag, pool, remote } = await setup();
    const tx = makeTransaction(1);
    pool.add(tx);
    const [first, second] = [dag.blocksAtHeight(1)[0]!, dag.blocksAtHeight(2)[0]!];
    const inventory = [
      vector(InvType.witnessBlock, second),
      vector(InvType.block, nothing),
      vector(InvType.tx, tx.txid),
      vector(77, first),
      vector(InvType.tx, nothing),
      vector(InvType.block, first),
      vector(InvType.filteredBlock, first),
      vector(99, first),
    ];
    await tell(network, remote, { command: 'getdata', inventory });
    expect(remote.commands).toEqual(['block', 'tx', 'block', 'notfound']);
    expect(remote.all('block').map(({ block }) => hashToHex(block.hash))).toEqual([second, first].map(hashToHex));
    expect(remote.all('notfound')[0]!.inventory).toEqual([inventory[1], inventory[4]]);
  });

  test('a known item followed by an unknown type does not hang the connection', async () => {
    const { network, dag, remote } = await setup();
    const inventory = [vector(InvType.block, dag.blocksAtHeight(1)[0]!), vector(55, nothing)];
    await tell(network, remote, { command: 'getdata', inventory }, { command: 'ping', nonce: 5n });
    expect(remote.commands).toEqual(['block', 'pong']);
  });

  test('a peer that does not read is not filled with blocks', async () => {
    const { network, dag, node, remote } = await setup(400);
    const inventory = Array.from({ length: 400 }, (_, i) => vector(InvType.block, dag.blocksAtHeight(i + 1)[0]!));
    remote.transport.pause();
    for (let i = 0; i < 20; i++) remote.send({ command: 'getdata', inventory });
    await network.world.advance(5000);
    const before = node.handler.operations.netTotals().bytesSent;
    await network.world.advance(5000);
    expect(node.handler.operations.netTotals().bytesSent).toBe(before);
    expect(before).toBeLessThan(400_000);
    remote.transport.resume();
    await network.world.advance(20_000);
    expect(remote.all('block')).toHaveLength(8000);
  });
});

describe('getblocks and getheaders', () => {
  const question = (heights: readonly number[], stopHash: Hash = ZERO_HASH) => ({
    protocolVersion: 70_013,
    locatorHeights: heights,
    stopHash,
  });

  test('lists heights above the locator, always answers, clamps what makes no sense', async () => {
    const { network, dag, remote } = await setup();
    const stop = dag.blocksAtHeight(3)[0]!;
    for (const heights of [[0], [3], [5], [900], [2 ** 31 - 1], [-100], []]) {
      remote.send({ command: 'getblocks', ...question(heights) });
    }
    remote.send({ command: 'getblocks', ...question([0], stop) });
    remote.send({ command: 'getblocks', ...question([], stop) });
    remote.send({ command: 'getblocks', ...question([0], nothing) });
    await network.world.advance(300);
    const counts = remote.all('inv').map(({ inventory }) => inventory.length);
    expect(counts).toEqual([5, 2, 0, 0, 0, 6, 1, 3, 1, 0]);
    expect(remote.all('inv')[0]!.inventory[0]).toEqual(vector(InvType.block, dag.blocksAtHeight(1)[0]!, 1));
  });

  test('after the last block of a full batch: ask again', async () => {
    const { network, dag, remote } = await setup(510);
    await tell(network, remote, { command: 'getblocks', ...question([0]) });
    const listed = remote.all('inv')[0]!.inventory;
    expect(listed).toHaveLength(500);
    remote.received.length = 0;
    const inventory = listed.slice(498).map(({ hash }) => vector(InvType.witnessBlock, hash));
    await tell(network, remote, {
      command: 'getdata',
      inventory: [...inventory, vector(InvType.block, dag.genesis.hash)],
    });
    expect(remote.commands).toEqual(['block', 'block', 'inv', 'block']);
    expect(remote.all('inv')[0]!.inventory).toEqual([vector(InvType.block, ZERO_HASH)]);
  });

  test('headers only from a node that is current', async () => {
    const { network, dag, remote } = await setup();
    dag.current = false;
    await tell(network, remote, { command: 'getheaders', ...question([2]) });
    expect(remote.commands).toEqual([]);
    dag.current = true;
    await tell(network, remote, { command: 'getheaders', ...question([2]) });
    expect(remote.all('headers')[0]!.headers.map(({ hash }) => hashToHex(hash))).toEqual(
      [3, 4, 5].map((height) => hashToHex(dag.blocksAtHeight(height)[0]!)),
    );
  });

  test('who asked for headers is told of new blocks by header', async () => {
    const { network, dag, node, remote } = await setup();
    await tell(network, remote, { command: 'sendheaders' });
    const block = makeBlock(dag.tips, 'new');
    await node.handler.submitBlock(block);
    await network.world.advance(100);
    expect(remote.commands).toEqual(['headers']);
    expect(hashToHex(remote.all('headers')[0]!.headers[0]!.hash)).toBe(hashToHex(block.hash));
  });
});

describe('light clients', () => {
  const all = {
    command: 'filterload',
    filter: Uint8Array.of(0xff, 0xff),
    hashFunctions: 2,
    tweak: 0,
    flags: 0,
  } as const;

  test('a loaded filter: merkle blocks with their transactions', async () => {
    const { network, dag, remote } = await setup();
    const hash = dag.blocksAtHeight(1)[0]!;
    await tell(network, remote, all, { command: 'getdata', inventory: [vector(InvType.filteredBlock, hash)] });
    expect(remote.commands).toEqual(['merkleblock', 'tx']);
    remote.received.length = 0;
    await tell(network, remote, { command: 'filterclear' }, { command: 'getdata', inventory: [vector(3, hash)] });
    expect(remote.commands).toEqual([]);
    expect(remote.closed).toBe(false);
  });

  test.each([{ command: 'filteradd', data: Uint8Array.of(1) } as const, { command: 'filterclear' } as const])(
    '$command without a filter ends the connection',
    async (message) => {
      const { network, remote } = await setup();
      await tell(network, remote, message);
      expect(remote.closed).toBe(true);
    },
  );

  test('an empty filter with hash functions, and adding to it, is harmless', async () => {
    const { network, node, remote } = await setup();
    await tell(
      network,
      remote,
      { ...all, filter: new Uint8Array(0) },
      { command: 'filteradd', data: Uint8Array.of(1) },
    );
    expect(remote.closed).toBe(false);
    expect(node.failures).toEqual([]);
  });

  test('a node without the bloom service hangs up, and bans at once only those that insist', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { services: 0x09n });
    for (const message of [all, { command: 'mempool' } as const]) {
      const remote = await guest(network, node);
      await tell(network, remote, message);
      expect(remote.closed).toBe(true);
    }
    expect(node.handler.operations.bans()).toEqual([]);
  });

  test('mempool lists what matches; four requests in a row ban', async () => {
    const { network, node, pool, remote } = await setup();
    const [wanted, other] = [makeTransaction(1), makeTransaction(2)];
    await tell(network, remote, { command: 'mempool' });
    expect(remote.commands).toEqual([]);
    pool.add(wanted);
    pool.add(other);
    await tell(network, remote, { command: 'mempool' });
    expect(remote.all('inv')[0]!.inventory).toHaveLength(2);
    const filter = BloomFilter.sized(1, 1e-9, 3, 0);
    filter.add(wanted.txid);
    await tell(network, remote, { command: 'filterload', ...filter.fields }, { command: 'mempool' });
    expect(remote.all('inv')[1]!.inventory).toEqual([vector(InvType.tx, wanted.txid)]);
    expect(node.handler.operations.peers()[0]!.banScore).toBeGreaterThan(90);
    await tell(network, remote, { command: 'mempool' });
    expect(remote.closed).toBe(true);
    expect(node.handler.operations.bans().map(({ host }) => host)).toEqual(['198.51.100.7']);
    const again = await guest(network, node);
    expect(again.closed).toBe(true);
    expect(again.received).toEqual([]);
  });

  test('fee filters are kept, senseless ones end the connection', async () => {
    const { network, node, remote } = await setup();
    await tell(network, remote, { command: 'feefilter', minFee: 2500n });
    expect(node.handler.operations.peers()[0]!.feeFilter).toBe(2500n);
    await tell(network, remote, { command: 'feefilter', minFee: -1n });
    expect(remote.closed).toBe(true);
  });
});

describe('committed filters', () => {
  const hashOf = (block: Hash, kind: number) => plain(block).fill(kind, 0, 4);
  const filters = {
    filter: (block: Hash) => block.subarray(0, 5),
    filterHash: (block: Hash) => hashOf(block, 1),
    filterHeader: (block: Hash) => hashOf(block, 2),
  };
  const range = (startHeight: number, stopHash: Hash, filterType = 0) => ({ filterType, startHeight, stopHash });

  test('without the service every request is ignored', async () => {
    const { network, dag, remote } = await setup();
    const stop = dag.tips[0]!.hash;
    await tell(
      network,
      remote,
      { command: 'getcfilters', ...range(1, stop) },
      { command: 'getcfheaders', ...range(1, stop) },
      { command: 'getcfcheckpt', filterType: 0, stopHash: stop },
    );
    expect(remote.commands).toEqual([]);
    expect(remote.closed).toBe(false);
  });

  test('ranges name all blocks of their heights', async () => {
    const network = new VirtualNetwork();
    const dag = new FakeDag();
    dag.extend([dag.genesis], 'a');
    dag.extend([dag.genesis], 'b');
    for (let i = 0; i < 1100; i++) dag.mine(`${i}`);
    const node = await network.node('n', { services: 0x4dn }, { filters }, dag);
    const remote = await guest(network, node);
    const stop = dag.blocksAtHeight(3)[0]!;
    await tell(network, remote, { command: 'getcfilters', ...range(1, stop) });
    expect(remote.all('cfilter')).toHaveLength(4);
    await tell(network, remote, { command: 'getcfilters', ...range(1, dag.tips[0]!.hash) });
    await tell(network, remote, { command: 'getcfilters', ...range(4, stop) });
    await tell(network, remote, { command: 'getcfilters', ...range(1, nothing) });
    await tell(network, remote, { command: 'getcfilters', ...range(1, stop, 1) });
    expect(remote.all('cfilter')).toHaveLength(4);
    await tell(network, remote, { command: 'getcfheaders', ...range(2, stop) });
    await tell(network, remote, { command: 'getcfheaders', ...range(0, stop) });
    const [later, whole] = remote.all('cfheaders');
    // Height 1 has two blocks: the first gives the previous header, the other stays in the list.
    expect(later!.previousFilterHeader).toEqual(hashOf(dag.blocksAtHeight(1)[0]!, 2));
    expect(later!.filterHashes).toHaveLength(3);
    expect(whole!.previousFilterHeader).toEqual(ZERO_HASH);
    expect(whole!.filterHashes).toHaveLength(5);
    await tell(network, remote, { command: 'getcfcheckpt', filterType: 0, stopHash: dag.tips[0]!.hash });
    expect(remote.all('cfcheckpt')[0]!.filterHeaders).toEqual([hashOf(dag.blocksAtHeight(1000)[0]!, 2)]);
  });
});

describe('transactions', () => {
  test('fetched, taken, and passed on at the next trickle to those who want them', async () => {
    const { network, node, remote } = await setup();
    const others = {
      plain: await guest(network, node, { ip: '198.51.100.8' }),
      silent: await guest(network, node, { ip: '198.51.100.9', version: { relay: false } }),
      dear: await guest(network, node, { ip: '198.51.100.10' }),
      filtered: await guest(network, node, { ip: '198.51.100.11' }),
    };
    others.dear.send({ command: 'feefilter', minFee: 5000n });
    others.filtered.send({ command: 'filterload', ...BloomFilter.sized(1, 1e-9, 1, 0).fields });
    const tx = makeTransaction(1);
    await tell(network, remote, { command: 'inv', inventory: [vector(InvType.tx, tx.txid)] });
    expect(remote.all('getdata')[0]!.inventory[0]!.type).toBe(InvType.witnessTx);
    await tell(network, remote, { command: 'tx', tx });
    await network.world.advance(11_000);
    expect(others.plain.all('inv')[0]!.inventory).toEqual([vector(InvType.tx, tx.txid)]);
    for (const other of [others.silent, others.dear, others.filtered, remote]) expect(other.all('inv')).toEqual([]);
  });

  test('a node that takes blocks only ignores them and hangs up on those who offer them', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n', { relayTransactions: false }, { pool: new FakePool() });
    const remote = await guest(network, node);
    await tell(network, remote, { command: 'tx', tx: makeTransaction(1) });
    expect(remote.closed).toBe(false);
    await tell(network, remote, { command: 'inv', inventory: [vector(InvType.tx, nothing)] });
    expect(remote.closed).toBe(true);
  });

  test('without a pool they are ignored in silence', async () => {
    const network = new VirtualNetwork();
    const node = await network.node('n');
    const remote = await guest(network, node);
    const tx = makeTransaction(1);
    await tell(network, remote, { command: 'inv', inventory: [vector(InvType.tx, tx.txid)] }, { command: 'tx', tx });
    await tell(network, remote, { command: 'getdata', inventory: [vector(InvType.tx, tx.txid)] });
    expect(remote.commands).toEqual(['notfound']);
  });

  test('own transactions are announced again until a block has them', async () => {
    const { network, dag, node, pool } = await setup();
    const tx = makeTransaction(1);
    pool.add(tx);
    node.handler.announceOwn(tx);
    await network.world.advance(1000);
    const late = await guest(network, node, { ip: '198.51.100.20' });
    await network.world.advance(250_000);
    await tell(network, late, { command: 'ping', nonce: 1n });
    await network.world.advance(70_000);
    expect(late.all('inv')).toHaveLength(1);
    await node.handler.submitBlock(makeBlock(dag.tips, 'has it', { transactions: [tx] }));
    const later = await guest(network, node, { ip: '198.51.100.21' });
    for (let i = 0; i < 20; i++) {
      await tell(network, later, { command: 'ping', nonce: 1n });
      await network.world.advance(200_000);
    }
    expect(later.closed).toBe(false);
    expect(later.all('inv').flatMap(({ inventory }) => inventory.filter(({ type }) => type === InvType.tx))).toEqual(
      [],
    );
  });
});
