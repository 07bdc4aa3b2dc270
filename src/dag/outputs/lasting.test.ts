import { describe, expect, test } from 'vitest';
import type { Block, Transaction } from '../../wire/index.ts';
import { ANYONE, makeBlock, spend } from '../testing/fixture.ts';
import { type BlockEffects, TxEffect } from './effects.ts';
import { findLasting } from './lasting.ts';
import { spendableOutputs } from './new-outputs.ts';
import { ABSENT, type OutputRecord, ReplayState } from './output-record.ts';

const PARENT = new Uint8Array(32).fill(9);

/** Blocks 10, 11 … of heights 10, 11 …, and the outputs that were there when they all had been replayed. */
function setup(contents: Readonly<Record<number, readonly Transaction[]>> = {}) {
  const blocks = new Map<number, Block>();
  const records = new Map<string, OutputRecord>();
  const read = new Set<number>();
  const block = (id: number): Block => {
    const known = blocks.get(id);
    if (known) return known;
    const made = makeBlock({ parents: [PARENT], height: id, transactions: contents[id] });
    blocks.set(id, made);
    return made;
  };
  const replayed = (ids: readonly number[]): void => {
    for (const id of ids) {
      for (const tx of block(id).transactions) {
        for (const { key, output } of spendableOutputs(tx, id, tx.isCoinbase)) {
          records.set(key, { state: ReplayState.unspent, entry: output, stored: output });
        }
      }
    }
  };
  const effects = (id: number, existing: BlockEffects['existing'] = []): BlockEffects => ({
    transactions: block(id).transactions.map(() => TxEffect.applied),
    existing,
  });
  const source = {
    height: (id: number) => id,
    block: (id: number) => {
      read.add(id);
      return block(id);
    },
  };
  const outputs = { record: (key: string) => records.get(key) ?? ABSENT };
  /** What lasts of each block: all of it, or the flags of its transactions. */
  const find = (removed: readonly number[], added: readonly number[], before = removed.map((id) => effects(id))) => {
    const found = findLasting(removed, added, new Map(removed.map((id, i) => [id, before[i]])), source, outputs);
    return Object.fromEntries(Array.from(found, ([id, kept]) => [id, kept === 'all' ? kept : [...kept].join('')]));
  };
  return { block, read, replayed, effects, find };
}

const pays = { value: 1n, pkScript: ANYONE };
const other = { value: 2n, pkScript: ANYONE };
const outside = (index: number) => ({ hash: PARENT, index });
const first = (tx: Transaction) => ({ hash: tx.txid, index: 0 });

describe('of blocks with a coinbase alone', () => {
  test('those last that stay in the order, and none is read', () => {
    const { read, replayed, find } = setup();
    replayed([10, 11, 12]);
    expect(find([10, 11, 12], [11, 10])).toEqual({ 10: 'all', 11: 'all' });
    expect([...read]).toEqual([12]);
    expect(find([], [10, 11])).toEqual({});
  });

  test.each([
    ['that stays', [10, 11, 12], [12, 11, 10], { 10: '0', 11: '10', 12: 'all' }],
    ['that leaves the order', [10, 11, 12], [12, 10], { 10: 'all', 12: 'all' }],
    ['that is new', [10, 12], [11, 10, 12], { 10: '0', 12: 'all' }],
  ])('one is read if a block %s spends it', (_name, removed, added, lasting) => {
    const young = setup().block(10).transactions[0];
    const { read, replayed, find } = setup({ 11: [spend([first(young)], [pays])] });
    replayed([10, 12]);
    expect(find(removed, added)).toEqual(lasting);
    expect(read.has(10)).toBe(true);
    expect(read.has(12)).toBe(false);
  });

  test('one is read if it was there once more', () => {
    const { block, read, replayed, effects, find } = setup();
    replayed([10, 11, 12]);
    const [{ output: entry }] = spendableOutputs(block(10).transactions[0], 10, true);
    const twice = effects(12, [{ transaction: 0, output: 0, before: { state: ReplayState.unspent, entry } }]);
    find([10, 11, 12], [11, 10, 12], [effects(10), effects(11), twice]);
    expect([...read].sort()).toEqual([10, 12]);
  });

  test('one is read if a new block makes it once more', () => {
    const { read, replayed, find } = setup();
    replayed([10, 11, 13]);
    expect(find([10, 11], [11, 13, 10])).toEqual({ 10: 'all', 11: 'all' });
    expect([...read].sort()).toEqual([13]);
  });
});

describe('of blocks with transactions', () => {
  test('everything lasts that nothing else has to do with', () => {
    const { find } = setup({ 10: [spend([outside(0)], [pays])], 11: [spend([outside(1)], [pays])] });
    expect(find([10, 11], [11, 10])).toEqual({ 10: 'all', 11: 'all' });
    expect(find([10, 11], [12, 11, 10])).toEqual({ 10: 'all', 11: 'all' });
  });

  test('nothing lasts of a double spend whose order changes, nor of what builds on it', () => {
    const [a, b] = [spend([outside(0)], [pays]), spend([outside(0)], [other])];
    const { find } = setup({ 10: [a], 11: [b], 12: [spend([first(a)], [pays])] });
    expect(find([10, 11, 12], [11, 10, 12])).toEqual({ 10: '10', 11: '10', 12: '10' });
    expect(find([10, 11, 12], [10, 12, 11])).toEqual({ 10: 'all', 11: 'all', 12: 'all' });
    expect(find([10, 11, 12], [12, 10, 11])).toEqual({ 10: '10', 11: '10', 12: '10' });
  });

  test('the second of a double spend does not last if the first one leaves or comes', () => {
    const [a, b] = [spend([outside(0)], [pays]), spend([outside(0)], [other])];
    const { find } = setup({ 10: [a], 11: [b] });
    expect(find([10, 11], [11])).toEqual({ 11: '10' });
    expect(find([11], [10, 11])).toEqual({ 11: '10' });
    expect(find([11], [11, 10])).toEqual({ 11: 'all' });
  });

  test('nothing lasts of an equal transaction in two blocks whose order changes', () => {
    const tx = spend([outside(0)], [pays]);
    const { find } = setup({ 10: [tx], 11: [tx], 12: [spend([outside(1)], [pays])] });
    expect(find([10, 11, 12], [12, 11, 10])).toEqual({ 10: '10', 11: '10', 12: 'all' });
  });

  test('a payment lasts though its change is contested behind it', () => {
    const made = spend([outside(0)], [pays, other]);
    const { find } = setup({
      10: [made],
      11: [spend([first(made)], [pays])],
      12: [spend([first(made)], [other])],
      13: [spend([{ hash: made.txid, index: 1 }], [pays])],
    });
    expect(find([10, 11, 12, 13], [10, 12, 11, 13])).toEqual({ 10: 'all', 11: '10', 12: '10', 13: 'all' });
  });
});
