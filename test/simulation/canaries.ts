import type { NodeHooks } from './node-hooks.ts';

/** A known defect that can be planted in all nodes of a simulation, to see whether it is noticed. */
export interface Canary {
  readonly name: string;
  /** What is wrong with the nodes. */
  readonly defect: string;
  /** Changes at the ports of the rooms. */
  readonly hooks?: NodeHooks;
  /** Changes inside a room. @returns what takes them back. */
  install?(): () => void;
}

/** All canaries. */
export const CANARIES: readonly Canary[] = [];
