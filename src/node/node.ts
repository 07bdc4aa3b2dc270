import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Dag, ScriptPipeline } from '../dag/index.ts';
import type { MemoryPool } from '../mempool/index.ts';
import type { MetricsManager } from '../metrics/index.ts';
import {
  Miner,
  type MinerOptions,
  type Pace,
  type TemplateBuilder,
  templatePolicy,
  WorkSource,
} from '../mining/index.ts';
import { userAgent } from '../params/index.ts';
import { RpcServer } from '../rpc/index.ts';
import { payToAddress } from '../script/index.ts';
import { PeerHandler } from '../server/index.ts';
import { type KeyValueStore, StoreError } from '../store/index.ts';
import type { Logger } from '../util/log.ts';
import { Services, type Transaction } from '../wire/index.ts';
import type { NodeConfig } from './config/index.ts';
import { DatabaseVerifier } from './database-verifier.ts';
import { abandonFoundation, type Foundation, type FoundationDeps, layFoundation } from './foundation.ts';
import { rpcIndexes } from './indexes.ts';
import { threadWorkers } from './mining-workers.ts';
import { measuredDialer, measuredListener } from './monitoring/measured-connections.ts';
import { measuredMethods } from './monitoring/measured-methods.ts';
import { MeasuredTemplates } from './monitoring/measured-templates.ts';
import { NodeMonitor } from './monitoring/node-monitor.ts';
import type { FindGateway } from './nat.ts';
import { OwnAddresses } from './nat-addresses.ts';
import { findLocalGateway, interfaceAddresses } from './nat-find.ts';
import { Renderer } from './picture/renderer.ts';
import { NodePool } from './pool.ts';
import { routes } from './proxy-routes.ts';
import { ReorderTracker } from './reorder-tracker.ts';
import { blockSink, rpcPorts } from './rpc-ports.ts';
import { threadScriptWorkers } from './script-workers.ts';
import { StartError } from './start-error.ts';
import { TextFile } from './state-file.ts';
import { systemResolver } from './tcp.ts';
import { TransactionTracker } from './transaction-tracker.ts';

/** Ways in which a node of a demonstration or test network differs from an ordinary one. */
export interface NodeVariations {
  /** Mine at this pace instead of at full speed. */
  readonly pace?: Pace;
  /** Mine whether or not the newest block is recent, so that a network that slept for days wakes up. */
  readonly mineWhenOld?: boolean;
  /** Mine without any peer. */
  readonly mineAlone?: boolean;
  /** Measure nothing and watch nothing, to find out what that costs. */
  readonly unmeasured?: boolean;
}

/** What a node works with. */
export interface NodeDeps extends FoundationDeps {
  /** Something asks the process to end: RPC `stop` (undefined), or a failure that the node cannot go on with. */
  requestShutdown(failure?: unknown): void;
  /** How a router is found that forwards ports. Default: in the local network. */
  readonly findGateway?: FindGateway;
}

/**
 * One full node, composed of its managers. They start in this order: store, DAG, metrics, memory pool, peer handler, RPC,
 * miner; and stop in the opposite one.
 */
export class Node {
  readonly dag: Dag;
  readonly pool: MemoryPool;
  readonly peers: PeerHandler;
  readonly miner: Miner;
  readonly metrics: MetricsManager;
  /** Where RPC listens, `ip:port`; known when started. */
  rpcAddresses: readonly string[] = [];
  readonly #config: NodeConfig;
  readonly #deps: NodeDeps;
  /** A failure was said already. */
  #failing = false;
  readonly #logger: Logger;
  readonly #store: KeyValueStore;
  readonly #scripts: ScriptPipeline;
  readonly #nodePool: NodePool;
  readonly #templates: TemplateBuilder;
  readonly #tracker: TransactionTracker;
  readonly #work: WorkSource;
  readonly #verifier: DatabaseVerifier;
  readonly #rpc: RpcServer | undefined;
  readonly #ownAddresses: OwnAddresses;
  readonly #monitor: NodeMonitor;
  readonly #unmeasured: boolean;
  readonly #pictures = new Renderer();
  #started = false;
  #stopping: Promise<void> | undefined;

  /**
   * Opens store and DAG and binds the P2P listeners.
   * @throws {StoreError | StartError} with one clear line for what an operator can mend.
   */
  static async open(config: NodeConfig, deps: NodeDeps, variations: NodeVariations = {}): Promise<Node> {
    const foundation = await layFoundation(config, deps, !variations.unmeasured);
    try {
      return new Node(config, deps, variations, foundation);
    } catch (error) {
      await abandonFoundation(foundation);
      throw error;
    }
  }

