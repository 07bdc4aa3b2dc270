import assert from 'node:assert/strict';
import { type NetworkParams, networkParams } from '../../src/params/index.ts';

/** What the recorded node said of its DAG. */
export interface RecordedState {
  readonly best: string;
  readonly bestHeight: number;
  readonly minHeight: number;
  readonly maxHeight: number;
  readonly blockCount: number;
  readonly dagHash: string;
  readonly totalTxns: number;
  readonly orphans: number;
  /** Indices into the blocks of the scenario, −1 for genesis. */
  readonly order?: readonly number[];
}

/** A block that it was given, and what became of it. */
export interface RecordedBlock {
  readonly hash: string;
  readonly hex: string;
  readonly note?: string;
  readonly verdict: 'accepted' | 'orphan' | 'rejected' | 'error' | 'panic' | 'undecodable';
  readonly code?: string;
  readonly message?: string;
  readonly notifications?: readonly string[];
  readonly state?: RecordedState;
}

/** An output that it kept. */
export interface RecordedOutput {
  readonly tx: string;
  readonly n: number;
  readonly amount: number;
  readonly height: number;
  readonly coinbase: boolean;
  readonly spent: boolean;
  readonly ignored: boolean;
}

/** The DAG after the last block. */
export interface RecordedFinal extends Omit<RecordedState, 'order'> {
  readonly tips: readonly string[];
  readonly order: readonly string[];
  readonly blueSet: readonly string[];
  readonly coloringOfBest: readonly string[];
  readonly view: readonly RecordedOutput[] | null;
  readonly storedUtxos: readonly RecordedOutput[] | null;
}

/** Parameters of a network that was changed for a recording. */
export interface RecordedParams {
  readonly adjustmentFactor: number;
  readonly blocksPerRetarget: number;
  readonly minDiffReductionSeconds: number;
  readonly powLimitBits: number;
  readonly reduceMinDifficulty: boolean;
  readonly targetTimePerBlockMs: number;
  readonly targetTimespanMs: number;
}

/** Blocks in the order in which the node was given them. */
export interface Scenario {
  readonly name: string;
  readonly params?: RecordedParams;
  readonly blocks: readonly RecordedBlock[];
  readonly final?: RecordedFinal;
  readonly extra?: { readonly arrival: readonly number[] };
}

/** The network of a recording. */
export function simnet(recorded?: RecordedParams): NetworkParams {
  const params = networkParams('simnet');
  if (!recorded) return params;
  assert.equal(params.powLimitBits, recorded.powLimitBits);
  return {
    ...params,
    targetTimespan: recorded.targetTimespanMs / 1000,
    targetTimePerBlock: recorded.targetTimePerBlockMs / 1000,
    blocksPerRetarget: recorded.blocksPerRetarget,
    retargetAdjustmentFactor: recorded.adjustmentFactor,
    reduceMinDifficulty: recorded.reduceMinDifficulty,
    minDiffReductionTime: recorded.minDiffReductionSeconds,
  };
}
