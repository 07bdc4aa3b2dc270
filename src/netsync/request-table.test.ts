import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashKey } from '../util/hash.ts';
import { RequestTable } from './request-table.ts';

const hash = (n: number) => {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32LE(n);
  return bytes;
};
const key = (n: number) => hashKey(hash(n));

describe('RequestTable', () => {
  test('what was asked of a peer twice may come twice', () => {
    const table = new RequestTable({ limit: 10, limitPerPeer: 10, expiry: 4000 });
    const hash = Buffer.alloc(32, 3);
    const key = hashKey(hash);
    expect(table.ask(1, hash, 5, 0)).toBe(true);
    expect(table.ask(1, hash, 5, 5000)).toBe(true);
    expect(table.owedBy(1)).toBe(1);
    expect(table.delivered(1, key, 5100)?.request).toBeDefined();
    expect(table.wasAsked(1, key)).toBe(true);
    expect(table.delivered(1, key, 5200)).toEqual({ request: undefined });
    expect(table.wasAsked(1, key)).toBe(false);
    expect(table.delivered(1, key, 5300)).toBeUndefined();
  });

  test('one item is open with one peer at a time; expiry frees it, the first may still deliver', () => {
    const table = new RequestTable({ limit: 100, limitPerPeer: 100, expiry: 4000 });
    expect(table.ask(1, hash(1), 5, 0)).toBe(true);
    expect(table.ask(2, hash(1), 5, 3999)).toBe(false);
    expect(table.isOpen(key(1), 3999)).toBe(true);
    expect(table.isOpen(key(1), 4000)).toBe(false);
    expect(table.ask(2, hash(1), 5, 4000)).toBe(true);
    expect(table.delivered(1, key(1), 4100)?.request?.peer).toBe(2);
    expect(table.wasAsked(2, key(1))).toBe(true);
    expect(table.delivered(2, key(1), 4200)).toEqual({ request: undefined });
    expect(table.delivered(2, key(1), 4200)).toBeUndefined();
    expect(table.size).toBe(0);
  });

  test('a peer that delivers keeps its other requests alive, but not for ever', () => {
    const table = new RequestTable({ limit: 100, limitPerPeer: 100, expiry: 4000 });
    for (let i = 0; i < 20; i++) table.ask(1, hash(i), i, 0);
    for (let i = 1; i < 20; i++) table.delivered(1, key(i), i * 1000);
    expect(table.isOpen(key(0), 20_000)).toBe(true);
    expect(table.expired(20_000)).toEqual([]);
    table.ask(1, hash(99), 1, 30_000);
    table.delivered(1, key(99), 31_900);
    expect(table.isOpen(key(0), 32_000)).toBe(false);
    expect(table.expired(32_000).map((request) => request.key)).toEqual([key(0)]);
  });

  test('refusal and leaving close what the peer owed, and only that', () => {
    const table = new RequestTable({ limit: 100, limitPerPeer: 100, expiry: 4000 });
    table.ask(1, hash(1), 1, 0);
    table.ask(1, hash(2), 2, 0);
    table.ask(2, hash(3), 3, 0);
    table.addSource(key(1), 2);
    expect(table.refused(2, key(1))).toBeUndefined();
    expect(table.refused(1, key(1))?.sources).toEqual([2]);
    expect(table.release(1).map(({ height }) => height)).toEqual([2]);
    expect(table.size).toBe(1);
    expect(table.owedBy(1)).toBe(0);
  });

  test('an item asked without patience goes to the next one at once; the first may still deliver', () => {
    const table = new RequestTable({ limit: 100, limitPerPeer: 100, expiry: 4000 });
    expect(table.ask(1, hash(1), 1, 0, { patience: 0 })).toBe(true);
    expect(table.expired(3999)).toEqual([]);
    expect(table.ask(2, hash(1), 1, 10, { patience: 60_000 })).toBe(true);
    expect(table.ask(3, hash(1), 1, 4009)).toBe(false);
    expect(table.ask(3, hash(1), 1, 4010)).toBe(true);
    expect(table.wasAsked(1, key(1))).toBe(true);
    expect([1, 2, 3].map((peer) => table.isWaiting(peer, key(1)))).toEqual([false, false, true]);
  });

  test('what was dropped does not expire again, but may still come', () => {
    const table = new RequestTable({ limit: 100, limitPerPeer: 100, expiry: 4000 });
    table.ask(1, hash(1), 1, 0);
    table.ask(1, hash(2), 2, 0);
    expect(table.expired(5000)).toHaveLength(2);
    table.drop(key(1));
    expect(table.expired(5000).map((request) => request.key)).toEqual([key(2)]);
    expect(table.ask(2, hash(2), 2, 5000)).toBe(true);
    expect(table.expired(5000)).toEqual([]);
    expect(table.size).toBe(1);
    expect(table.delivered(1, key(1), 6000)).toEqual({ request: undefined });
    expect(table.ask(1, hash(1), 1, 7000)).toBe(true);
  });

  test('bounds hold whatever is asked, and nothing leaks', () => {
    const operation = fc.record({
      kind: fc.constantFrom('ask', 'deliver', 'refuse', 'release', 'drop' as const),
      peer: fc.integer({ min: 1, max: 4 }),
      item: fc.integer({ min: 0, max: 40 }),
      wait: fc.integer({ min: 0, max: 3000 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const table = new RequestTable({ limit: 20, limitPerPeer: 8, expiry: 4000 });
        let now = 0;
        for (const { kind, peer, item, wait } of operations) {
          now += wait;
          if (kind === 'ask') {
            const wasOpen = table.isOpen(key(item), now);
            if (table.ask(peer, hash(item), 0, now)) expect(wasOpen).toBe(false);
          } else if (kind === 'deliver') {
            const asked = table.wasAsked(peer, key(item));
            expect(table.delivered(peer, key(item), now) !== undefined).toBe(asked);
          } else if (kind === 'refuse') table.refused(peer, key(item));
          else if (kind === 'drop') table.drop(key(item));
          else table.release(peer);
          expect(table.size).toBeLessThanOrEqual(20);
          for (let id = 1; id <= 4; id++) expect(table.owedBy(id)).toBeLessThanOrEqual(8);
        }
        for (let id = 1; id <= 4; id++) table.release(id);
        expect(table.size).toBe(0);
      }),
    );
  });

  test('peers that fill the table and never answer keep nobody else out', () => {
    const table = new RequestTable({ limit: 500, limitPerPeer: 100, expiry: 4000 });
    for (let i = 0; i < 1000; i++) table.ask(i % 5, hash(i), 0, 0);
    expect(table.size).toBe(500);
    for (let i = 0; i < 100; i++) expect(table.ask(9, hash(2000 + i), 0, 0)).toBe(i < 64);
    expect(table.size).toBe(564);
  });

  test('45,000 requests cost the same each', () => {
    const table = new RequestTable({ limit: 50_000, limitPerPeer: 50_000, expiry: 4000 });
    for (let i = 0; i < 45_000; i++) table.ask(1, hash(i), 0, i);
    expect(table.size).toBe(45_000);
    expect(table.release(1)).toHaveLength(45_000);
  });
});
