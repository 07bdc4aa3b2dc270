import { addressFlood, crowd, greedy, invFlood, junkTransactions, orphanFlood } from './floods.ts';
import { invalidBlocks, lateBranches, malleating, selfish, unrequested } from './forgers.ts';
import { confusing, lyingHeight, slowSync, withholding } from './liars.ts';
import type { Strategy } from './mob.ts';
import type { Toolbox } from './toolbox.ts';
import { garbage, rude, slowLoris } from './vandals.ts';

/** Every kind of attacker. */
export const CATALOGUE = {
  withholding,
  lyingHeight,
  slowSync,
  confusing,
  orphanFlood,
  invFlood,
  junkTransactions,
  addressFlood,
  greedy,
  crowd,
  invalidBlocks,
  malleating,
  unrequested,
  selfish,
  lateBranches,
  garbage,
  slowLoris,
  rude,
} as const satisfies Readonly<Record<string, (tools: Toolbox) => Strategy>>;

export type HostileKind = keyof typeof CATALOGUE;

export const HOSTILE_KINDS: readonly HostileKind[] = Object.keys(CATALOGUE).filter(
  (name): name is HostileKind => name in CATALOGUE,
);
