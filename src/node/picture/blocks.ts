import type { Dag } from '../../dag/index.ts';
import { hashToHex } from '../../util/hash.ts';

/** A block as a picture shows it. */
export interface PicturedBlock {
  /** Hash in display form. */
  readonly hash: string;
  readonly height: number;
  /** For all tips together. */
  readonly isBlue: boolean;
  readonly isTip: boolean;
  /** Place in the order; undefined if a redundant parent keeps the block out. */
  readonly position: number | undefined;
  /** Hashes of distinct parents, the selected one first. */
  readonly parents: readonly string[];
  readonly transactions: number;
}

/** The newest blocks of a DAG, by height and hash. */
export function picturedBlocks(dag: Pick<Dag, 'newestBlocks' | 'snapshot'>, count: number): PicturedBlock[] {
  const tips = new Set(dag.snapshot().tips.map(hashToHex));
  return dag.newestBlocks(count).map(({ hash, height, isBlue, position, parents, selectedParent, txCount }) => {
    const name = hashToHex(hash);
    const selected = selectedParent && hashToHex(selectedParent);
    const others = parents.map(hashToHex).filter((parent) => parent !== selected);
    return {
      hash: name,
      height,
      isBlue,
      isTip: tips.has(name),
      position,
      parents: selected === undefined ? others : [selected, ...others],
      transactions: txCount,
    };
  });
}
