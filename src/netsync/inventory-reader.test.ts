import { expect, test } from 'vitest';
import { hashToHex } from '../util/hash.ts';
import { InvType } from '../wire/index.ts';
import { FakeDag } from './testing/fake-dag.ts';
import { chain, setup, tipsOf } from './testing/sync-setup.ts';

test('an announced block is fetched, passed on, and followed by "anything more?"', async () => {
  const { world, dag, announced, heights, remote } = setup();
  const other = chain(3);
  const peer = remote(other).connect();
  await world.advance(1000);
  peer.log.length = 0;
  announced.length = 0;
  const block = other.mine('new');
  peer.announce(block);
  await world.advance(200);
  expect(peer.log).toEqual(['getdata 1', 'getblocks 4']);
  expect(dag.haveBlock(block.hash)).toBe(true);
  expect(announced).toEqual([{ hash: hashToHex(block.hash), height: 4 }]);
  expect(heights.at(-1)).toBe(`4 of ${peer.id}`);
  peer.announce(block);
  await world.advance(200);
  expect(peer.log).toHaveLength(2);
});

test('45,000 invented blocks in one inv: bounded, and another peer is served meanwhile', async () => {
  const { world, dag, manager, remote } = setup();
  const flood = Array.from({ length: 45_000 }, (_, i) => {
    const hash = Buffer.alloc(32, 7);
    hash.writeUInt32LE(i, 0);
    return { type: InvType.block, hash, height: 1 };
  });
  const attacker = remote(new FakeDag(), { claim: 0, serve: () => null }).connect();
  attacker.inv(flood);
  expect(manager.load.openBlocks).toBeLessThanOrEqual(2000);
  const other = chain(3);
  remote(other).connect();
  await world.advance(1000);
  expect(tipsOf(dag)).toEqual(tipsOf(other));
  attacker.leave();
  expect(manager.load.openBlocks).toBe(0);
});
