import type { Hash } from '../util/hash.ts';
import { hashKey } from '../util/hash.ts';
import type { TemplateDag } from './ports.ts';

/** Header version without any deployment bit (BIP 9). */
const BASE_VERSION = 0x20000000;

/**
 * Whether every tip has left the first confirmation window. soterd 2.1.1 finds no deployment state at all from there on
 * and takes that for "active": segwit and CSV count for templates and relay. Block validation does not look at it.
 * @param minTipHeight least height among the tips.
 */
export function deploymentsActive(minTipHeight: number, confirmationWindow: number): boolean {
  return minTipHeight + 1 >= confirmationWindow;
}

/** Header version of a new block: 0x20000000 in the first confirmation window, 0 past it, as soterd 2.1.1. */
export function headerVersion(minTipHeight: number, confirmationWindow: number): number {
  return deploymentsActive(minTipHeight, confirmationWindow) ? 0 : BASE_VERSION;
}

/**
 * Finds the parent sub-header version of a new block: the most common one among its parents, the one that comes first
 * in their order if several are. A block without parents counts as 0 whatever it says. Remembers the current
 * tips, so that a block is read once.
 */
export class ParentsVersionVote {
  readonly #dag: Pick<TemplateDag, 'getBlock'>;
  #known = new Map<string, number>();

  constructor(dag: Pick<TemplateDag, 'getBlock'>) {
    this.#dag = dag;
  }

  winner(parents: readonly Hash[]): number {
    const known = new Map<string, number>();
    const votes = new Map<number, number>();
    for (const hash of parents) {
      const key = hashKey(hash);
      const version = this.#known.get(key) ?? this.#read(hash);
      known.set(key, version);
      votes.set(version, (votes.get(version) ?? 0) + 1);
    }
    this.#known = known;
    let best: number | undefined;
    for (const [version, count] of votes) {
      if (best === undefined || count > votes.get(best)!) best = version;
    }
    return best ?? BASE_VERSION;
  }

  #read(hash: Hash): number {
    const block = this.#dag.getBlock(hash);
    return block && block.parents.length > 0 ? block.parentsVersion : 0;
  }
}
