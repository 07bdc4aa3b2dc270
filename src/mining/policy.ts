import { MAX_BLOCK_BASE_SIZE } from '../params/index.ts';

/** An operator's choices for the blocks this node makes. Absent means default. */
export interface TemplatePolicyOptions {
  /** Bytes; kept for compatibility and without effect, as in soterd 2.1.1. */
  readonly blockMinSize?: number;
  /** Bytes, 1,000 … 999,520. */
  readonly blockMaxSize?: number;
  /** Weight up to which transactions below the relay fee are taken. */
  readonly blockMinWeight?: number;
  /** Weight, 4,000 … 3,998,080. */
  readonly blockMaxWeight?: number;
  /** Room for transactions chosen by priority instead of fee. */
  readonly blockPrioritySize?: number;
  /** nanoSoter per 1,000 bytes: what counts as paying a fee. */
  readonly minRelayTxFee?: bigint;
}

/** Limits that the selection of transactions obeys. */
export interface TemplatePolicy {
  readonly blockMinWeight: number;
  readonly blockMaxWeight: number;
  /**
   * Compared with the *weight* of the block so far, as soterd 2.1.1 does, although it is given in bytes: templates of both
   * programs then hold the same transactions.
   */
  readonly blockPrioritySize: number;
  /** nanoSoter per 1,000 bytes. */
  readonly minFeeRate: bigint;
}

/** Largest accepted block sizes: a thousand bytes (or four thousand weight) stay free for the coinbase. */
export const TEMPLATE_LIMITS = {
  minSize: 1000,
  maxSize: MAX_BLOCK_BASE_SIZE - 1000,
  minWeight: 4000,
  maxWeight: 3_998_080,
} as const;

const DEFAULT_MAX_SIZE = 750_000;
const DEFAULT_MAX_WEIGHT = 3_001_560;
const DEFAULT_PRIORITY_SIZE = 50_000;
const DEFAULT_MIN_FEE_RATE = 1000n;

/**
 * Completes an operator's choices: size and weight limits follow each other when only one of them was changed, and
 * smaller limits are capped by larger ones. Ranges are the configuration's business ({@link TEMPLATE_LIMITS}).
 */
export function templatePolicy(options: TemplatePolicyOptions = {}): TemplatePolicy {
  let maxSize = options.blockMaxSize ?? DEFAULT_MAX_SIZE;
  let maxWeight = options.blockMaxWeight ?? DEFAULT_MAX_WEIGHT;
  if (maxWeight === DEFAULT_MAX_WEIGHT && maxSize !== DEFAULT_MAX_SIZE) maxWeight = 4 * maxSize;
  else if (maxSize === DEFAULT_MAX_SIZE && maxWeight !== DEFAULT_MAX_WEIGHT) maxSize = TEMPLATE_LIMITS.maxSize;
  return {
    blockMinWeight: Math.min(options.blockMinWeight ?? 0, maxWeight),
    blockMaxWeight: maxWeight,
    blockPrioritySize: Math.min(options.blockPrioritySize ?? DEFAULT_PRIORITY_SIZE, maxSize),
    minFeeRate: options.minRelayTxFee ?? DEFAULT_MIN_FEE_RATE,
  };
}
