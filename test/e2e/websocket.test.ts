/**
 * Goal: WebSocket clients as they meet a node. Method: compiled soterd in a process of its own, clients of the library `ws` over
 * real TCP.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { BlockMaker } from '../../bench/block-maker.ts';
import { networkParams, subsidy } from '../../src/params/index.ts';
import { SocketUser } from '../../src/rpc/testing/socket-user.ts';
import { decodeAddress, payToAddress } from '../../src/script/index.ts';
import { bytesToHex } from '../../src/util/bytes.ts';
import { MINING_ADDRESS, NodeProcess, until } from './process.ts';

const ADMIN = 'user:pass';
const params = networkParams('simnet');

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
});

async function start(...args: string[]): Promise<NodeProcess> {
  const node = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`, ...args]);
  cleanUp.push(() => node.remove());
  return node;
}

async function connect(node: NodeProcess): Promise<SocketUser> {
  const user = await SocketUser.open(node.rpcPort, ADMIN);
  cleanUp.push(() => user.close());
  return user;
}

interface Notice {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** The next notifications, as many as named. */
async function next(user: SocketUser, count: number): Promise<Notice[]> {
  const notices: Notice[] = [];
  while (notices.length < count) {
    const message = await user.notifications.take();
    if (!message) throw new Error('the connection was closed');
    notices.push(message.value as unknown as Notice);
  }
  return notices;
}

describe('a WebSocket client', () => {
  test('hears of each mined block, in order, and goes on after its connection was lost', async () => {
    const node = await start();
    const user = await connect(node);
    const { start: run, sequence } = await user.call<{ start: string; sequence: number }>('notifydag', 10);
    expect(sequence).toBe(1);
    await user.call('notifyblocks');
    await user.call('notifyreceived', [MINING_ADDRESS]);
    const mined = await node.call<string[]>('generate', 3);
    const notices = await next(user, 12);
    const methods = ['recvtx', 'blockconnected', 'filteredblockconnected', 'dagchanged'];
    expect(notices.map(({ method }) => method)).toEqual([...methods, ...methods, ...methods]);
    const blocks = notices.filter(({ method }) => method === 'blockconnected');
    expect(blocks.map(({ params: [hash, height] }) => [hash, height])).toEqual(mined.map((hash, i) => [hash, i + 1]));
    const changes = notices.filter(({ method }) => method === 'dagchanged').map(({ params: [change] }) => change);
    expect(changes).toMatchObject(
      mined.map((hash, i) => ({
        sequence: i + 2,
        block: { hash, height: i + 1, blue: true, position: i + 1, transactions: 1 },
        order: { cut: i + 1, removed: 0, added: [hash], length: i + 2 },
        bluescore: i + 2,
      })),
    );
    user.close();
    const missed = await node.call<string[]>('generate', 2);
    const again = await connect(node);
    const resumed = await again.call<{ changes: { block: { hash: string } }[] }>('notifydag', 10, sequence + 3, run);
    expect(resumed.changes.map(({ block }) => block.hash)).toEqual(missed);
  });

  test('that does not read is cut off, and the others do not suffer', async () => {
    const node = await start();
    const [slow, brisk] = [await connect(node), await connect(node)];
    for (const user of [slow, brisk]) {
      await user.call('loadtxfilter', true, [MINING_ADDRESS], []);
      await user.call('notifyblocks');
    }
    slow.socket.pause();
    const maker = new BlockMaker(params);
    const pkScript = payToAddress(decodeAddress(MINING_ADDRESS, params));
    // Nearly as large as a block may be; a filter sends it whole, in hexadecimal.
    const filling = { value: 0n, pkScript: new Uint8Array(950_000).fill(0x6a) };
    let parent = params.genesisHash;
    let height = 0;
    const isCut = () => node.program.stdout.includes('disconnected: it reads too slowly');
    while (!isCut()) {
      height++;
      const block = maker.make(height, [parent], {
        payTo: [{ value: subsidy(height, params), pkScript }, filling],
      });
      parent = block.hash;
      expect(await node.call('submitblock', bytesToHex(block.toBytes()))).toBeNull();
      expect((await next(brisk, 2)).map(({ method }) => method)).toEqual(['blockconnected', 'filteredblockconnected']);
    }
    expect(height).toBeLessThan(60);
    slow.socket.resume();
    expect((await slow.closed).code).toBeNull();
    expect(await brisk.call('getblockcount')).toBe(height + 1);
  });

  test('whose node stops gets its answer and a goodbye', async () => {
    const node = await start();
    const [user, other] = [await connect(node), await connect(node)];
    await other.call('notifyblocks');
    expect(await user.call('stop')).toBe('soterd stopping.');
    const goodbye = { code: 1001, reason: 'soterd is stopping' };
    expect(await user.closed).toEqual(goodbye);
    expect(await other.closed).toEqual(goodbye);
    const { code, stderr } = await node.program.ended;
    expect([code, stderr]).toEqual([0, '']);
  });

  test('limits come from the options', async () => {
    const node = await start('--rpcmaxwebsockets=1', '--rpcmaxconcurrentreqs=1');
    const user = await connect(node);
    expect((await (await connect(node)).closed).code).toBeNull();
    // The second request is not even read before the first one has been answered.
    user.socket.send('{"id":1,"method":"generate","params":[2]}');
    user.socket.send('{"id":2,"method":"getblockcount"}');
    const answers = [await user.answers.take(), await user.answers.take()];
    expect(answers.map((answer) => answer?.value.id)).toEqual([1, 2]);
    expect(answers[1]?.value.result).toBe(3);
    user.close();
    await until(() => node.program.stdout.includes('Disconnected websocket client'));
  });
});
