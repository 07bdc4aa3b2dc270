/** Block and transaction synchronisation. See docs/protocol.md, "Peers". */
export { StoppedError } from './block-queue.ts';
export type {
  Announcer,
  ProcessResult,
  SyncBlockInfo,
  SyncDag,
  SyncManagerDeps,
  SyncManagerOptions,
  SyncPeer,
  TransactionPool,
} from './ports.ts';
export type { SyncProgress } from './progress.ts';
export { type SyncLoad, SyncManager } from './sync-manager.ts';
