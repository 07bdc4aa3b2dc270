/**
 * Every metric of a node: name, kind and meaning, by the manager that it is about. Names and units follow the conventions of
 * Prometheus. What is not in here cannot be measured; what is in here is shown on a dashboard in `ops/grafana` (a test looks).
 */

/** Kinds of metrics: a number that only grows, one that goes up and down, and how often values fell into ranges. */
export type MetricKind = 'counter' | 'gauge' | 'histogram';

/** One metric. */
export interface MetricDefinition {
  readonly kind: MetricKind;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's ranges, ascending. */
  readonly buckets?: readonly number[];
}

const gauge = (help: string, labels: readonly string[] = []) => ({ kind: 'gauge', help, labels }) as const;
const counter = (help: string, labels: readonly string[] = []) => ({ kind: 'counter', help, labels }) as const;
const histogram = (help: string, buckets: readonly number[], labels: readonly string[] = []) =>
  ({ kind: 'histogram', help, labels, buckets }) as const;

/** From a tenth of a millisecond to what nobody should wait for. */
const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SOLVE_SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600];
const DEPTHS = [1, 2, 3, 5, 10, 20, 50, 100, 1000];

export const CATALOGUE = {
  soterd_build_info: gauge('Always 1; version and network are in the labels', ['version', 'network', 'node']),

  soterd_dag_blocks: gauge('Blocks in the DAG, genesis included'),
  soterd_dag_height: gauge('Greatest height of a tip'),
  soterd_dag_tips: gauge('Tips'),
  soterd_dag_blue_blocks: gauge('Blocks that are blue for all tips together'),
  soterd_dag_orphans: gauge('Blocks that wait for their parents'),
  soterd_dag_transactions: gauge('Transactions of all blocks'),
  soterd_dag_outputs: gauge('Outputs of the stored set'),
  soterd_dag_index_bytes: gauge('Memory of the block index'),
  soterd_dag_newest_block_age_seconds: gauge('Age of the block that was connected last, by its timestamp'),
  soterd_dag_time_offset_seconds: gauge('Median of the peers’ clocks minus ours, as used'),
  soterd_dag_blocks_processed_total: counter('Blocks that were taken, parked or refused', ['outcome']),
  soterd_dag_refusals_total: counter('Blocks refused, by broken rule', ['rule']),
  soterd_dag_block_seconds: histogram('Time to process one block, without its commit in batches', SECONDS),
  soterd_dag_reorder_blocks: histogram('Blocks that changed place when the end of the order was rewritten', DEPTHS),

  soterd_store_commit_seconds: histogram('Time of one transaction of the database', SECONDS),
  soterd_store_bytes: gauge('Size of the database file'),
  soterd_store_disk_free_bytes: gauge('Free space on the disk of the database'),

  soterd_index_rows: gauge('Rows of the indexes that are kept', ['index']),

  soterd_scripts_threads: gauge('Threads that may verify scripts'),
  soterd_scripts_inputs_total: counter('Inputs whose scripts were verified in threads'),
  soterd_scripts_failures_total: counter('Batches lost with their thread'),
  soterd_scripts_batch_seconds: histogram('Time from handing a batch to a thread to its verdicts', SECONDS),

  soterd_mempool_transactions: gauge('Transactions in the memory pool'),
  soterd_mempool_bytes: gauge('Their size'),
  soterd_mempool_usage_bytes: gauge('Memory of the pool'),
  soterd_mempool_orphans: gauge('Transactions that wait for what they spend'),
  soterd_mempool_min_fee_rate: gauge('Fee rate below which nothing enters, nanoSoter per 1000 vbytes'),
  soterd_mempool_added_total: counter('Transactions that entered the pool'),
  soterd_mempool_removed_total: counter('Transactions that left the pool', ['reason']),
  soterd_mempool_refused_total: counter('Transactions that were refused'),
  soterd_mempool_process_seconds: histogram('Time to judge one transaction', SECONDS),

  soterd_peers: gauge('Connected peers', ['direction']),
  soterd_peers_pending: gauge('Connections whose handshake is not finished'),
  soterd_peers_bans: gauge('Bans in force'),
  soterd_peers_added_total: counter('Handshakes that were finished'),
  soterd_peers_removed_total: counter('Peers that left'),
  soterd_peers_received_bytes_total: counter('Bytes of messages received'),
  soterd_peers_sent_bytes_total: counter('Bytes of messages sent'),
  soterd_peers_messages_total: counter('Messages by command; `other` could not be decoded', ['direction', 'command']),
  soterd_peers_message_bytes_total: counter('Bytes of messages by command', ['direction', 'command']),
  soterd_peers_queued_bytes: gauge('Output that waits for the slowest reader'),
  soterd_peers_buffered_bytes: gauge('Largest input that is not decoded yet'),
  soterd_peers_ping_seconds: gauge('Round trips of the last pings', ['quantile']),
  soterd_peers_clock_offset_seconds: gauge('Median of the connected peers’ clocks minus ours'),
  soterd_peers_height: gauge('Greatest height that a peer is believed to have'),

  soterd_addresses: gauge('Addresses in the pool'),

  soterd_connections_requests: gauge('Wishes for outgoing connections, fulfilled or not'),
  soterd_connections_dials_total: counter('Attempts to connect', ['outcome']),
  soterd_connections_dial_seconds: histogram('Time until a connection stood', SECONDS),
  soterd_connections_accepted_total: counter('Connections that came in'),

  soterd_sync_current: gauge('1 if the node is as far as the network'),
  soterd_sync_running: gauge('1 while blocks are fetched in bulk from one peer'),
  soterd_sync_blocks_per_second: gauge('Pace of the synchronisation'),
  soterd_sync_heights_left: gauge('Heights that the synchronisation still has to fetch'),
  soterd_sync_open_requests: gauge('Requests without an answer yet', ['kind']),
  soterd_sync_missing_parents: gauge('Parents of orphans that are looked for'),
  soterd_sync_queued_blocks: gauge('Blocks that wait to be processed'),

  soterd_mining_running: gauge('1 while mining'),
  soterd_mining_workers: gauge('Configured workers'),
  soterd_mining_hashes_per_second: gauge('Hashes a second'),
  soterd_mining_blocks_total: counter('Blocks mined and accepted'),
  soterd_mining_solve_seconds: histogram('Time to mine a block', SOLVE_SECONDS),
  soterd_mining_template_seconds: histogram('Time to build a block template', SECONDS),

  soterd_rpc_running: gauge('Calls that are being carried out'),
  soterd_rpc_websockets: gauge('Clients that are connected by WebSocket'),
  soterd_rpc_calls_total: counter('Calls', ['method', 'outcome']),
  soterd_rpc_call_seconds: histogram('Time of one call, from its parameters to its result', SECONDS),

  soterd_loop_delay_seconds: gauge('How late the event loop was, over the last ten seconds', ['quantile']),
  soterd_loop_utilization: gauge('Share of time in which the event loop was busy, over the last ten seconds'),
  process_cpu_seconds_total: counter('CPU time of all threads', ['mode']),
  process_resident_memory_bytes: gauge('Memory of the process, pages of the database file included'),
  process_start_time_seconds: gauge('Unix time of the start'),
  nodejs_heap_size_used_bytes: gauge('JavaScript heap in use'),
  nodejs_external_memory_bytes: gauge('Memory of buffers'),
  nodejs_gc_duration_seconds: histogram('Pauses for garbage collection', SECONDS, ['kind']),

  soterd_metrics_measurements_total: counter('Measurements taken in'),
  soterd_metrics_ignored_total: counter('Measurements sent before the start or after the stop'),
} as const satisfies { readonly [name: string]: MetricDefinition };

/** Name of a metric. */
export type MetricName = keyof typeof CATALOGUE;

/** Names of the metrics of one kind. */
export type NamesOf<Kind extends MetricKind> = {
  [Name in MetricName]: (typeof CATALOGUE)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];
