import type { NetworkParams } from '../../params/index.ts';
import { compactToTarget } from '../../wire/index.ts';

const DECIMALS = 8;
const SCALE = 10n ** BigInt(DECIMALS);

/**
 * Difficulty of a compact target: easiest target of the network divided by this one, rounded half up to eight decimals,
 * as a double. Zero for a target that no block can have.
 */
export function difficultyOf(bits: number, params: NetworkParams): number {
  const target = compactToTarget(bits);
  if (target <= 0n) return 0;
  const scaled = (2n * compactToTarget(params.powLimitBits) * SCALE + target) / (2n * target);
  const fraction = (scaled % SCALE).toString().padStart(DECIMALS, '0');
  return Number(`${scaled / SCALE}.${fraction}`);
}
