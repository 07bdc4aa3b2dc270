import { describe, expect, test } from 'vitest';
import type { Block, Transaction } from '../../wire/index.ts';
import { ANYONE, makeBlock, spend } from '../testing/fixture.ts';
import { type BlockEffects, TxEffect } from './effects.ts';
import { spendableOutputs } from './new-outputs.ts';
import { ABSENT, type OutputRecord, ReplayState } from './output-record.ts';
import { placeless } from './placeless.ts';

const PARENT = new Uint8Array(32).fill(9);

/** Blocks 10, 11 … of heights 10, 11 …, and the outputs that were there when they all had been replayed. */
function setup(contents: Readonly<Record<number, readonly Transaction[]>> = {}) {
  const blocks = new Map<number, Block>();
  const records = new Map<string, OutputRecord>();
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
  const source = { height: (id: number) => id, block };
  const outputs = { record: (key: string) => records.get(key) ?? ABSENT };
  const find = (removed: readonly number[], added: readonly number[], before = removed.map((id) => effects(id))) =>
    [...placeless(removed, added, new Map(removed.map((id, i) => [id, before[i]])), source, outputs)].sort();
  return { block, replayed, effects, find };
}

const pays = { value: 1n, pkScript: ANYONE };
const before = { state: ReplayState.absent, entry: undefined };

describe('blocks that do the same wherever they stand', () => {
  test('are those with a coinbase alone that stay in the order', () => {
    const { replayed, find } = setup();
    replayed([10, 11, 12]);
    expect(find([10, 11, 12], [11, 13, 10])).toEqual([10, 11]);
    expect(find([], [10, 11])).toEqual([]);
  });

  test('next to transactions that spend what is older', () => {
    const old = setup().block(5).transactions[0];
    const { replayed, find } = setup({ 11: [spend([{ hash: old.txid, index: 0 }], [pays])] });
    replayed([5, 10, 11, 12]);
    expect(find([10, 11, 12], [12, 13, 11, 10])).toEqual([10, 12]);
  });

  test.each([
    ['that stays', [10, 11, 12], [12, 11, 10]],
    ['that leaves the order', [10, 11, 12], [12, 10]],
    ['that is new', [10, 12], [11, 10, 12]],
  ])('are not looked for if a block %s spends one of their coinbases', (_name, removed, added) => {
    const young = setup().block(10).transactions[0];
    const { replayed, find } = setup({ 11: [spend([{ hash: young.txid, index: 0 }], [pays])] });
    replayed([10, 12]);
    expect(find(removed, added)).toEqual([]);
  });

  test('are not looked for if a coinbase of the end was there twice', () => {
    const { replayed, effects, find } = setup();
    replayed([10, 11, 12]);
    const twice = effects(12, [{ transaction: 0, output: 0, before }]);
    expect(find([10, 11, 12], [11, 10, 12], [effects(10), effects(11), twice])).toEqual([]);
  });

  test('are looked for if only a transaction was there twice', () => {
    const { replayed, effects, find } = setup({ 12: [spend([{ hash: PARENT, index: 0 }], [pays])] });
    replayed([10, 11, 12]);
    const twice = effects(12, [{ transaction: 1, output: 0, before }]);
    expect(find([10, 11, 12], [11, 10, 12], [effects(10), effects(11), twice])).toEqual([10, 11]);
  });

  test('are not looked for if a new block makes a coinbase that is there', () => {
    const { replayed, find } = setup();
    replayed([10, 11, 13]);
    expect(find([10, 11], [11, 13, 10])).toEqual([]);
  });
});
