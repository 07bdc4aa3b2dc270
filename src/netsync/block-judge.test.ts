import { expect, test } from 'vitest';
import { FakeDag, makeBadBlock, withFalseBody, withFalseParents } from './testing/fake-dag.ts';
import { chain, setup, tipsOf } from './testing/sync-setup.ts';

test('an invalid block is rejected with code and text and is not punished if honest nodes may differ', async () => {
  const { world, dag, remote } = setup();
  const bad = makeBadBlock([dag.genesis]);
  const peer = remote(new FakeDag(), { claim: 0, serve: () => bad }).connect();
  peer.announce({ hash: bad.hash, height: 1 });
  await world.advance(100);
  expect(peer.log).toEqual(['getdata 1', 'reject block 16 bad in context']);
  expect(peer.points).toBe(0);
  expect(dag.blockCount).toBe(1);
});

test.each([
  ['parents', withFalseParents],
  ['body', withFalseBody],
])('a copy with false %s costs its sender points and does not shut the true block out', async (_, spoil) => {
  const { world, dag, remote } = setup();
  const other = chain(1);
  const block = other.tips[0]!;
  const forger = remote(other, { claim: 0, serve: (own) => own && spoil(own) }).connect();
  const honest = remote(other, { claim: 0 }).connect();
  forger.announce(block);
  honest.announce(block);
  await world.advance(500);
  expect(forger.points).toBeGreaterThan(0);
  expect(honest.points).toBe(0);
  expect(honest.log[0]).toBe('getdata 1');
  expect(tipsOf(dag)).toEqual(tipsOf(other));
});

test('a false coinbase height does not raise what the peer is believed to have', async () => {
  const { world, remote } = setup();
  const other = chain(3);
  const peer = remote(other, { claim: 0 }).connect();
  peer.announce({ hash: other.tips[0]!.hash, height: 3 });
  await world.advance(1000);
  expect(peer.maxHeight).toBe(3);
});
