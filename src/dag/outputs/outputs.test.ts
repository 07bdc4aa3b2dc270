import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/index.ts';
import { HeldStore } from '../../store/testing/held-store.ts';
import { hashToHex, sha256 } from '../../util/hash.ts';
import { decodeEffects, encodeEffects, TxEffect } from './effects.ts';
import { outpointKey } from './outpoint-key.ts';
import type { Output } from './output.ts';
import { ABSENT, decodeRecord, encodeRecord, type OutputRecord, ReplayState } from './output-record.ts';
import { OutputTable } from './output-table.ts';
import { OutputSetHash, SET_HASH_SIZE } from './set-hash.ts';

const output: fc.Arbitrary<Output> = fc.record({
  value: fc.bigInt({ min: 0n, max: 2_100_000_000_000_000n }),
  pkScript: fc.uint8Array({ maxLength: 300 }),
  height: fc.nat(2 ** 31 - 1),
  isCoinbase: fc.boolean(),
});
const present: fc.Arbitrary<OutputRecord> = fc.record({
  state: fc.constantFrom(ReplayState.unspent, ReplayState.spent, ReplayState.ignored),
  entry: output,
  stored: fc.option(output, { nil: undefined }),
});
const record: fc.Arbitrary<OutputRecord> = fc.oneof(
  present,
  present.map(({ entry, state }) => ({ state, entry, stored: entry })),
  output.map((stored) => ({ state: ReplayState.absent, entry: undefined, stored })),
);
const key = fc
  .record({ hash: fc.uint8Array({ minLength: 32, maxLength: 32 }), index: fc.nat(2 ** 32 - 1) })
  .map(({ hash, index }) => outpointKey(hash, index));

test('keys hold every index', () => {
  for (const index of [0, 1, 255, 256, 70_000, 2 ** 31, 2 ** 32 - 1]) {
    const bytes = Buffer.from(outpointKey(new Uint8Array(32).fill(200), index), 'latin1');
    expect([bytes.length, bytes.readUInt32BE(32)]).toEqual([36, index]);
  }
});

describe('records', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(record, (before) => {
        expect(decodeRecord(encodeRecord(before)!)).toEqual(before);
      }),
    );
  });

  test('without content have no row', () => {
    expect(encodeRecord(ABSENT)).toBeUndefined();
  });

  test('hold an output once if the stored set has the same one', () => {
    const entry: Output = { value: 5n, pkScript: new Uint8Array(100), height: 7, isCoinbase: true };
    const same = encodeRecord({ state: ReplayState.unspent, entry, stored: { ...entry } })!;
    const other = encodeRecord({ state: ReplayState.unspent, entry, stored: { ...entry, height: 8 } })!;
    expect(same.length).toBeLessThan(110);
    expect(other.length).toBeGreaterThan(200);
  });
});

test('effects come back as they were written', () => {
  const effects = fc.record({
    transactions: fc.array(fc.constantFrom(TxEffect.skipped, TxEffect.applied, TxEffect.ignored)),
    existing: fc.array(
      fc.record({
        transaction: fc.nat(400_000),
        output: fc.nat(3_000_000),
        before: present.map(({ state, entry }) => ({ state, entry })),
      }),
      { maxLength: 5 },
    ),
  });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), effects, (orderHash, before) => {
      expect(decodeEffects(encodeEffects(orderHash, before))).toEqual({ orderHash, effects: before });
    }),
  );
});

