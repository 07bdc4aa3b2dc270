import type { Block, Transaction } from '../../wire/index.ts';
import { examineInputs } from '../rules/inputs.ts';
import { type BlockEffects, type Existing, TxEffect } from './effects.ts';
import { spendableOutputs } from './new-outputs.ts';
import { outpointKey } from './outpoint-key.ts';
import type { Output } from './output.ts';
import { type OutputRecord, ReplayState } from './output-record.ts';

/** The replay state of all outputs. */
export interface ReplayView {
  get(key: string): OutputRecord;
  /** Sets what the replay knows of an output, and leaves the stored set as it is. */
  set(key: string, state: Pick<OutputRecord, 'state' | 'entry'>): void;
}

/**
 * Applies a block at the end of the replayed order. Its transactions are taken one by one; none can make the block
 * fail, since
 * whether they come true is exactly what the order decides.
 * @param height of the block; its outputs get it.
 * @param maturity of coinbases, in generations.
 */
export function applyBlock(view: ReplayView, block: Block, height: number, maturity: number): BlockEffects {
  const existing: Existing[] = [];
  const transactions = block.transactions.map((tx, index) => {
    // The view knows spent and ignored outputs too, and here they count as present.
    const verdict = examineInputs(tx, height, maturity, (key) => view.get(key).entry);
    if (!verdict.ok) return TxEffect.skipped;
    const isCoinbase = tx.isCoinbase;
    const lost = !isCoinbase && inputStates(view, tx).some((state) => state !== ReplayState.unspent);
    if (!isCoinbase && !lost) setInputs(view, tx, ReplayState.spent);
    for (const { key, index: output, output: entry } of spendableOutputs(tx, height, isCoinbase)) {
      const before = view.get(key);
      if (before.state !== ReplayState.absent) {
        existing.push({ transaction: index, output, before: { state: before.state, entry: before.entry } });
        if (lost) continue;
      }
      view.set(key, { state: lost ? ReplayState.ignored : ReplayState.unspent, entry: detached(entry) });
    }
    return lost ? TxEffect.ignored : TxEffect.applied;
  });
  return { transactions, existing };
}

/** Takes back what the last block of the replayed order did. */
export function undoBlock(view: ReplayView, block: Block, height: number, effects: BlockEffects): void {
  const existing = [...effects.existing];
  for (let index = block.transactions.length - 1; index >= 0; index--) {
    const effect = effects.transactions[index];
    if (effect === TxEffect.skipped) continue;
    const tx = block.transactions[index];
    const before = new Map<number, Existing['before']>();
    for (let last = existing.at(-1); last?.transaction === index; last = existing.at(-1)) {
      before.set(last.output, last.before);
      existing.pop();
    }
    for (const { key, index: output } of spendableOutputs(tx, height, false)) {
      const earlier = before.get(output);
      if (!earlier) view.set(key, { state: ReplayState.absent, entry: undefined });
      else if (effect === TxEffect.applied) view.set(key, earlier);
    }
    if (effect === TxEffect.applied && !tx.isCoinbase) setInputs(view, tx, ReplayState.unspent);
  }
}

/** The output on memory of its own: it outlives the message that brought the block. */
function detached(output: Output): Output {
  return { ...output, pkScript: Uint8Array.from(output.pkScript) };
}

function inputStates(view: ReplayView, tx: Transaction): ReplayState[] {
  return tx.inputs.map(({ prevout }) => view.get(outpointKey(prevout.hash, prevout.index)).state);
}

function setInputs(view: ReplayView, tx: Transaction, state: ReplayState): void {
  for (const { prevout } of tx.inputs) {
    const key = outpointKey(prevout.hash, prevout.index);
    view.set(key, { state, entry: view.get(key).entry });
  }
}
