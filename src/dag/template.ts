import type { NetworkParams } from '../params/index.ts';
import { equalBytes } from '../util/bytes.ts';
import { type Hash, hashToHex } from '../util/hash.ts';
import type { Block } from '../wire/index.ts';
import type { AdjustedTime } from './adjusted-time.ts';
import type { DagState } from './dag-state.ts';
import { RuleError } from './errors.ts';
import { checkBlockSanity } from './rules/block-sanity.ts';
import { checkConnect } from './rules/connect.ts';
import { bitsAbove, checkContext, heightAbove } from './rules/context.ts';
import type { ScriptVerifier } from './rules/scripts.ts';

/** What a block on all present tips must look like. */
export interface TemplateContext {
  /** All tips, in the order in which a template lists them. */
  readonly parents: readonly Hash[];
  /** Version of the parent sub-header of each parent, in the same order; 0 for genesis, whose own says 1. */
  readonly parentVersions: readonly number[];
  /** Tips hash of the parents, for the header. */
  readonly prevBlock: Hash;
  readonly height: number;
  /** Greatest median time of a parent: a block with a later time passes, whatever the order of the parents. Unix seconds. */
  readonly medianTime: number;
  /** The compact target that a block of this time must have. */
  bits(time: number): number;
}

/** Whoever asks has run the scripts. */
const NO_SCRIPTS: ScriptVerifier = { verify: () => undefined };

/**
 * Context of the next block. Difficulty follows the tip with the greatest timestamp, the lowest hash of those.
 */
export function templateContext(state: DagState, params: NetworkParams): TemplateContext {
  const sorted = sortedTips(state);
  return {
    parents: state.tipHashes(),
    get parentVersions() {
      return state.tips().map((id) => (id === 0 ? 0 : state.bodies.get(id).parentsVersion));
    },
    prevBlock: state.tipsHash(),
    height: heightAbove(state.index, sorted),
    get medianTime() {
      return sorted.reduce((latest, id) => Math.max(latest, state.medianTime(id)), 0);
    },
    bits: (time) => bitsAbove(state.index, params, sorted, time),
  };
}

/**
 * Checks a block that is to be mined: all rules but the proof of work, with the present tips as parents.
 * @param verifier undefined: scripts are not run.
 * @throws {RuleError} `ErrPrevBlockNotBest` if the tips have changed, or the rule it breaks.
 */
export function checkTemplate(
  state: DagState,
  params: NetworkParams,
  time: AdjustedTime,
  verifier: ScriptVerifier | undefined,
  block: Block,
): void {
  const tips = state.tipsHash();
  if (!equalBytes(block.header.prevBlock, tips)) {
    throw new RuleError(
      'ErrPrevBlockNotBest',
      `previous block must be the current tips ${hashToHex(tips)}, instead got ${hashToHex(block.header.prevBlock)}`,
    );
  }
  checkBlockSanity(block, { powLimit: params.powLimit, pow: undefined, adjustedTime: time.now() });
  const parents = sortedTips(state);
  checkContext(state.index, params, block, parents);
  checkConnect(block, heightAbove(state.index, parents), params, state.outputs.stored, verifier ?? NO_SCRIPTS);
}

function sortedTips(state: DagState): number[] {
  return [...state.tips()].sort((a, b) => state.index.compareHashes(a, b));
}
