import { expect, test } from 'vitest';
import { FakeDag, makeBlock } from '../netsync/testing/fake-dag.ts';
import { networkParams } from '../params/index.ts';
import { transportPair } from '../peer/testing.ts';
import { ScriptedRemote } from '../peer/testing-remote.ts';
import { InvType } from '../wire/index.ts';
import { guest, tell } from './testing/guest.ts';
import { VirtualNetwork } from './testing/virtual-network.ts';

test('a block that one peer brought tells how far those are who announced it', async () => {
  const network = new VirtualNetwork();
  const dag = new FakeDag();
  const node = await network.node('n', {}, {}, dag);
  const [first, second, silent] = [
    await guest(network, node),
    await guest(network, node, { ip: '198.51.100.8' }),
    await guest(network, node, { ip: '198.51.100.9' }),
  ];
  const block = makeBlock(dag.tips, 'new');
  const inventory = [{ type: InvType.block, hash: block.hash, height: 0 }];
  await tell(network, first, { command: 'inv', inventory });
  await tell(network, second, { command: 'inv', inventory });
  await tell(network, first, { command: 'block', block });
  const heights = node.handler.operations.peers().map(({ currentHeight }) => currentHeight);
  expect(heights.slice(1)).toEqual([1, 0]);
  // Who is known to have the block is not told of it.
  expect(first.all('inv')).toEqual([]);
  expect(second.all('inv')).toEqual([]);
  expect(silent.all('inv')[0]!.inventory).toMatchObject([{ type: InvType.block, height: 1 }]);
});

test.each([
  [0x05n, true],
  [0x0dn, false],
])(
  'an outgoing peer that offers services %s once segregated witness is active: refused %s',
  async (services, refused) => {
    const network = new VirtualNetwork();
    const params = networkParams('testnet1');
    const dag = new FakeDag();
    const height = params.minerConfirmationWindow;
    dag.snapshot = () => ({ minHeight: height, maxHeight: height });
    const remotes: ScriptedRemote[] = [];
    const dialer = {
      dial: (address: string) => {
        const [near, far] = transportPair(network.world, { first: '10.1.0.1:40000', second: address });
        const remote = new ScriptedRemote(far, params);
        remotes.push(remote);
        remote.introduce({ services });
        return Promise.resolve(near);
      },
    };
    const node = await network.node('n', { params, connectOnly: ['8.8.8.8:5070'] }, { dialer }, dag);
    await network.world.advance(1000);
    expect(remotes[0]!.closed).toBe(refused);
    expect(node.handler.operations.connectedCount()).toBe(refused ? 0 : 1);
  },
);
