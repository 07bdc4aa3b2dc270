import type { Block } from '../../wire/index.ts';
import type { BlockEffects } from './effects.ts';
import { spendableOutputs } from './new-outputs.ts';
import type { OutputRecord } from './output-record.ts';
import { OutputUses } from './output-uses.ts';

/** What of a block need not be replayed: everything, or the transactions whose flag is 1. */
type Lasting = 'all' | Uint8Array;

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
 * Finds what does the same before and after a change of the end of the order, so that it need not be undone and replayed: most
 * of most reorders, and what makes a rewrite of the whole order, or of full blocks, bearable.
 *
 * Two transactions are *related* if they make or spend (or try to) an output in common. A transaction lasts if its block
 * stood in the end and still does, and every related one that stands before it, or did so before the change, lasts as well
 * and stands before it both times. Why that is enough: transactions that are not related do not see one another, and may change
 * places. Where something unlasting stands before something lasting, before the change or after it, the two are not
 * related; so both orders lead to the same outputs as all that lasts first and the rest behind it, each doing the same.
 * Of those two only the rest differs, and at the end of an order it can be undone and replaced. The stored set follows too:
 * it is brought up by what the replay changed, and in between has every unspent output and no ignored one already.
 *
 * Blocks that hold only a coinbase are not even read, unless something points to their height: a coinbase that meets an
 * earlier one of the same id leaves a trace in its effects or, if it is new, finds that one in the outputs; and a spend of
 * such a coinbase finds an output of its height.
 * @param removed blocks that stood at the end, with their effects in `before`.
 * @param added blocks that stand there now.
 * @returns by block; what is not there has to be replayed as a whole.
 */
export function findLasting(
  removed: readonly number[],
  added: readonly number[],
  before: ReadonlyMap<number, BlockEffects>,
  blocks: Blocks,
  outputs: Outputs,
): ReadonlyMap<number, Lasting> {
  const lasting = new Map<number, Lasting>();
  if (removed.length === 0) return lasting;
  const stay = added.filter((id) => before.has(id));
  for (const id of stay) {
    const { transactions, existing } = before.get(id)!;
    if (transactions.length === 1 && existing.length === 0) lasting.set(id, 'all');
  }
  if (lasting.size > 0) {
    const heights = coinbaseHeights(added, before, lasting, blocks, outputs);
    if (heights.size > 0) for (const id of stay) if (heights.has(blocks.height(id))) lasting.delete(id);
  }
  if (lasting.size === stay.length) return lasting;

  const isRead = (id: number): boolean => !lasting.has(id);
  const uses = new OutputUses();
  const [old, now] = [removed.filter(isRead), added.filter(isRead)];
  for (const id of new Set([...old, ...now])) uses.add(id, blocks.block(id).transactions);
  for (const [id, flags] of uses.compare(old, now)) lasting.set(id, flags.includes(0) ? flags : 'all');
  return lasting;
}

/** Heights of all coinbases that other blocks of the end make once more or spend, or try to. */
function coinbaseHeights(
  added: readonly number[],
  before: ReadonlyMap<number, BlockEffects>,
  alone: ReadonlyMap<number, unknown>,
  blocks: Blocks,
  outputs: Outputs,
): ReadonlySet<number> {
  const heights = new Set<number>();
  const meets = (entry: OutputRecord['entry']): void => {
    if (entry?.isCoinbase) heights.add(entry.height);
  };
  const spends = ({ transactions }: Block): void => {
    for (const tx of transactions) if (!tx.isCoinbase) for (const key of tx.inputKeys) meets(outputs.record(key).entry);
  };
  for (const [id, { existing }] of before) {
    if (alone.has(id)) continue;
    for (const { transaction, before: earlier } of existing) if (transaction === 0) meets(earlier.entry);
    spends(blocks.block(id));
  }
  for (const id of added) {
    if (before.has(id)) continue;
    const block = blocks.block(id);
    for (const { key } of spendableOutputs(block.transactions[0], 0, true)) meets(outputs.record(key).entry);
    spends(block);
  }
  return heights;
}
