import type { Block } from '../../wire/index.ts';
import type { BlockEffects } from './effects.ts';
import { spendableOutputs } from './new-outputs.ts';
import { outpointKey } from './outpoint-key.ts';
import { type OutputRecord, ReplayState } from './output-record.ts';

const NONE: ReadonlySet<number> = new Set();

/** The blocks of a changed end of the order. */
interface Blocks {
  height(id: number): number;
  block(id: number): Block;
}

/** The outputs as the order was before the change. */
interface Outputs {
  record(key: string): OutputRecord;
}

/**
 * Blocks of a changed end of the order that do the same wherever they stand there, so that they need not be read, undone and
 * replayed: most blocks of most reorders, and what makes a rewrite of the whole order bearable. They are the blocks that
 * hold only a coinbase, if no other block of the end spends or makes one of their outputs.
 *
 * Whether somebody does is decided without looking at them. A coinbase that meets an earlier one of the same id leaves a
 * trace in its effects or, if it is new, in the outputs; a spend of such a coinbase refers to an output of its height.
 * Where either is possible at all, no block is left out.
 * @param removed blocks that stood at the end, with their effects in `before`.
 * @param added blocks that stand there now.
 */
export function placeless(
  removed: readonly number[],
  added: readonly number[],
  before: ReadonlyMap<number, BlockEffects>,
  blocks: Blocks,
  outputs: Outputs,
): ReadonlySet<number> {
  if (removed.length === 0) return NONE;
  const found = new Set<number>();
  let lowest = Number.POSITIVE_INFINITY;
  for (const id of added) {
    const effects = before.get(id);
    if (!effects || effects.transactions.length > 1 || effects.existing.length > 0) continue;
    found.add(id);
    lowest = Math.min(lowest, blocks.height(id));
  }
  if (found.size === 0) return NONE;
  for (const [id, { existing }] of before) {
    if (found.has(id)) continue;
    if (existing.some(({ transaction }) => transaction === 0)) return NONE;
    if (spendsCoinbase(blocks.block(id), lowest, outputs)) return NONE;
  }
  for (const id of added) {
    if (before.has(id)) continue;
    const block = blocks.block(id);
    const [coinbase] = block.transactions;
    const made = spendableOutputs(coinbase, blocks.height(id), true);
    if (made.some(({ key }) => outputs.record(key).state !== ReplayState.absent)) return NONE;
    if (spendsCoinbase(block, lowest, outputs)) return NONE;
  }
  return found;
}

/** True if a block spends, or tries to, the coinbase of a block at or above a height. */
function spendsCoinbase({ transactions }: Block, lowest: number, outputs: Outputs): boolean {
  return transactions.some(
    (tx) =>
      !tx.isCoinbase &&
      tx.inputs.some(({ prevout }) => {
        const { entry } = outputs.record(outpointKey(prevout.hash, prevout.index));
        return entry?.isCoinbase === true && entry.height >= lowest;
      }),
  );
}
