/** The embedded database behind a small port: LMDB for nodes, memory for simulations. See docs/decisions/0002. */
export { damagedData, StoreError, type StoreErrorKind, StoreLockedError } from './errors.ts';
export type { HostFile, StoreHost } from './host.ts';
export type { AsideWrites, KeyValueStore, RangeOptions, Row, Table, WriteTransaction } from './key-value.ts';
export { type LmdbOptions, openLmdbStore } from './lmdb.ts';
export { MemoryStore } from './memory.ts';
export { prepareSchema } from './schema.ts';
export { MetaKey, numberKey, type TableName } from './tables.ts';
export { carryOut, WriteLoad } from './write-load.ts';
export type {
  StoreWriter,
  StoreWriterFactory,
  WriteAnswer,
  WriteFailure,
  WriterTask,
  WriterThreadData,
} from './writer.ts';
