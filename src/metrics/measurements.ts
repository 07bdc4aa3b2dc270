import type { Hash } from '../util/hash.ts';
import type { Instruments } from './instruments.ts';

/** What managers measure, by channel. Times are milliseconds, as the clocks have them. */
export interface Measurements {
  /** From the start of mining, or from the same worker's block before, to an accepted block. */
  readonly solveTime: number;
  /** Blocks just mined and accepted. */
  readonly solveCount: number;
  /** Hash of an accepted block; on simnet only. */
  readonly solveHash: Hash;
  readonly template: number;
  readonly block: BlockMeasurement;
  /** Blocks that changed place. */
  readonly reorder: number;
  readonly commit: number;
  readonly scripts: ScriptMeasurement;
  readonly transaction: TransactionMeasurement;
  readonly poolAdded: number;
  /** Why a transaction left. */
  readonly poolRemoved: string;
  readonly peer: 'added' | 'removed';
  readonly dial: DialMeasurement;
  readonly accepted: number;
  readonly call: CallMeasurement;
  readonly collection: CollectionMeasurement;
}

/** One block that was processed. */
export interface BlockMeasurement {
  readonly milliseconds: number;
  readonly outcome: 'accepted' | 'orphan' | 'refused';
  /** The block and, if it was accepted, the orphans that came with it. */
  readonly blocks: number;
  /** Name of the broken rule of a refused one. */
  readonly rule?: string;
}

/** One batch of scripts. */
export interface ScriptMeasurement {
  readonly milliseconds: number;
  readonly inputs: number;
  readonly failed: boolean;
}

/** One transaction that was judged. */
export interface TransactionMeasurement {
  readonly milliseconds: number;
  readonly refused: boolean;
}

/** One attempt to connect. */
export interface DialMeasurement {
  readonly milliseconds: number;
  readonly connected: boolean;
}

/** One call of an RPC method. */
export interface CallMeasurement {
  readonly method: string;
  readonly milliseconds: number;
  readonly failed: boolean;
}

/** One pause for garbage collection. */
export interface CollectionMeasurement {
  readonly kind: string;
  readonly milliseconds: number;
}

/** Name of a channel. */
export type ChannelName = keyof Measurements;

/** What each measurement does to the instruments. */
export const CONSUMERS: {
  readonly [Name in ChannelName]: (instruments: Instruments, value: Measurements[Name]) => void;
} = {
  solveTime: (to, ms) => to.observe('soterd_mining_solve_seconds', ms / 1000),
  solveCount: (to, blocks) => to.count('soterd_mining_blocks_total', blocks),
  solveHash: () => undefined,
  template: (to, ms) => to.observe('soterd_mining_template_seconds', ms / 1000),
  block: (to, { milliseconds, outcome, blocks, rule }) => {
    to.observe('soterd_dag_block_seconds', milliseconds / 1000);
    to.count('soterd_dag_blocks_processed_total', blocks, { outcome });
    if (rule !== undefined) to.count('soterd_dag_refusals_total', 1, { rule });
  },
  reorder: (to, blocks) => to.observe('soterd_dag_reorder_blocks', blocks),
  commit: (to, ms) => to.observe('soterd_store_commit_seconds', ms / 1000),
  scripts: (to, { milliseconds, inputs, failed }) => {
    if (failed) to.count('soterd_scripts_failures_total');
    else to.count('soterd_scripts_inputs_total', inputs);
    to.observe('soterd_scripts_batch_seconds', milliseconds / 1000);
  },
  transaction: (to, { milliseconds, refused }) => {
    to.observe('soterd_mempool_process_seconds', milliseconds / 1000);
    if (refused) to.count('soterd_mempool_refused_total');
  },
  poolAdded: (to, transactions) => to.count('soterd_mempool_added_total', transactions),
  poolRemoved: (to, reason) => to.count('soterd_mempool_removed_total', 1, { reason }),
  peer: (to, change) => to.count(change === 'added' ? 'soterd_peers_added_total' : 'soterd_peers_removed_total'),
  dial: (to, { milliseconds, connected }) => {
    to.count('soterd_connections_dials_total', 1, { outcome: connected ? 'connected' : 'failed' });
    if (connected) to.observe('soterd_connections_dial_seconds', milliseconds / 1000);
  },
  accepted: (to, connections) => to.count('soterd_connections_accepted_total', connections),
  call: (to, { method, milliseconds, failed }) => {
    to.count('soterd_rpc_calls_total', 1, { method, outcome: failed ? 'error' : 'ok' });
    to.observe('soterd_rpc_call_seconds', milliseconds / 1000);
  },
  collection: (to, { kind, milliseconds }) => to.observe('nodejs_gc_duration_seconds', milliseconds / 1000, { kind }),
};
