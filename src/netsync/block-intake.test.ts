import { expect, test } from 'vitest';
import { type Block, InvType, Transaction } from '../wire/index.ts';
import { HEAVY_BLOCK_BYTES } from './limits.ts';
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

test('what was prepared for a block is let go if its peer leaves before its turn', async () => {
  let busy = true;
  let wake: () => void = () => undefined;
  const [prepared, forgotten]: Block[][] = [[], []];
  const preparation = {
    prepare: (block: Block) => void prepared!.push(block),
    isBusy: () => busy,
    forget: (block: Block) => void forgotten!.push(block),
    assist: () => false,
    onProgress: (listener: () => void) => {
      wake = listener;
      return () => undefined;
    },
  };
  const { world, dag, manager, remote } = setup({ dag: Object.assign(new FakeDag(), { preparation }) });
  const filler = new Transaction({
    version: 1,
    inputs: [],
    outputs: [{ value: 0n, pkScript: new Uint8Array(HEAVY_BLOCK_BYTES) }],
    lockTime: 0,
  });
  const heavy = makeBlock([dag.genesis], 'heavy', { transactions: [filler] });
  const peer = remote(new FakeDag(), { claim: 0, latency: 1 }).connect();
  peer.onGetData = () => void manager.block(peer, heavy);
  peer.inv([{ type: InvType.block, hash: heavy.hash, height: 1 }]);
  await world.advance(100);
  expect([prepared, forgotten]).toEqual([[heavy], []]);
  peer.leave();
  busy = false;
  wake();
  await world.advance(100);
  expect(forgotten).toEqual([heavy]);
  expect(dag.haveBlock(heavy.hash)).toBe(false);
  await manager.stop();
});
