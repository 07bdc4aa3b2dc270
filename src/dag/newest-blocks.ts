import type { Hash } from '../util/hash.ts';
import type { DagState } from './dag-state.ts';

/** What is known of a block without reading it. */
export interface BlockSummary {
  readonly hash: Hash;
  readonly height: number;
  /** Unix seconds. */
  readonly time: number;
  /** Distinct ones, in message order. */
  readonly parents: readonly Hash[];
  /** The parent whose blue set the block inherits; undefined for genesis. */
  readonly selectedParent: Hash | undefined;
  /** For the virtual block over all tips. */
  readonly isBlue: boolean;
  /** Place in the order; undefined if a redundant parent keeps the block out. */
  readonly position: number | undefined;
  /** Transactions in the block. */
  readonly txCount: number;
}

/** The blocks of the greatest heights, `count` at most, ascending by height and hash. Costs what it returns. */
export function newestBlocks(state: DagState, count: number): BlockSummary[] {
  const { index } = state;
  const ids: number[] = [];
  for (let height = index.greatestHeight; height >= 0 && ids.length < count; height--) {
    const row = index.blocksAtHeight(height);
    for (let i = row.length - 1; i >= 0 && ids.length < count; i--) ids.push(row[i]!);
  }
  return ids.reverse().map((id) => summary(state, id));
}

function summary({ index, engine, replay, bodies }: DagState, id: number): BlockSummary {
  const position = engine.positionOf(id);
  const inOrder = position !== -1;
  const selected = engine.selectedParent(id);
  return {
    hash: index.hashOf(id),
    height: index.height(id),
    time: index.time(id),
    parents: index.distinctParents(id).map((parent) => index.hashOf(parent)),
    selectedParent: selected === -1 ? undefined : index.hashOf(selected),
    isBlue: engine.isVirtualBlue(id),
    position: inOrder ? position : undefined,
    txCount: inOrder ? replay.effectsAt(position).transactions.length : bodies.get(id).transactions.length,
  };
}
