import { MEDIAN_TIME_BLOCKS, type NetworkParams } from '../../params/index.ts';
import type { Block } from '../../wire/index.ts';
import type { BlockIndex } from '../engine/index.ts';
import { RuleError } from '../errors.ts';
import { formatTime } from '../go-time.ts';
import { requiredBits, requiredBitsGeneration4 } from './difficulty.ts';

/**
 * Median of the timestamps of a block and the ten before it, each reached through the first parent in message order.
 * With an even number, near genesis, the upper middle one.
 */
export function medianTime(index: BlockIndex, id: number): number {
  const times: number[] = [];
  for (let at = id; at !== -1 && times.length < MEDIAN_TIME_BLOCKS; at = index.firstParent(at)) {
    times.push(index.time(at));
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}

/** Height of a block with these parents. */
export function heightAbove(index: BlockIndex, parents: readonly number[]): number {
  let height = -1;
  for (const parent of parents) height = Math.max(height, index.height(parent));
  return height + 1;
}

/** The parent with the greatest timestamp, the first one of those. */
export function recentParent(index: BlockIndex, parents: readonly number[]): number {
  let recent = parents[0];
  for (const parent of parents) if (index.time(parent) > index.time(recent)) recent = parent;
  return recent;
}

/** The compact target that a block with these parents and this timestamp must have. */
export function bitsAbove(index: BlockIndex, params: NetworkParams, parents: readonly number[], time: number): number {
  return params.generation === 4
    ? requiredBitsGeneration4(index, heightAbove(index, parents) - 1)
    : requiredBits(index, params, recentParent(index, parents), time);
}

/**
 * The rules that depend on the parents: difficulty and time.
 * @param parents connected blocks, in message order.
 * @throws {RuleError}
 */
export function checkContext(
  index: BlockIndex,
  params: NetworkParams,
  { header }: Block,
  parents: readonly number[],
): void {
  const bits = bitsAbove(index, params, parents, header.timestamp);
  if (bits !== header.bits) {
    throw new RuleError(
      'ErrUnexpectedDifficulty',
      `block difficulty of ${header.bits} is not the expected value of ${bits}`,
    );
  }
  const median = medianTime(index, recentParent(index, parents));
  if (header.timestamp <= median) {
    throw new RuleError(
      'ErrTimeTooOld',
      `block timestamp of ${formatTime(header.timestamp)} is not after expected ${formatTime(median)}`,
    );
  }
}
