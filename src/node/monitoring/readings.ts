import { statfsSync } from 'node:fs';
import type { Dag } from '../../dag/index.ts';
import type { MemoryPool } from '../../mempool/index.ts';
import type { LabelledValue, Readings } from '../../metrics/index.ts';
import type { Miner } from '../../mining/index.ts';
import type { PeerHandler } from '../../server/index.ts';
import type { KeyValueStore, TableName } from '../../store/index.ts';
import type { Clock } from '../../util/ports.ts';
import type { IndexConfig } from '../config/index.ts';
import { databaseBytes } from '../database-files.ts';
import { medianClockOffset } from './clock-watch.ts';

// What the managers keep anyway, read when figures are wanted.

/** Figures of the DAG. */
export function dagReadings(dag: Dag, clock: Clock): Readings {
  const { tips, maxHeight, blockCount } = dag.snapshot();
  const best = dag.bestState();
  const newest = dag.getHeader(best.hash);
  return {
    soterd_dag_blocks: blockCount,
    soterd_dag_height: maxHeight,
    soterd_dag_tips: tips.length,
    soterd_dag_blue_blocks: dag.virtualBlueScore,
    soterd_dag_orphans: dag.orphanCount,
    soterd_dag_transactions: best.totalTxs,
    soterd_dag_outputs: dag.outputCount,
    soterd_dag_index_bytes: dag.indexBytes,
    soterd_dag_newest_block_age_seconds: newest ? clock.now() / 1000 - newest.timestamp : 0,
    soterd_dag_time_offset_seconds: dag.timeOffset,
  };
}

/** Figures of the database's place on disk. @param dataDir folder of the network's data. */
export function diskReadings(dataDir: string): Readings {
  const { bavail, bsize } = statfsSync(dataDir);
  return { soterd_store_bytes: databaseBytes(dataDir), soterd_store_disk_free_bytes: bavail * bsize };
}

/** Sizes of the indexes that are kept. */
export function indexReadings(store: KeyValueStore, { transactions, addresses, filters }: IndexConfig): Readings {
  const rows = (index: TableName, isKept: boolean) =>
    isKept ? [{ labels: { index }, value: store.table(index).count() }] : [];
  return {
    soterd_index_rows: [
      ...rows('txindex', transactions),
      ...rows('addrindex', addresses),
      ...rows('cfilters', filters),
    ],
  };
}

/** Figures of the memory pool. */
export function poolReadings(pool: MemoryPool): Readings {
  return {
    soterd_mempool_transactions: pool.count,
    soterd_mempool_bytes: pool.bytes,
    soterd_mempool_usage_bytes: pool.usage,
    soterd_mempool_orphans: pool.orphanCount,
    soterd_mempool_min_fee_rate: Number(pool.minimumFeeRate),
  };
}

/** Figures of peers, addresses, connections and of the synchronisation. */
export function peerReadings(handler: PeerHandler): Readings {
  const { operations } = handler;
  const { sync, ...load } = operations.load();
  const { bytesReceived, bytesSent } = operations.netTotals();
  const peers = operations.peers();
  const inbound = peers.filter((peer) => peer.inbound).length;
  const pings = peers.flatMap(({ pingMicros }) => (pingMicros > 0 ? [pingMicros / 1e6] : [])).sort((a, b) => a - b);
  const progress = operations.syncProgress();
  const kind = (text: string, value: number) => ({ labels: { kind: text }, value });
  const quantile = (share: number) => ({
    labels: { quantile: String(share) },
    value: pings[Math.min(pings.length - 1, Math.floor(share * pings.length))] ?? 0,
  });
  return {
    soterd_peers: [
      { labels: { direction: 'inbound' }, value: inbound },
      { labels: { direction: 'outbound' }, value: peers.length - inbound },
    ],
    soterd_peers_pending: load.pending,
    soterd_peers_bans: load.bans,
    soterd_peers_received_bytes_total: bytesReceived,
    soterd_peers_sent_bytes_total: bytesSent,
    ...messageReadings(operations.traffic()),
    soterd_peers_queued_bytes: load.queuedBytes,
    soterd_peers_buffered_bytes: load.bufferedBytes,
    soterd_peers_ping_seconds: [quantile(0.5), quantile(1)],
    soterd_peers_clock_offset_seconds: medianClockOffset(peers) ?? 0,
    soterd_peers_height: peers.reduce((most, { currentHeight }) => Math.max(most, currentHeight), 0),
    soterd_addresses: load.addresses,
    soterd_connections_requests: load.requests,
    soterd_sync_current: handler.isCurrent() ? 1 : 0,
    soterd_sync_running: progress ? 1 : 0,
    soterd_sync_blocks_per_second: progress?.blocksPerSecond ?? 0,
    soterd_sync_heights_left: progress?.heightsLeft ?? 0,
    soterd_sync_open_requests: [kind('block', sync.openBlocks), kind('transaction', sync.openTransactions)],
    soterd_sync_missing_parents: sync.missingParents,
    soterd_sync_queued_blocks: sync.queuedBlocks,
  };
}

/** Messages and bytes of every command in both directions. */
function messageReadings(traffic: ReturnType<PeerHandler['operations']['traffic']>): Readings {
  const messages: LabelledValue[] = [];
  const bytes: LabelledValue[] = [];
  for (const { command, receivedMessages, receivedBytes, sentMessages, sentBytes } of traffic) {
    const received = { direction: 'received', command };
    const sent = { direction: 'sent', command };
    messages.push({ labels: received, value: receivedMessages }, { labels: sent, value: sentMessages });
    bytes.push({ labels: received, value: receivedBytes }, { labels: sent, value: sentBytes });
  }
  return { soterd_peers_messages_total: messages, soterd_peers_message_bytes_total: bytes };
}

/** Figures of the miner. */
export function minerReadings(miner: Miner): Readings {
  return {
    soterd_mining_running: miner.running ? 1 : 0,
    soterd_mining_workers: miner.workers,
    soterd_mining_hashes_per_second: miner.hashesPerSecond,
  };
}
