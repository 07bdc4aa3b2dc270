import { type KeyValueStore, MetaKey } from '../store/index.ts';
import type { Random } from '../util/ports.ts';
import { FeeEstimator } from './fee-estimator.ts';

/**
 * Takes the estimator that {@link saveFeeEstimator} left in the store, if it fits the DAG; a new one otherwise. What was
 * saved is removed, so that it cannot be used after a crash, when blocks are missing in it.
 * @param maxHeight greatest height of the DAG.
 */
export function takeFeeEstimator(store: KeyValueStore, random: Pick<Random, 'below'>, maxHeight: number): FeeEstimator {
  const meta = store.table('meta');
  const bytes = meta.get(MetaKey.feeEstimates);
  if (!bytes) return new FeeEstimator(random);
  store.transaction((transaction) => transaction.remove(meta, MetaKey.feeEstimates));
  const saved = FeeEstimator.restore(bytes, random);
  return saved?.lastHeight === maxHeight ? saved : new FeeEstimator(random);
}

/** Leaves an estimator in the store for the next start. At an orderly end only. */
export function saveFeeEstimator(store: KeyValueStore, estimator: FeeEstimator): void {
  store.transaction((transaction) => transaction.put(store.table('meta'), MetaKey.feeEstimates, estimator.save()));
}
