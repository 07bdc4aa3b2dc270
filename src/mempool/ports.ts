import type { BlockInfo, OrderChange, OutputRecord } from '../dag/index.ts';
import type { NetworkParams } from '../params/index.ts';
import type { SignatureCache } from '../script/index.ts';
import type { Emitter } from '../util/emitter.ts';
import type { Hash } from '../util/hash.ts';
import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import type { Block, OutPoint } from '../wire/index.ts';
import type { FeeEstimator } from './fee-estimator.ts';

/** The consensus core as the memory pool sees it. All answers are about the state after the last commit. */
export interface PoolDag {
  readonly events: Pick<Emitter<{ reorder: OrderChange }>, 'on'>;
  /** Least and greatest height of a tip. */
  snapshot(): { readonly minHeight: number; readonly maxHeight: number };
  /** Median time (Unix seconds) of the block connected last. */
  bestState(): { readonly medianTime: number };
  /** What the present order makes of an output. */
  outputRecord(outpoint: OutPoint): Pick<OutputRecord, 'state' | 'entry'>;
  /** Connected blocks of a height. */
  blocksAtHeight(height: number): readonly Hash[];
  /** Median time of a connected block, Unix seconds. */
  medianTime(hash: Hash): number | undefined;
  getBlock(hash: Hash): Pick<Block, 'transactions'> | undefined;
}

/** A block that became part of the DAG, as far as the pool looks at it. */
export interface PoolBlock extends Pick<BlockInfo, 'hash' | 'height'> {
  readonly block: Pick<Block, 'transactions'>;
}

/** Everything the pool works with. */
export interface PoolDeps {
  readonly dag: PoolDag;
  readonly params: Pick<NetworkParams, 'coinbaseMaturity' | 'minerConfirmationWindow'>;
  readonly world: Pick<World, 'clock' | 'random'>;
  /** Remembers valid signatures for the block that will bring them again. */
  readonly signatureCache?: SignatureCache;
  /** Learns from what enters the pool and how soon it is mined. */
  readonly estimator?: FeeEstimator;
  readonly logger?: Logger;
}
