import type { Hash } from '../util/hash.ts';
import type { Block, Transaction } from '../wire/index.ts';
import type { RpcBlockPlace } from './ports.ts';

/** A block as a picture of the DAG needs it. */
export interface RpcDagBlock extends RpcBlockPlace {
  /** Unix seconds. */
  readonly time: number;
  readonly parents: readonly Hash[];
  /** For the virtual block over all tips. */
  readonly isBlue: boolean;
  /** Place in the consensus order; undefined if a redundant parent keeps the block out. */
  readonly position: number | undefined;
  readonly txCount: number;
}

/** What one block changed in colours, order and tips. */
export interface RpcDagChange {
  readonly info: RpcBlockPlace & { readonly block: Block; readonly parents: readonly Hash[] };
  /** Blocks in the DAG with this one. */
  readonly sequence: number;
  readonly isBlue: boolean;
  readonly position: number | undefined;
  /** First position of the order that changed, and how many blocks stood there and behind it before. */
  readonly cut: number;
  readonly removedCount: number;
  /** Blocks that stand there now. */
  readonly addedCount: number;
  added(): readonly Hash[];
  readonly orderLength: number;
  /** Blocks whose colour changed, the new one if it is blue. */
  readonly colourCount: number;
  colours(): readonly { readonly hash: Hash; readonly isBlue: boolean }[];
  readonly virtualBlueScore: number;
  /** Parents that were tips before. */
  formerTips(): readonly Hash[];
}

/** What happens in the node, told when it happens; each function returns one that ends the subscription. */
export interface RpcEvents {
  /** A block became part of the DAG: in the order of connection, parents first. */
  onBlock(listener: (connected: { readonly block: Block; readonly height: number }) => void): () => void;
  /** A block changed the DAG: after `onBlock`. */
  onDagChange(listener: (change: RpcDagChange) => void): () => void;
  /** A transaction entered the memory pool. */
  onTransaction(listener: (transaction: Transaction) => void): () => void;
}
