import { expect, test } from 'vitest';
import { InvType } from '../wire/index.ts';
import { FakeDag, makeBlock } from './testing/fake-dag.ts';
import { chain, setup } from './testing/sync-setup.ts';

test('old branches are delayed, never refused; their sender gets points and nobody else waits', async () => {
  const { world, work, dag, manager, remote } = setup({ dag: chain(1500) });
  const process = dag.processBlock.bind(dag);
  const old = dag.genesis;
  dag.processBlock = (block) => {
    if (block.parentHashes.includes(old.hash)) work.milliseconds += 4000;
    return process(block);
  };
  const source = new FakeDag();
  const blocks = Array.from({ length: 12 }, (_, i) => source.extend([source.genesis], `old ${i}`));
  expect(blocks[0]!.block.parentHashes[0]).toEqual(old.hash);
  const attacker = remote(source, { claim: 0, latency: 1 }).connect();
  const before = dag.blockCount;
  const top = dag.tips[0]!;
  attacker.announce(...blocks);
  await world.advance(10);
  const done = dag.blockCount - before;
  // Four of four seconds each are within the share and one beyond; then come pauses.
  expect(done).toBeGreaterThan(2);
  expect(done).toBeLessThan(7);
  const honestDag = new FakeDag();
  const honest = remote(honestDag, { claim: 0, latency: 1 }).connect();
  const news = makeBlock([top], 'news');
  honest.onGetData = () => void manager.block(honest, news);
  honest.inv([{ type: InvType.block, hash: news.hash, height: top.height + 1 }]);
  expect(dag.haveBlock(news.hash)).toBe(true);
  await world.advance(120_000);
  expect(dag.blockCount - before).toBe(13);
  expect(attacker.burden).toBeGreaterThan(0);
  expect(attacker.points).toBe(0);
  expect(honest.burden).toBe(0);
  expect(attacker.connected).toBe(true);
  await manager.stop();
});
