import type { Dag } from '../../dag/index.ts';
import type { MemoryPool } from '../../mempool/index.ts';
import type { MetricsManager } from '../../metrics/index.ts';
import type { Miner } from '../../mining/index.ts';
import { softwareVersion } from '../../params/index.ts';
import type { PeerHandler } from '../../server/index.ts';
import type { KeyValueStore } from '../../store/index.ts';
import type { Logger } from '../../util/log.ts';
import type { World } from '../../util/ports.ts';
import type { NodeConfig } from '../config/index.ts';
import { ClockWatch } from './clock-watch.ts';
import { MonitoringEndpoint } from './endpoint.ts';
import { type HealthView, healthy, ready } from './health.ts';
import { ProcessMonitor } from './process-monitor.ts';
import { dagReadings, diskReadings, indexReadings, minerReadings, peerReadings, poolReadings } from './readings.ts';

/** The managers that are watched, and what else is needed. */
export interface NodeMonitorDeps {
  readonly metrics: MetricsManager;
  readonly dag: Dag;
  readonly store: KeyValueStore;
  readonly pool: MemoryPool;
  readonly peers: PeerHandler;
  readonly miner: Miner;
  readonly world: World;
  readonly logger: Logger;
  /** RPC calls that are being carried out. */
  runningCalls(): number;
  /** RPC clients that are connected by WebSocket. */
  webSocketClients(): number;
  readonly scriptThreads: number;
  /** Whether the node has started, stops, or has failed. */
  state(): Pick<HealthView, 'started' | 'stopping' | 'failed'>;
}

/** Watches a node: gives the metrics what the managers keep anyway, judges its health, and serves both to monitoring systems. */
export class NodeMonitor {
  readonly #config: NodeConfig;
  readonly #deps: NodeMonitorDeps;
  readonly #process: ProcessMonitor;
  readonly #endpoint: MonitoringEndpoint;
  readonly #clock: ClockWatch;

  constructor(config: NodeConfig, deps: NodeMonitorDeps) {
    this.#config = config;
    this.#deps = deps;
    const { metrics, dag, pool, peers, miner, world, logger } = deps;
    this.#process = new ProcessMonitor(world.timers, metrics.channels);
    this.#endpoint = new MonitoringEndpoint({
      contentType: metrics.contentType,
      text: () => metrics.text(),
      healthy: () => healthy(this.#view()),
      ready: () => ready(this.#view()),
      logger,
    });
    this.#clock = new ClockWatch({ peers: () => peers.operations.peers(), timers: world.timers, logger });
    const { generation, name } = config.params;
    const labels = { version: softwareVersion(generation), network: name, node: process.version };
    metrics.addSource(() => ({ soterd_build_info: [{ labels, value: 1 }] }));
    metrics.addSource(() => dagReadings(dag, world.clock));
    metrics.addSource(() => diskReadings(config.dataDir));
    metrics.addSource(() => indexReadings(deps.store, config.indexes));
    metrics.addSource(() => poolReadings(pool));
    metrics.addSource(() => peerReadings(peers));
    metrics.addSource(() => minerReadings(miner));
    metrics.addSource(() => this.#process.readings());
    metrics.addSource(() => ({
      soterd_scripts_threads: deps.scriptThreads,
      soterd_rpc_running: deps.runningCalls(),
      soterd_rpc_websockets: deps.webSocketClients(),
    }));
    peers.events.on('added', () => metrics.channels.peer.send('added'));
    peers.events.on('removed', () => metrics.channels.peer.send('removed'));
  }

  /**
   * Begins to watch and to serve.
   * @throws {Error} if an address to serve at can not be had.
   */
  async start(): Promise<void> {
    this.#deps.logger.info('Starting metrics manager');
    this.#process.start();
    this.#clock.start();
    await this.#endpoint.start(this.#config.metricsListen);
  }

  /** Ends that. Idempotent. */
  async stop(): Promise<void> {
    await this.#endpoint.stop();
    this.#process.stop();
    this.#clock.stop();
  }

  #view(): HealthView {
    const { peers, state } = this.#deps;
    const { name } = this.#config.params;
    return {
      ...state(),
      loopDelay: this.#process.delay().p99,
      current: peers.isCurrent(),
      peers: peers.operations.connectedCount(),
      aloneAllowed: name === 'simnet' || name === 'regtest',
    };
  }
}