  private constructor(config: NodeConfig, deps: NodeDeps, variations: NodeVariations, foundation: Foundation) {
    const { listeners, metrics, tls, store, signatureCache, scripts, indexes, dag } = foundation;
    const { logs, world } = deps;
    const { params } = config;
    this.#config = config;
    this.#unmeasured = variations.unmeasured ?? false;
    this.#deps = deps;
    this.#logger = logs.logger('SOTERD');
    this.#store = store;
    this.#scripts = scripts;
    this.dag = dag;
    dag.events.on('failed', (error) => this.#fail(error));
    this.metrics = metrics;
    const { channels } = metrics;
    this.#nodePool = new NodePool({
      config,
      store,
      dag,
      world,
      signatureCache,
      logger: logs.logger('TXMP'),
      channels,
    });
    this.pool = this.#nodePool.pool;
    this.#tracker = new TransactionTracker({
      dag,
      pool: this.pool,
      timers: world.timers,
      ...(indexes.transactions && { index: indexes.transactions }),
    });
    this.#templates = new MeasuredTemplates(
      { params, policy: templatePolicy({ ...config.mining, minRelayTxFee: config.mempool.minRelayFee }) },
      { dag, transactions: this.pool },
      world.clock,
      channels,
    );
    this.#work = new WorkSource(
      { payTo: config.mining.addresses.map(payToAddress) },
      {
        templates: this.#templates,
        world,
        onTipsChanged: (listener) => dag.events.on('accepted', listener),
        onPoolChanged: (listener) => this.pool.events.on('added', listener),
      },
    );
    this.#verifier = new DatabaseVerifier(
      { params, dataDir: config.dataDir },
      { store, dag, world, logger: logs.logger('BCDB') },
    );
    const { connectOnly, persistent } = config.peers;
    const { dialer, resolver, onionReachable, proxyHost } = routes(config.peers, world.random, systemResolver);
    this.peers = new PeerHandler(
      {
        params,
        services: offeredServices(config),
        userAgent: userAgent(params.generation, config.peers.userAgentComments),
        relayTransactions: !config.mempool.blocksOnly,
        maxPeers: config.peers.maxPeers,
        ...(connectOnly ? { connectOnly: persistent } : { addPeers: persistent }),
        dnsSeed: config.peers.dnsSeeding,
        trickleInterval: config.peers.trickleInterval,
        banning: config.peers.banning,
        banDuration: config.peers.banDuration,
        banThreshold: config.peers.banThreshold,
        whitelist: config.peers.whitelist.map(({ address, prefix }) => `${address}/${prefix}`),
        onionReachable,
        ...(proxyHost !== undefined && { proxyHost }),
      },
      {
        dag,
        pool: this.pool,
        ...(indexes.filters && { filters: indexes.filters }),
        world,
        logger: logs.logger('SRVR'),
        loggers: {
          peer: logs.logger('PEER'),
          connections: logs.logger('CMGR'),
          addresses: logs.logger('AMGR'),
          sync: logs.logger('SYNC'),
        },
        dialer: measuredDialer(dialer, world.clock, channels),
        listeners: listeners.map((listener) => measuredListener(listener, channels)),
        resolver,
        peersFile: new TextFile(join(config.dataDir, 'peers.json')),
        bansFile: new TextFile(join(config.dataDir, 'bans.json')),
        anchorsFile: new TextFile(join(config.dataDir, 'anchors.json')),
        failed: (error) => this.#fail(error),
      },
    );
    this.#ownAddresses = new OwnAddresses(
      {
        externalAddresses: config.peers.externalAddresses,
        upnp: config.peers.upnp,
        defaultPort: params.p2pPort,
        services: offeredServices(config),
        listening: listeners.map(({ address }) => address),
      },
      {
        world,
        logger: logs.logger('SRVR'),
        resolver,
        findGateway: deps.findGateway ?? findLocalGateway,
        interfaces: interfaceAddresses,
        add: (address, priority) => this.peers.addLocalAddress(address, priority),
        remove: (address) => this.peers.removeLocalAddress(address),
      },
    );
    this.miner = this.#buildMiner(variations);
    const rpc = config.rpc;
    const { methods, running: runningCalls } = measuredMethods(world.clock, channels);
    this.#rpc =
      rpc &&
      new RpcServer(
        {
          listen: rpc.listen,
          admin: rpc.admin,
          limited: rpc.limited,
          maxClients: rpc.maxClients,
          maxWebSockets: rpc.maxWebSockets,
          maxConcurrentRequests: rpc.maxConcurrentRequests,
          quirks: rpc.quirks,
          ...(tls && { tls }),
        },
        {
          ports: rpcPorts(
            {
              dag,
              reorders: new ReorderTracker(dag),
              database: this.#verifier,
              peers: this.peers,
              miner: this.miner,
              metrics: this.metrics,
              pictures: this.#pictures,
              pool: this.pool,
              estimator: this.#nodePool.estimator,
              tracker: this.#tracker,
              indexes: rpcIndexes(indexes, params, dag, this.pool, world),
              work: this.#work,
            },
            config,
            deps,
          ),
          logger: logs.logger('RPCS'),
          timers: world.timers,
          random: world.random,
          methods,
        },
      );
    this.#monitor = new NodeMonitor(config, {
      metrics,
      dag,
      store,
      pool: this.pool,
      peers: this.peers,
      miner: this.miner,
      world,
      logger: logs.logger('METR'),
      runningCalls,
      webSocketClients: () => this.#rpc?.webSocketClients ?? 0,
      scriptThreads: threadScriptWorkers.count,
      state: () => ({
        started: this.#started,
        stopping: this.#stopping !== undefined,
        failed: this.#failing,
      }),
    });
  }

  /** Where other nodes can connect, `ip:port`. */
  get p2pAddresses(): readonly string[] {
    return this.peers.operations.listenAddresses();
  }

  /**
   * Takes a transaction of this node's user into the pool and announces it until it is in a block.
   * @throws {PolicyError} if it is refused.
   */
  submitTransaction(tx: Transaction): void {
    // Orphans that waited for it enter with it.
    for (const entered of this.pool.submit(tx)) this.peers.announceOwn(entered);
  }

  /**
   * Starts all managers.
   * @throws {StartError} if RPC finds no address to listen on, or metrics lack one; the node is then stopped already.
   */
  async start(): Promise<void> {
    this.#nodePool.start();
    this.#tracker.start();
    this.#work.start();
    this.#ownAddresses.start();
    await this.peers.start();
    try {
      if (!this.#unmeasured) await this.#monitor.start();
      if (this.#rpc) this.rpcAddresses = await this.#rpc.start();
    } catch (error) {
      await this.stop();
      throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
    }
    this.#started = true;
    if (this.#config.mining.generate) this.miner.start();
  }

  /** Stops all managers and closes the store; resolves when nothing is left to happen. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.miner.stop();
    this.#work.stop();
    const portReleased = this.#ownAddresses.stop();
    const verifierStopped = this.#verifier.stop();
    await this.#rpc?.stop();
    await this.#pictures.close();
    await Promise.all([verifierStopped, portReleased]);
    await this.#monitor.stop();
    await this.metrics.stop();
    await this.peers.stop();
    this.#tracker.stop();
    await this.#nodePool.stop();
    this.#logger.info('Server shutdown complete');
    this.#logger.info('Gracefully shutting down the database...');
    await this.#scripts.close();
    await this.dag.close();
    await this.#store.close();
  }

  #buildMiner({ pace, mineWhenOld = false, mineAlone = false }: NodeVariations): Miner {
    const { params, mining } = this.#config;
    const { dag, peers, metrics } = this;
    const options: MinerOptions = {
      payTo: mining.addresses.map(payToAddress),
      processors: availableParallelism(),
      reportHashes: params.name === 'simnet',
      aloneAllowed: mineAlone,
      ...(pace && { pace }),
    };
    return new Miner(options, {
      templates: this.#templates,
      sink: blockSink(peers),
      workers: threadWorkers,
      world: this.#deps.world,
      measurements: metrics.channels,
      logger: this.#deps.logs.logger('MINR'),
      onTipsChanged: (listener) => dag.events.on('accepted', listener),
      network: {
        peerCount: () => peers.operations.connectedCount(),
        isCurrent: () => mineWhenOld || peers.isCurrent(),
      },
      maxHeight: () => dag.snapshot().maxHeight,
    });
  }

  /** A failure that the node must not go on with: say so once and end in good order. */
  #fail(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const text = error instanceof StoreError ? error.message : String(error instanceof Error ? error.stack : error);
    this.#logger.critical(text);
    this.#deps.requestShutdown(error);
  }
}

/** Service bits of this node: everything but what is switched off or not built. */
function offeredServices({ peers, indexes }: NodeConfig): bigint {
  const bloom = peers.bloomFilters ? Services.bloom : 0n;
  return Services.network | Services.witness | bloom | (indexes.filters ? Services.cf : 0n);
}
