import { NANO_PER_COIN } from '../../params/index.ts';

/** Coins of an amount in nanoSoter, as the double that JSON shows. */
export function coins(nano: bigint): number {
  return Number(nano) / Number(NANO_PER_COIN);
}
