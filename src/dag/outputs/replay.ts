import { isUnspendable } from '../../script/index.ts';
import type { Block, Transaction } from '../../wire/index.ts';
import { examineInputs, type OutputLookup } from '../rules/inputs.ts';
import { type BlockEffects, type Existing, TxEffect } from './effects.ts';
import { spendableOutputs } from './new-outputs.ts';
import { outputKey } from './outpoint-key.ts';
import type { Output } from './output.ts';
import { ReplayState } from './output-record.ts';
import type { OutputSlot } from './output-table.ts';

/** The replay state of all outputs. */
export interface ReplayView {
  /** What is known of an output, by its `outpointKey`. Good for the block that is replayed. */
  find(key: string): OutputSlot;
  /** Sets what the replay knows of an output, and leaves the stored set as it is. */
  set(slot: OutputSlot, state: ReplayState, entry: Output | undefined): void;
}

/** What some transactions of a block did that neither is undone nor has to be applied: those whose flag is 1. */
export interface Kept {
  readonly flags: Uint8Array;
  readonly effects: BlockEffects;
}

/**
 * Applies a block at the end of the replayed order. Its transactions are taken one by one; none can make the block
 * fail, since whether they come true is exactly what the order decides.
 * @param height of the block; its outputs get it.
 * @param maturity of coinbases, in generations.
 * @param kept transactions that are left out; they become part of the result.
 */
export function applyBlock(
  view: ReplayView,
  block: Block,
  height: number,
  maturity: number,
  kept?: Kept,
): BlockEffects {
  const existing: Existing[] = kept ? kept.effects.existing.filter(({ transaction }) => kept.flags[transaction]) : [];
  let spent: readonly OutputSlot[] = [];
  // The view knows spent and ignored outputs too, and here they count as present.
  const lookup: OutputLookup = (_, input) => spent[input].record.entry;
  const transactions = block.transactions.map((tx, index) => {
    if (kept?.flags[index]) return kept.effects.transactions[index];
    spent = findSpent(view, tx);
    if (!examineInputs(tx, height, maturity, lookup).ok) return TxEffect.skipped;
    const lost = spent.some(({ record }) => record.state !== ReplayState.unspent);
    if (!lost) setAll(view, spent, ReplayState.spent);
    const { outputs, idKey, isCoinbase } = tx;
    for (let output = 0; output < outputs.length; output++) {
      const { value, pkScript } = outputs[output];
      if (isUnspendable(pkScript)) continue;
      const slot = view.find(outputKey(idKey, output));
      const { state, entry } = slot.record;
      if (state !== ReplayState.absent) {
        existing.push({ transaction: index, output, before: { state, entry } });
        if (lost) continue;
      }
      // The script on memory of its own: it outlives the message that brought the block.
      const made: Output = { value, pkScript: new Uint8Array(pkScript), height, isCoinbase };
      view.set(slot, lost ? ReplayState.ignored : ReplayState.unspent, made);
    }
    return lost ? TxEffect.ignored : TxEffect.applied;
  });
  // What was kept stands in front.
  return { transactions, existing: existing.sort((a, b) => a.transaction - b.transaction) };
}

/**
 * Takes back what the last block of the replayed order did.
 * @param kept transactions that are left as they are.
 */
export function undoBlock(
  view: ReplayView,
  block: Block,
  height: number,
  effects: BlockEffects,
  kept?: Uint8Array,
): void {
  const existing = kept ? effects.existing.filter(({ transaction }) => !kept[transaction]) : [...effects.existing];
  for (let index = block.transactions.length - 1; index >= 0; index--) {
    const effect = effects.transactions[index];
    if (effect === TxEffect.skipped || kept?.[index]) continue;
    const tx = block.transactions[index];
    const before = new Map<number, Existing['before']>();
    for (let last = existing.at(-1); last?.transaction === index; last = existing.at(-1)) {
      before.set(last.output, last.before);
      existing.pop();
    }
    for (const { key, index: output } of spendableOutputs(tx, height, false)) {
      const earlier = before.get(output);
      if (!earlier) view.set(view.find(key), ReplayState.absent, undefined);
      else if (effect === TxEffect.applied) view.set(view.find(key), earlier.state, earlier.entry);
    }
    if (effect === TxEffect.applied) setAll(view, findSpent(view, tx), ReplayState.unspent);
  }
}

/** The outputs that a transaction spends; a coinbase spends none. */
function findSpent(view: ReplayView, tx: Transaction): readonly OutputSlot[] {
  return tx.isCoinbase ? [] : tx.inputKeys.map((key) => view.find(key));
}

function setAll(view: ReplayView, slots: readonly OutputSlot[], state: ReplayState): void {
  for (const slot of slots) view.set(slot, state, slot.record.entry);
}
