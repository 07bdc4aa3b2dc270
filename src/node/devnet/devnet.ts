import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type NetworkParams, networkParams } from '../../params/index.ts';
import { bytesToHex } from '../../util/bytes.ts';
import { sha256 } from '../../util/hash.ts';
import type { NodeConfig } from '../config/index.ts';
import { makeFolder } from '../folders.ts';
import { Logs } from '../logging/index.ts';
import { Node } from '../node.ts';
import { StartError } from '../start-error.ts';
import { systemClock, systemWorld } from '../system.ts';
import type { TestKey } from './keys.ts';
import { type LoadStatus, PaymentLoad } from './load.ts';
import type { DevnetOptions } from './options.ts';
import { RateMeter } from './rate-meter.ts';
import type { DevnetStatus, Generation, NodeStatus } from './view.ts';
import { miningKey } from './wallet-file.ts';

const HOST = '127.0.0.1';
/** How long the last payments may take to be decided by all nodes. */
const SETTLE_LIMIT_MS = 120_000;
/** Distance of the ports of two nodes. */
const PORT_STEP = 10;
/** Generations that the view can show at most. */
const SHOWN_GENERATIONS = 200;

/** One node of the network and what the view needs to know of it. */
interface Member {
  readonly name: string;
  readonly node: Node;
  readonly rate: RateMeter;
  readonly p2pAddress: string;
  readonly logs: Logs;
  /** The key that it mines to. */
  readonly key: TestKey;
}

/** User and password of every node's RPC server. */
interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * A network of real nodes in one process: each with a database, a TCP port, RPC and a miner of its own. Every node keeps
 * a connection to each one before it.
 */
export class Devnet {
  readonly #options: DevnetOptions;
  readonly #params = networkParams('simnet');
  readonly #members: Member[] = [];
  readonly #startedAt = systemClock.monotonic();
  readonly #shutdown: (failure?: unknown) => void;
  #load: PaymentLoad | undefined;

  /** @param shutdown called when a node was asked by RPC to stop (undefined), or failed. */
  constructor(options: DevnetOptions, shutdown: (failure?: unknown) => void) {
    this.#options = options;
    this.#shutdown = shutdown;
  }

  /**
   * Starts all nodes.
   * @throws {StartError | StoreError} with one clear line; what was started is stopped again.
   */
  async start(): Promise<void> {
    const { dataFolder, nodes } = this.#options;
    makeFolder(dataFolder);
    const credentials = readCredentials(join(dataFolder, 'credentials'));
    try {
      for (let index = 0; index < nodes; index++) this.#members.push(await this.#startNode(index, credentials));
    } catch (error) {
      await this.stop();
      throw error;
    }
    const [first] = this.#members;
    writeFileSync(
      this.clientConfigFile,
      [
        '; Made at each start: soterctl -C with this file talks to node1.',
        `rpcuser=${credentials.user}`,
        `rpcpass=${credentials.password}`,
        `rpcserver=${first.node.rpcAddresses[0]}`,
        'notls=1',
        'simnet=1',
        '',
      ].join('\n'),
      { mode: 0o600 },
    );
    this.#startLoad();
  }

  /** Stops all nodes side by side; every database is closed when it resolves. */
  async stop(): Promise<void> {
    await Promise.all([this.#load?.stop(), this.#members[0]?.node.miner.stop()]);
    await Promise.all(
      this.#members.map(async ({ node, logs }) => {
        await node.stop();
        await logs.close();
      }),
    );
  }

  /** The nodes that run, in the order of their start. */
  get nodes(): readonly Node[] {
    return this.#members.map(({ node }) => node);
  }

  /** Configuration with which `soterctl` reaches the first node. */
  get clientConfigFile(): string {
    return join(this.#options.dataFolder, 'soterctl.conf');
  }

  /** Ends the payments in good order: waits, but not for ever, until those under way are decided. */
  async settle(): Promise<void> {
    await this.#load?.settle(SETTLE_LIMIT_MS);
  }

  /** Figures of the payments; undefined without `--tps`. */
  load(): LoadStatus | undefined {
    return this.#load?.status();
  }

  /** What the view shows now. */
  status(): DevnetStatus {
    const [first] = this.#members;
    return {
      nodes: this.#members.map(nodeStatus),
      generations: first ? newestGenerations(first.node) : [],
      uptime: (systemClock.monotonic() - this.#startedAt) / 1000,
      dataFolder: this.#options.dataFolder,
      load: this.load(),
      exampleCommand: `npm run --silent soterctl -- -C ${this.clientConfigFile} getdagtips`,
    };
  }

  #startLoad(): void {
    const { tps } = this.#options;
    if (tps === 0) return;
    const nodes = this.#members.map(({ node }) => node);
    const keys = this.#members.map(({ key }) => key);
    this.#load = new PaymentLoad({
      nodes,
      keys,
      params: this.#params,
      world: systemWorld,
      rate: tps,
      failed: (error) => this.#shutdown(error),
    });
    this.#load.start();
  }

  async #startNode(index: number, credentials: Credentials): Promise<Member> {
    const name = `node${index + 1}`;
    const { dataFolder, port, mine, interval, nodes } = this.#options;
    const folder = join(dataFolder, name);
    makeFolder(folder);
    const nowhere = { write: () => true };
    const logs = new Logs({ clock: systemClock, output: nowhere, early: nowhere });
    logs.open(join(folder, 'soterd.log'));
    const p2pPort = await freePort(port === 0 ? 0 : port + PORT_STEP * index);
    const rpcPort = await freePort(port === 0 ? 0 : port + PORT_STEP * index + 1);
    const p2pAddress = `${HOST}:${p2pPort}`;
    const key = miningKey(join(folder, 'mining-key'), this.#params);
    const config = nodeConfig({
      params: this.#params,
      folder,
      p2pAddress,
      rpcAddress: `${HOST}:${rpcPort}`,
      peers: this.#members.map((member) => member.p2pAddress),
      credentials,
      mine,
      key,
    });
    // Together the nodes make a block every `interval`, and their blocks meet like those of miners far apart.
    const pace = { interval: interval * nodes, templateAge: 2 * interval };
    const node = await Node.open(
      config,
      { world: systemWorld, logs, requestShutdown: (failure) => this.#shutdown(failure) },
      { pace, mineWhenOld: true, mineAlone: nodes === 1 },
    );
    try {
      await node.start();
    } catch (error) {
      await node.stop();
      await logs.close();
      throw error;
    }
    const rate = new RateMeter(systemClock);
    node.dag.events.on('accepted', () => rate.count());
    return { name, node, rate, p2pAddress, logs, key };
  }
}

