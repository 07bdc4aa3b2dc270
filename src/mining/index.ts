/** Block templates, the Miner manager and the search for proofs of work. See docs/protocol.md, "Mining". */
export { COINBASE_FLAGS, coinbaseScript, withExtraNonce } from './coinbase.ts';
export { deploymentsActive } from './deployments.ts';
export { foldBranch, merkleBranch } from './merkle-branch.ts';
export { Miner, MinerBusyError, type MinerDeps, type MinerOptions, MinerStoppedError } from './miner.ts';
export type { Pace } from './pace.ts';
export { TEMPLATE_LIMITS, type TemplatePolicy, type TemplatePolicyOptions, templatePolicy } from './policy.ts';
export type {
  BlockSink,
  MiningMeasurements,
  NetworkView,
  Ranking,
  SourceEntry,
  StoredOutput,
  SubmitOutcome,
  TemplateDag,
  TransactionSource,
} from './ports.ts';
export type { SearchJob, Solution } from './search.ts';
export {
  type SearchWorker,
  WORKER_CONTROL_SIZE,
  type WorkerFactory,
  type WorkerReply,
  type WorkerRequest,
  workerControl,
} from './search-worker.ts';
export { type BlockTemplate, TemplateBuilder, type TemplateBuilderDeps } from './template.ts';
export { searchJob, solvedBlock } from './work.ts';
export { type Work, WorkSource, type WorkSourceDeps } from './work-source.ts';
