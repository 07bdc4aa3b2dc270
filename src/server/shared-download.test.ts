import { expect, test } from 'vitest';
import { FakeDag } from '../netsync/testing/fake-dag.ts';
import { guest } from './testing/guest.ts';
import { VirtualNetwork } from './testing/virtual-network.ts';

/** A DAG of so many heights of three parallel blocks. */
function columns(heights: number): FakeDag {
  const dag = new FakeDag();
  for (let i = 0; i < heights; i++) {
    const parents = [...dag.tips];
    for (let column = 0; column < 3; column++) dag.extend(parents, `${i}/${column}`);
  }
  return dag;
}

const HEIGHTS = 400;
const SLOW = { latency: 50, bandwidth: 10_000 };
const FAST = { latency: 20, bandwidth: 1_000_000 };

/** A network of nodes with the same blocks behind lines of their own, and a fresh node that dials them in this order. */
async function setup(lines: readonly { readonly latency: number; readonly bandwidth: number }[]) {
  const network = new VirtualNetwork(FAST);
  const source = columns(HEIGHTS);
  const nodes = [];
  for (const [i, line] of lines.entries()) {
    const dag = columns(HEIGHTS);
    const node = await network.node(`source ${i}`, {}, {}, dag);
    network.lines.set(node.address, line);
    nodes.push(node);
  }
  const fresh = await network.node('fresh', { connectOnly: nodes.map(({ address }) => address) });
  /** Milliseconds until everything is there. */
  const synchronise = async (limit: number) => {
    const start = network.world.elapsed;
    expect(await network.world.runUntil(() => fresh.dag.blockCount === source.blockCount, limit)).toBe(true);
    return network.world.elapsed - start;
  };
  return { network, nodes, fresh, synchronise };
}

test('one peer behind a slow line and two behind fast ones: as fast as the fast ones', async () => {
  const alone = await setup([SLOW]);
  const slow = await alone.synchronise(120_000);
  expect(slow).toBeGreaterThan(20_000);
  const { network, nodes, fresh, synchronise } = await setup([SLOW, FAST, FAST]);
  expect(await synchronise(60_000)).toBeLessThan(slow / 4);
  await network.world.advance(60_000);
  expect(fresh.handler.operations.connectedCount()).toBe(3);
  expect(fresh.handler.operations.load().sync).toMatchObject({ sharedBlocks: 0, heldBytes: 0, openBlocks: 0 });
  for (const { handler, failures } of [...nodes, fresh]) {
    expect(failures).toEqual([]);
    expect(handler.operations.bans()).toEqual([]);
  }
});

test('who claims blocks and answers nothing stops nobody', async () => {
  const { network, fresh, synchronise } = await setup([FAST, FAST]);
  const mute = await guest(network, fresh, { version: { lastBlock: HEIGHTS } });
  expect(await synchronise(60_000)).toBeLessThan(15_000);
  await network.world.advance(60_000);
  // No answer within the time for answers: that ends the connection, as for any request.
  expect(mute.closed).toBe(true);
  expect(fresh.handler.operations.connectedCount()).toBe(2);
});
