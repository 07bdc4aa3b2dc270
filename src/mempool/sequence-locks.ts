import type { Transaction } from '../wire/index.ts';
import type { SpentOutput } from './input-view.ts';
import type { PoolDag } from './ports.ts';

/** Bit of a sequence number that switches the relative lock off (BIP 68). */
const DISABLED = 1 << 31;
/** Bit that makes it a time instead of a height. */
const IS_TIME = 1 << 22;
const VALUE_MASK = 0xffff;
/** Seconds a unit of a time lock stands for, as a shift. */
const TIME_SHIFT = 9;
/** First transaction version with relative locks. */
const FIRST_VERSION = 2;

/** The least height and Unix time that must lie *below* those of the next block; -1 where nothing is asked. */
export interface SequenceLock {
  readonly height: number;
  readonly time: number;
}

/**
 * Relative locks of a transaction (BIP 68), counted as soterd 2.1.1 counts them: an unconfirmed input has the present
 * greatest height, not the next one. Blocks do not enforce these locks, only the pool does.
 * @param spent what the transaction spends, one an input.
 * @param maxHeight greatest height of a tip.
 */
export function sequenceLock(
  { version, inputs }: Transaction,
  spent: readonly SpentOutput[],
  maxHeight: number,
  dag: Pick<PoolDag, 'blocksAtHeight' | 'medianTime'>,
): SequenceLock {
  let height = -1;
  let time = -1;
  if (version < FIRST_VERSION) return { height, time };
  for (const [i, { sequence }] of inputs.entries()) {
    if ((sequence & DISABLED) !== 0) continue;
    const { output, parent } = spent[i];
    const inputHeight = parent ? maxHeight : output.height;
    const value = sequence & VALUE_MASK;
    if ((sequence & IS_TIME) === 0) height = Math.max(height, inputHeight + value - 1);
    else time = Math.max(time, medianTimeAt(dag, Math.max(inputHeight - 1, 0)) + (value << TIME_SHIFT) - 1);
  }
  return { height, time };
}

/**
 * Median of the median times of all blocks of a height. In a chain that is the median time of the one block there; soterd 2.1.1
 * looks for the ancestors of the tips near that height, which is the same set unless a block skips it.
 */
function medianTimeAt(dag: Pick<PoolDag, 'blocksAtHeight' | 'medianTime'>, height: number): number {
  const times = dag.blocksAtHeight(height).map((hash) => dag.medianTime(hash) ?? 0);
  times.sort((a, b) => a - b);
  return times[times.length >> 1] ?? 0;
}
