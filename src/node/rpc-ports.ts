import type { Dag } from '../dag/index.ts';
import type { FeeEstimator, MemoryPool } from '../mempool/index.ts';
import type { MetricsManager } from '../metrics/index.ts';
import type { BlockSink, Miner, WorkSource } from '../mining/index.ts';
import { softwareVersionNumber } from '../params/index.ts';
import type { RpcDatabase, RpcPorts } from '../rpc/index.ts';
import type { PeerHandler } from '../server/index.ts';
import type { World } from '../util/ports.ts';
import type { NodeConfig } from './config/index.ts';
import type { Logs } from './logging/index.ts';
import { picturedBlocks } from './picture/blocks.ts';
import { toDot } from './picture/dot.ts';
import type { Renderer } from './picture/renderer.ts';
import type { ReorderTracker } from './reorder-tracker.ts';
import { rpcBlockSink, rpcDag, rpcMempool, rpcMiner, rpcWork } from './rpc-adapters.ts';
import { rpcEvents } from './rpc-notifications.ts';
import type { TransactionTracker } from './transaction-tracker.ts';

/** Where solved blocks go: the way of every block from outside, which also announces it. */
export function blockSink(peers: PeerHandler): BlockSink {
  return { submit: (block) => peers.submitBlock(block) };
}

/** The managers of a node that RPC talks to. */
interface Managers {
  readonly dag: Dag;
  readonly reorders: ReorderTracker;
  readonly database: RpcDatabase;
  readonly peers: PeerHandler;
  readonly miner: Miner;
  readonly metrics: MetricsManager;
  readonly pictures: Renderer;
  readonly pool: MemoryPool;
  readonly estimator: FeeEstimator;
  readonly tracker: TransactionTracker;
  readonly indexes: Pick<RpcPorts, 'transactions' | 'addresses' | 'filters'>;
  readonly work: WorkSource;
}

/** What RPC takes from the process. */
interface Process {
  readonly logs: Logs;
  readonly world: World;
  requestShutdown(): void;
}

/** Everything that RPC methods need, taken from the managers of a node. */
export function rpcPorts(node: Managers, config: NodeConfig, { logs, world, requestShutdown }: Process): RpcPorts {
  const { params, mempool, peers } = config;
  const started = world.clock.monotonic();
  return {
    params,
    settings: {
      version: softwareVersionNumber(params.generation),
      proxy: peers.proxy?.address ?? '',
      relayFee: mempool.minRelayFee,
    },
    clock: world.clock,
    dag: rpcDag(node.dag),
    reorders: node.reorders,
    database: node.database,
    blocks: rpcBlockSink((block) => node.peers.submitBlock(block)),
    peers: node.peers.operations,
    miner: rpcMiner(node.miner),
    work: rpcWork(node.work, node.dag, () => node.peers.isCurrent()),
    metrics: node.metrics,
    pictures: { draw: (blocks) => node.pictures.svg(toDot(picturedBlocks(node.dag, blocks))) },
    mempool: rpcMempool(node.pool, node.estimator, (transactions) => {
      for (const tx of transactions) node.peers.announceOwn(tx);
    }),
    tracker: node.tracker,
    ...node.indexes,
    events: rpcEvents(node.dag, node.pool),
    control: {
      requestShutdown: () => requestShutdown(),
      uptime: () => (world.clock.monotonic() - started) / 1000,
    },
    logs,
    pause: () => new Promise((resolve) => world.timers.soon(resolve)),
  };
}
