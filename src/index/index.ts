/** Optional indexes: transactions, addresses, committed filters. See docs/indexes.md. */
export type { AddressIndex } from './address-index.ts';
export { blockFilter, filterHeader } from './block-filter.ts';
export { dropIndex } from './drop.ts';
export type { CommittedFilterIndex } from './filter-index.ts';
export { encodeGolombSet } from './golomb-set.ts';
export { Indexes, type IndexesOptions } from './indexes.ts';
export { PoolAddresses } from './pool-addresses.ts';
export type { ArrivedBlock, IndexedDag, IndexName } from './ports.ts';
export { sipHash24, sipKey } from './siphash.ts';
export type { FoundTransaction, TransactionIndex } from './transaction-index.ts';
