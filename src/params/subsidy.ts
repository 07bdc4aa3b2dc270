import { BASE_SUBSIDY } from './constants.ts';

/**
 * Newly made coins of every block at a height, in nanoSoter: 50 coins, halved every `subsidyInterval` heights and 0
 * after 64 halvings. Fees come on top.
 */
export function subsidy(height: number, { subsidyInterval }: { readonly subsidyInterval: number }): bigint {
  if (subsidyInterval === 0) return BASE_SUBSIDY;
  const halvings = Math.floor(height / subsidyInterval);
  return halvings >= 64 ? 0n : BASE_SUBSIDY >> BigInt(halvings);
}
