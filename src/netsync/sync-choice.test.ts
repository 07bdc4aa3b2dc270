import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { PeerState } from './peer-state.ts';
import { chooseSyncPeer, claimCounts, isCandidate } from './sync-choice.ts';
import { FakePeer } from './testing/fake-peer.ts';

const random = new SeededRandom(1);

function state(maxHeight: number, changes: { inbound?: boolean; failures?: number; distrustUntil?: number } = {}) {
  const peer = new FakePeer(maxHeight);
  peer.inbound = changes.inbound ?? false;
  const out = new PeerState(peer, () => 0);
  out.failures = changes.failures ?? 0;
  out.distrustUntil = changes.distrustUntil ?? Number.NEGATIVE_INFINITY;
  return out;
}

describe('isCandidate', () => {
  test('full nodes that serve witness data once they must; on regtest only this machine', () => {
    const peer = new FakePeer();
    peer.services = 1n;
    expect(isCandidate(peer, { regtest: false, segwitActive: false })).toBe(true);
    expect(isCandidate(peer, { regtest: false, segwitActive: true })).toBe(false);
    peer.services = 8n;
    expect(isCandidate(peer, { regtest: false, segwitActive: true })).toBe(false);
    peer.services = 9n;
    expect(isCandidate(peer, { regtest: false, segwitActive: true })).toBe(true);
    expect(isCandidate(peer, { regtest: true, segwitActive: true })).toBe(false);
    peer.host = '127.0.0.1';
    expect(isCandidate(peer, { regtest: true, segwitActive: true })).toBe(true);
  });
});

describe('chooseSyncPeer', () => {
  const choice = { generation: 2 as const, ourHeight: 10, now: 1000, random };

  test('the size of a claim does not count; trust and direction do', () => {
    const honest = state(12);
    const liar = state(1_000_000, { failures: 1 });
    const caller = state(50, { inbound: true });
    expect(chooseSyncPeer([liar, caller, honest], choice)).toBe(honest);
    expect(chooseSyncPeer([liar, caller], choice)).toBe(caller);
    expect(chooseSyncPeer([liar], choice)).toBe(liar);
    const seen = new Set<PeerState | undefined>();
    const equals = [state(11), state(99), state(1_000_000)];
    for (let i = 0; i < 100; i++) seen.add(chooseSyncPeer(equals, choice));
    expect(seen.size).toBe(3);
  });

  test('a distrusted peer waits for its time', () => {
    const liar = state(100, { failures: 1, distrustUntil: 2000 });
    expect(chooseSyncPeer([liar], choice)).toBeUndefined();
    expect(chooseSyncPeer([liar], { ...choice, now: 2000 })).toBe(liar);
  });

  test('peers of equal height are asked once for each height of ours; at height 0 only in generation 4', () => {
    const equal = state(10);
    expect(chooseSyncPeer([equal, state(3)], choice)).toBe(equal);
    equal.checkedHeight = 10;
    expect(chooseSyncPeer([equal], choice)).toBeUndefined();
    const fresh = state(0);
    expect(chooseSyncPeer([fresh], { ...choice, ourHeight: 0 })).toBeUndefined();
    expect(chooseSyncPeer([fresh], { ...choice, ourHeight: 0, generation: 4 })).toBe(fresh);
  });
});

describe('claimCounts', () => {
  test('a fresh claim counts, an old one only while its owner delivers', () => {
    const claimant = state(100);
    expect(claimCounts(claimant, 10, 1000)).toBe(true);
    expect(claimCounts(claimant, 10, 12_000)).toBe(false);
    claimant.progressed(11, 12_000);
    expect(claimCounts(claimant, 11, 20_000)).toBe(true);
    expect(claimCounts(claimant, 11, 60_000)).toBe(false);
    expect(claimCounts(claimant, 100, 20_000)).toBe(false);
  });

  test('a claim that came to nothing does not count until the peer proves something', () => {
    const claimant = state(100);
    claimant.distrust(0);
    expect(claimCounts(claimant, 10, 1)).toBe(false);
    expect(claimCounts(claimant, 10, 1_000_000)).toBe(false);
    claimant.progressed(11, 1_000_000);
    expect(claimCounts(claimant, 11, 1_000_001)).toBe(true);
  });

  test('who does not deliver what he announces is not believed until he has delivered as much', () => {
    const claimant = state(100);
    for (let i = 0; i < 20; i++) claimant.promiseBroken();
    for (let i = 0; i < 8; i++) {
      expect(claimCounts(claimant, 10, 1000)).toBe(false);
      claimant.promiseKept();
    }
    expect(claimCounts(claimant, 10, 1000)).toBe(true);
  });

  test('distrust doubles up to an hour', () => {
    const claimant = state(100);
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      claimant.distrust(0);
      pauses.push(claimant.distrustUntil / 60_000);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });
});
