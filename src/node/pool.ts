import type { Dag } from '../dag/index.ts';
import { FeeEstimator, type MemoryPool, saveFeeEstimator, takeFeeEstimator } from '../mempool/index.ts';
import type { Channels } from '../metrics/index.ts';
import type { SignatureCache } from '../script/index.ts';
import { type KeyValueStore, StoreError } from '../store/index.ts';
import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import type { NodeConfig } from './config/index.ts';
import { MeasuredPool } from './monitoring/measured-pool.ts';

/** What a node's pool is made of. */
export interface PoolParts {
  readonly config: NodeConfig;
  readonly store: KeyValueStore;
  readonly dag: Dag;
  readonly world: World;
  readonly signatureCache: SignatureCache;
  readonly logger: Logger;
  readonly channels: Channels;
}

/** The memory pool of a node and the estimator of fees that learns from it, which survives an orderly restart. */
export class NodePool {
  readonly pool: MemoryPool;
  readonly estimator: FeeEstimator;
  readonly #store: KeyValueStore;
  readonly #logger: Logger;

  constructor({ config, store, dag, world, signatureCache, logger, channels }: PoolParts) {
    this.#store = store;
    this.#logger = logger;
    this.estimator = this.#takeEstimator(world, dag.snapshot().maxHeight);
    const { minRelayFee, freeRelayLimit, relayPriority, maxOrphans, maxUsage, expiry, acceptNonStandard } =
      config.mempool;
    this.pool = new MeasuredPool(
      { minRelayFee, freeRelayLimit, relayPriority, maxOrphans, maxUsage, expiry, acceptNonStandard },
      { dag, params: config.params, world, signatureCache, estimator: this.estimator, logger },
      channels,
    );
  }

  start(): void {
    this.pool.start();
  }

  /** Stops the pool and keeps what the estimator knows. The store must still be open. */
  async stop(): Promise<void> {
    await this.pool.stop();
    try {
      saveFeeEstimator(this.#store, this.estimator);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#logger.warn(`The fee estimates are lost: ${error.message}`);
    }
  }

  /** What the estimator knew is a convenience: a store that can not be written is reported by whoever needs it. */
  #takeEstimator(world: World, maxHeight: number): FeeEstimator {
    try {
      return takeFeeEstimator(this.#store, world.random, maxHeight);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#logger.warn(`No earlier fee estimates: ${error.message}`);
      return new FeeEstimator(world.random);
    }
  }
}
