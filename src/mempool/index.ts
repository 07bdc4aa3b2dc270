/** Unconfirmed transactions: policy, the memory pool, orphans, fee estimation. See docs/protocol.md. */
export type { RemovalReason } from './block-follower.ts';
export type { EntryDescription } from './entry-description.ts';
export { PolicyError } from './errors.ts';
export { FeeEstimateError, FeeEstimator, type ObservedTransaction } from './fee-estimator.ts';
export { saveFeeEstimator, takeFeeEstimator } from './fee-estimator-store.ts';
export { feeRatePerKb, isDust, requiredFee } from './fees.ts';
export { effectiveLockTime, isFinalAt } from './finality.ts';
export { MemoryPool, type PoolEvents } from './memory-pool.ts';
export { MIN_FREE_PRIORITY, type PoolOptions, type PoolPolicy, poolPolicy } from './policy.ts';
export type { PoolEntry } from './pool-entry.ts';
export type { PoolBlock, PoolDag, PoolDeps } from './ports.ts';
