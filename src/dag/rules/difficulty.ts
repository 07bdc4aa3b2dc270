import { type NetworkParams, wholeMilliseconds } from '../../params/index.ts';
import { compactToTarget, targetToCompact } from '../../wire/index.ts';
import type { BlockIndex } from '../engine/index.ts';

/**
 * Where the search for the last block with a difficulty of its own ends, on networks with minimum-difficulty blocks: at
 * a retarget, or at a block that is not of minimum difficulty. The index keeps the end of this walk for every block.
 */
export function difficultyWalkStops(params: NetworkParams): (height: number, bits: number) => boolean {
  const { blocksPerRetarget, powLimitBits } = params;
  return (height, bits) => height % blocksPerRetarget === 0 || bits !== powLimitBits;
}

/**
 * Compact target that a block must have (generation 2). Costs the blocks of one height at a retarget, a constant
 * otherwise.
 *
 * At a retarget the elapsed time enters in seconds and is clamped to bounds in milliseconds. So the lower bound always
 * wins (unless years pass) and the target shrinks to a quarter each time; all nodes agree on that.
 * @param index built with {@link difficultyWalkStops}.
 * @param recent the parent with the greatest timestamp.
 * @param time timestamp of the new block, Unix seconds.
 */
export function requiredBits(index: BlockIndex, params: NetworkParams, recent: number, time: number): number {
  const { blocksPerRetarget, powLimit, powLimitBits } = params;
  const height = index.height(recent);
  if ((height + 1) % blocksPerRetarget !== 0) {
    if (!params.reduceMinDifficulty) return index.bits(recent);
    if (time > index.time(recent) + params.minDiffReductionTime) return powLimitBits;
    return index.bits(index.walkEnd(recent));
  }
  // Any block of that height may be the first one, also one that the new block does not descend from.
  const first = index.lowestAtHeight(height - blocksPerRetarget + 1);
  const timespan = BigInt(wholeMilliseconds(params.targetTimespan));
  const factor = BigInt(params.retargetAdjustmentFactor);
  const elapsed = clamp(BigInt(index.time(recent) - index.time(first)), timespan / factor, timespan * factor);
  const target = (compactToTarget(index.bits(recent)) * elapsed) / timespan;
  return targetToCompact(target < powLimit ? target : powLimit);
}

function clamp(value: bigint, low: bigint, high: bigint): bigint {
  if (value < low) return low;
  return value > high ? high : value;
}

/** Generations that the rule of generation 4 wants to look back over before it makes blocks easier. */
const GENERATION_4_WINDOW = 11;

/**
 * Compact target that a block must have (generation 4), where targets are small integers. The rule was meant to follow
 * the pace of the last generations, but reads one and the same height every time, so that all time differences are zero
 * and count as too slow. As the first block must have target 1 and nothing raises it, this gives 0x01010000 for ever.
 * @param height greatest height of a parent.
 */
export function requiredBitsGeneration4(index: BlockIndex, height: number): number {
  if (height === 0) return targetToCompact(1n);
  const targets = index
    .blocksAtHeight(height)
    .map((id) => compactToTarget(index.bits(id)))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  let target = targets[targets.length >> 1];
  if (height > GENERATION_4_WINDOW) {
    const tenth = target / 10n;
    target -= tenth > 1n ? tenth : 1n;
  }
  return targetToCompact(target > 1n ? target : 1n);
}
