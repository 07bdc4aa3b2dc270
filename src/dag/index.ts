/** The consensus core: block index, colouring and order, outputs, rules. See docs/protocol.md. */
export { AdjustedTime } from './adjusted-time.ts';
export {
  DagVerification,
  type VerifyDeps,
  type VerifyOptions,
  type VerifyProgress,
  type VerifyReport,
  type VerifyStage,
} from './audit/verification.ts';
export type { CommitParticipant, CommittedBlock } from './commit-participant.ts';
export { type BlockPreparation, Dag, type DagDeps, type DagOptions } from './dag.ts';
export type { BestState, ColouredBlock, DagSnapshot } from './dag-view.ts';
export type { DagDelta } from './delta.ts';
export { AssertError, RuleError, type RuleErrorCode } from './errors.ts';
export type { BlockInfo, DagEvents, OrderChange, TransactionChange, TransactionState } from './events.ts';
export type { LocatedBlock } from './locate.ts';
export type { BlockSummary } from './newest-blocks.ts';
export { outpointKey } from './outputs/outpoint-key.ts';
export type { Output } from './outputs/output.ts';
export { type OutputRecord, ReplayState } from './outputs/output-record.ts';
export type { ProcessResult } from './process.ts';
export { checkTransactionInputs, type OutputLookup } from './rules/inputs.ts';
export {
  type EarlyVerification,
  InlineScriptVerifier,
  type ScriptFailure,
  type ScriptJob,
  type ScriptVerifier,
} from './rules/scripts.ts';
export { checkTransactionSanity } from './rules/transaction-sanity.ts';
export type { TemplateContext } from './template.ts';
export { ScriptPipeline, type ScriptPipelineDeps } from './verify/script-pipeline.ts';
export {
  SCRIPT_WORKER_MEMORY,
  type ScriptVerdicts,
  type ScriptWorker,
  type ScriptWorkerFactory,
} from './verify/script-worker.ts';
