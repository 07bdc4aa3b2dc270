import { type BlockInfo, Dag } from '../../src/dag/index.ts';
import { FeeEstimator, MemoryPool } from '../../src/mempool/index.ts';
import { MetricsManager } from '../../src/metrics/index.ts';
import { Miner, TemplateBuilder, templatePolicy } from '../../src/mining/index.ts';
import { userAgent } from '../../src/params/index.ts';
import type { Transport } from '../../src/peer/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { SignatureCache } from '../../src/script/index.ts';
import { PeerHandler } from '../../src/server/index.ts';
import type { MemoryListener } from '../../src/server/testing/memory-listener.ts';
import { type Hash, hashKey, hashToHex } from '../../src/util/hash.ts';
import type { Logger } from '../../src/util/log.ts';
import type { World } from '../../src/util/ports.ts';
import { type Block, Services, type Transaction } from '../../src/wire/index.ts';
import type { Disk } from './disk.ts';
import type { Attachment } from './network/attachment.ts';
import type { HookedNode, NodeHooks } from './node-hooks.ts';
import { SIM_PARAMS } from './sim-params.ts';

const SIGNATURE_CACHE = 1000;

/** What an operator decides for one node. */
export interface NodeSetup {
  /** Peers to stay connected with, `ip:port`. */
  readonly addPeers: readonly string[];
  readonly maxPeers: number;
  readonly targetOutbound: number;
  /** Mean time between two blocks of this node, and how old its templates get, milliseconds. */
  readonly pace: { readonly interval: number; readonly templateAge: number };
  /** Time that each commit keeps the program busy, milliseconds. */
  readonly commitCost: number;
}

/** What one run of the program works with. */
export interface ProgramDeps {
  readonly name: string;
  readonly setup: NodeSetup;
  readonly world: World;
  readonly attachment: Attachment;
  readonly disk: Disk;
  readonly hooks: NodeHooks;
  /** IPs that the DNS seed lists. */
  seedList(): readonly string[];
  logger(part: string): Logger;
  /** The miner has made a block, which is about to be submitted. */
  mined(block: Block): void;
  accepted(info: BlockInfo): void;
  /** The node must not go on. */
  failed(error: unknown): void;
}

/** The state of a DAG in four comparable texts. */
export interface Fingerprint {
  readonly blocks: string;
  readonly tips: string;
  readonly order: string;
  readonly outputs: string;
}

/** One run of a node's program: the managers composed as `src/node/` does it, on virtual ports. */
export class SimProgram {
  readonly dag: Dag;
  readonly peers: PeerHandler;
  readonly pool: MemoryPool;
  readonly miner: Miner;
  readonly hooked: HookedNode;
  readonly #deps: ProgramDeps;
  readonly #metrics: MetricsManager;
  readonly #own = new Set<string>();