describe('hash over the stored set', () => {
  const element = fc.tuple(key, output);

  test('does not depend on the order, and forgets what is removed', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 8 }), fc.array(element, { maxLength: 4 }), (kept, passing) => {
        const one = new OutputSetHash();
        for (const [at, out] of [...kept, ...passing]) one.add(at, out);
        for (const [at, out] of passing) one.remove(at, out);
        const other = new OutputSetHash();
        for (const [at, out] of kept.toReversed()) other.add(at, out);
        expect(one.state()).toEqual(other.state());
        const resumed = new OutputSetHash(other.state());
        expect(hashToHex(resumed.value())).toBe(hashToHex(one.value()));
      }),
      { numRuns: 30 },
    );
  });

  test('sees every field', () => {
    const at = outpointKey(sha256(Uint8Array.of(1)), 3);
    const base: Output = { value: 5n, pkScript: Uint8Array.of(0x51), height: 7, isCoinbase: false };
    const variants: [string, Output][] = [
      [at, base],
      [outpointKey(sha256(Uint8Array.of(1)), 4), base],
      [at, { ...base, value: 6n }],
      [at, { ...base, height: 8 }],
      [at, { ...base, isCoinbase: true }],
      [at, { ...base, pkScript: Uint8Array.of(0x52) }],
    ];
    const values = variants.map(([where, out]) => {
      const sum = new OutputSetHash();
      sum.add(where, out);
      return hashToHex(sum.value());
    });
    expect(new Set(values).size).toBe(variants.length);
    expect(hashToHex(new OutputSetHash().value())).toBe(hashToHex(sha256(new Uint8Array(SET_HASH_SIZE))));
  });
});

test('the cached table behaves like a map, whatever the size of the cache and the places of commits', () => {
  const step = fc.record({
    slot: fc.nat(9),
    record: fc.option(record, { nil: ABSENT }),
    commit: fc.boolean(),
    land: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 60 }), (cacheSize, steps) => {
      const store = new HeldStore();
      const rows = store.table('outputs');
      const table = new OutputTable(rows, cacheSize * 500);
      const keys = Array.from({ length: 10 }, (_, i) => outpointKey(sha256(Uint8Array.of(i)), i));
      const model = new Map<string, OutputRecord>();
      const count = () => [...model.values()].filter((content) => content !== ABSENT).length;
      for (const { slot, record: content, commit, land } of steps) {
        expect(table.get(keys[slot])).toEqual(model.get(keys[slot]) ?? ABSENT);
        table.set(keys[slot], content);
        model.set(keys[slot], content);
        table.trim();
        expect(table.countRows()).toBe(count());
        if (commit) {
          store.land();
          store.aside.begin(
            (transaction) => table.write(transaction),
            () => table.committed(),
          );
          table.sent();
        }
        if (!land) continue;
        store.land();
        if (commit) expect(rows.count()).toBe(count());
      }
      for (const at of keys) expect(table.get(at)).toEqual(model.get(at) ?? ABSENT);
    }),
    { numRuns: 300 },
  );
});

describe('memory of the cached table', () => {
  const CACHE = 1024 * 1024;
  const output = (scriptBytes: number): OutputRecord => {
    const entry = { value: 1n, pkScript: new Uint8Array(scriptBytes), height: 1, isCoinbase: false };
    return { state: ReplayState.unspent, entry, stored: entry };
  };
  const keyOf = (i: number) => outpointKey(sha256(Uint8Array.of(i, i >> 8)), 0);
  function touch(table: OutputTable, from: number, count: number, made: OutputRecord): void {
    for (let i = from; i < from + count; i++) table.set(keyOf(i), made);
    table.trim();
  }
  function commit(store: MemoryStore, table: OutputTable): void {
    store.transaction((transaction) => table.write(transaction));
    table.sent();
    table.committed();
    table.trim();
  }

  test('counts scripts: a few hundred large ones fill it', () => {
    const store = new MemoryStore();
    const table = new OutputTable(store.table('outputs'), CACHE);
    for (let i = 0; i < 400; i += 20) {
      touch(table, i, 20, output(10_000));
      commit(store, table);
      expect(table.memory).toBeLessThan(1.5 * CACHE);
    }
    expect(table.get(keyOf(7)).entry?.pkScript.length).toBe(10_000);
  });

  test('what one block touched beyond the bound is forgotten once it is on disk', () => {
    const store = new MemoryStore();
    const table = new OutputTable(store.table('outputs'), CACHE);
    touch(table, 0, 20_000, output(25));
    expect(table.memory).toBeGreaterThan(5 * CACHE);
    commit(store, table);
    expect(table.memory).toBe(0);
    expect(table.get(keyOf(1)).entry?.value).toBe(1n);
  });
});