function nodeStatus({ name, node, rate, p2pAddress }: Member): NodeStatus {
  const { dag } = node;
  const { tips, hash, maxHeight, blockCount } = dag.snapshot();
  return {
    name,
    p2pAddress,
    rpcAddress: node.rpcAddresses[0] ?? '',
    blocks: blockCount,
    height: maxHeight,
    tips: tips.length,
    blue: dag.virtualBlueScore,
    peers: node.peers.operations.connectedCount(),
    mined: node.metrics.blockMetrics().count,
    blocksPerSecond: rate.perSecond(),
    state: bytesToHex(sha256(Buffer.concat([hash, dag.orderHash(), dag.outputSetHash()]))),
  };
}

function newestGenerations({ dag }: Node): Generation[] {
  const { maxHeight } = dag.snapshot();
  const first = Math.max(0, maxHeight - SHOWN_GENERATIONS + 1);
  return Array.from({ length: maxHeight - first + 1 }, (_, index) => {
    const height = first + index;
    return { height, colours: dag.blocksAtHeight(height).map((hash) => dag.isVirtualBlue(hash)) };
  });
}

/** The port if it is free, else any free one. */
async function freePort(wanted: number): Promise<number> {
  const probe = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(port, HOST, () => {
        const address = server.address();
        const bound = typeof address === 'object' && address ? address.port : port;
        server.close(() => resolve(bound));
      });
    });
  try {
    return await probe(wanted);
  } catch {
    return probe(0);
  }
}

/** User and password, made at the first start and kept: bookmarks and scripts go on working. */
function readCredentials(path: string): Credentials {
  if (!existsSync(path)) writeFileSync(path, `devnet ${randomBytes(15).toString('base64url')}\n`, { mode: 0o600 });
  const [user, password] = readFileSync(path, 'utf8').trim().split(' ');
  if (!user || !password) throw new StartError(`${path} is damaged; remove it`);
  return { user, password };
}

function nodeConfig(parts: {
  readonly params: NetworkParams;
  readonly folder: string;
  readonly p2pAddress: string;
  readonly rpcAddress: string;
  readonly peers: readonly string[];
  readonly credentials: Credentials;
  readonly mine: boolean;
  readonly key: TestKey;
}): NodeConfig {
  const { params, folder, p2pAddress, rpcAddress, peers, credentials, mine, key } = parts;
  return {
    params,
    home: folder,
    dataDir: folder,
    logDir: folder,
    logFile: join(folder, 'soterd.log'),
    signatureCacheSize: 100_000,
    peers: {
      listen: [p2pAddress],
      persistent: peers,
      connectOnly: false,
      maxPeers: 125,
      dnsSeeding: false,
      banning: true,
      banDuration: 86_400_000,
      banThreshold: 100,
      // All nodes have the same address: a misunderstanding must not tear the demonstration apart.
      whitelist: [{ address: HOST, prefix: 32 }],
      externalAddresses: [],
      upnp: false,
      proxy: undefined,
      onionProxy: undefined,
      onionAllowed: false,
      bloomFilters: true,
      trickleInterval: 1000,
      userAgentComments: ['devnet'],
    },
    rpc: {
      listen: [rpcAddress],
      admin: credentials,
      limited: { user: '', password: '' },
      tls: false,
      certificateFile: '',
      keyFile: '',
      maxClients: 20,
      maxWebSockets: 25,
      maxConcurrentRequests: 20,
      quirks: false,
    },
    mining: {
      generate: mine,
      addresses: [key.address],
      blockMinSize: 0,
      blockMaxSize: 750_000,
      blockMinWeight: 0,
      blockMaxWeight: 3_001_560,
      blockPrioritySize: 50_000,
    },
    mempool: {
      minRelayFee: 1000n,
      freeRelayLimit: 15,
      relayPriority: true,
      maxOrphans: 100,
      maxUsage: 300_000_000,
      expiry: 14 * 86_400,
      blocksOnly: false,
      acceptNonStandard: true,
    },
    indexes: {
      transactions: false,
      addresses: false,
      filters: false,
      dropTransactions: false,
      dropAddresses: false,
      dropFilters: false,
    },
    metricsListen: [],
    profiling: { inspectorPort: undefined, cpuProfileFile: undefined },
  };
}