  constructor(deps: ProgramDeps) {
    const { disk, hooks, name, logger, setup } = deps;
    const { world, work } = busyWorld(deps.world);
    this.#deps = { ...deps, world };
    const sigCache = new SignatureCache(SIGNATURE_CACHE, world.random);
    this.dag = new Dag(
      { params: SIM_PARAMS, hashSeed: world.random.below(2 ** 32) },
      {
        store: disk.open(() => work(setup.commitCost)),
        clock: world.clock,
        pow: sha256dPow,
        sigCache,
        logger: logger('dag'),
      },
    );
    this.dag.open();
    this.dag.events.on('accepted', (info) => deps.accepted(info));
    this.hooked = { name, dag: this.dag, world, isOwn: (hash) => this.#own.has(hashKey(hash)) };
    this.#metrics = new MetricsManager({}, { timers: world.timers });
    this.pool = new MemoryPool(
      { acceptNonStandard: true },
      {
        dag: this.dag,
        params: SIM_PARAMS,
        world,
        signatureCache: sigCache,
        estimator: new FeeEstimator(world.random),
        logger: logger('pool'),
      },
    );
    this.peers = this.#composePeers();
    hooks.composed?.(this.hooked, this.peers);
    this.miner = this.#composeMiner();
  }

  async start(): Promise<void> {
    this.#metrics.start();
    this.pool.start();
    await this.peers.start();
  }

  /** Ends everything in good order. */
  async stop(): Promise<void> {
    await this.miner.stop();
    await this.#metrics.stop();
    await this.peers.stop();
    await this.pool.stop();
  }

  /** A user hands in a transaction, as RPC does. */
  submitTransaction(tx: Transaction): void {
    for (const accepted of this.pool.submit(tx)) this.peers.announceOwn(accepted);
  }

  fingerprint(): Fingerprint {
    const { dag, hooked } = this;
    const { tips, blockCount } = dag.snapshot();
    const order = this.#deps.hooks.orderHash?.(hooked) ?? dag.orderHash();
    const short = (hash: Hash) => hashToHex(hash).slice(0, 16);
    return {
      blocks: String(blockCount),
      tips: tips.map(short).sort().join(' '),
      order: short(order),
      outputs: short(dag.outputSetHash()),
    };
  }

  #composePeers(): PeerHandler {
    const { world, attachment, disk, setup, hooks, seedList, logger } = this.#deps;
    const { dialer } = attachment;
    const wrap = (stream: Transport) => hooks.stream?.(stream, this.hooked) ?? stream;
    return new PeerHandler(
      {
        params: SIM_PARAMS,
        services: Services.network | Services.witness | Services.bloom,
        userAgent: userAgent(SIM_PARAMS.generation),
        maxPeers: setup.maxPeers,
        targetOutbound: setup.targetOutbound,
        addPeers: setup.addPeers,
        ...hooks.peers,
      },
      {
        dag: hooks.dag?.(this.hooked) ?? this.dag,
        pool: this.pool,
        world,
        logger: logger('server'),
        dialer: { dial: async (address, signal) => wrap(await dialer.dial(address, signal)) },
        listeners: [wrapListener(attachment.listen(SIM_PARAMS.p2pPort), wrap)],
        resolver: { resolve: () => new Promise((resolve) => world.timers.after(50, () => resolve(seedList()))) },
        peersFile: disk.peersFile,
        bansFile: disk.bansFile,
        anchorsFile: disk.anchorsFile,
        failed: (error) => this.#deps.failed(error),
      },
    );
  }

  #composeMiner(): Miner {
    const { dag, peers, pool } = this;
    const { setup, world, logger } = this.#deps;
    return new Miner(
      { payTo: [], processors: 1, reportHashes: false, aloneAllowed: true, pace: setup.pace },
      {
        templates: new TemplateBuilder({ params: SIM_PARAMS, policy: templatePolicy() }, { dag, transactions: pool }),
        sink: { submit: (block) => this.#submit(block) },
        workers: { start: () => noThreads() },
        world,
        measurements: this.#metrics.channels,
        logger: logger('miner'),
        onTipsChanged: (listener) => dag.events.on('accepted', listener),
        network: {
          peerCount: () => peers.operations.connectedCount(),
          isCurrent: () => peers.isCurrent(),
        },
        maxHeight: () => dag.snapshot().maxHeight,
      },
    );
  }

  #submit(block: Block): ReturnType<PeerHandler['submitBlock']> {
    this.#own.add(hashKey(block.hash));
    this.#deps.mined(block);
    return this.peers.submitBlock(block);
  }
}

function wrapListener(listener: MemoryListener, wrap: (stream: Transport) => Transport) {
  return {
    address: listener.address,
    accept: async () => wrap(await listener.accept()),
    close: () => listener.close(),
  };
}

function noThreads(): never {
  throw new Error('a block of a simulation must be solved on the spot');
}

/** A world in which work takes time: its steady clock runs ahead of everybody else's by all work that was done. */
function busyWorld({ clock, timers, random }: World): { world: World; work: (milliseconds: number) => void } {
  let worked = 0;
  const world: World = {
    timers,
    random,
    clock: { now: () => clock.now(), monotonic: () => clock.monotonic() + worked },
  };
  const work = (milliseconds: number) => {
    worked += milliseconds;
  };
  return { world, work };
}
