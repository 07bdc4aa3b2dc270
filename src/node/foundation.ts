import { type Dag, InlineScriptVerifier, ScriptPipeline } from '../dag/index.ts';
import type { Indexes } from '../index/index.ts';
import { MetricsManager } from '../metrics/index.ts';
import { sha256dPow } from '../pow/index.ts';
import type { TlsIdentity } from '../rpc/index.ts';
import { SignatureCache } from '../script/index.ts';
import { type KeyValueStore, openLmdbStore } from '../store/index.ts';
import type { World } from '../util/ports.ts';
import { fileErrorText, type NodeConfig } from './config/index.ts';
import { databaseFolder } from './database-files.ts';
import { makeFolder } from './folders.ts';
import { nodeIndexes } from './indexes.ts';
import { listenForPeers, tryServers } from './listeners.ts';
import type { Logs } from './logging/index.ts';
import { MeasuredDag } from './monitoring/measured-dag.ts';
import { measuredScriptWorkers } from './monitoring/measured-scripts.ts';
import { measuredStore } from './monitoring/measured-store.ts';
import { threadScriptWorkers } from './script-workers.ts';
import { StartError } from './start-error.ts';
import { systemStoreHost } from './store-host.ts';
import { startStoreWriter } from './store-writer.ts';
import type { TcpListener } from './tcp.ts';
import { loadTlsIdentity } from './tls.ts';

/** What the managers of a node stand on: what can fail, and what takes long, before the first of them is made. */
export interface Foundation {
  /** Bound P2P listeners. */
  readonly listeners: readonly TcpListener[];
  readonly metrics: MetricsManager;
  /** For RPC, if it speaks TLS. */
  readonly tls: TlsIdentity | undefined;
  readonly store: KeyValueStore;
  readonly signatureCache: SignatureCache;
  readonly scripts: ScriptPipeline;
  readonly indexes: Indexes;
  /** Open, its indexes caught up. */
  readonly dag: Dag;
}

/** What {@link layFoundation} works with. */
export interface FoundationDeps {
  readonly world: World;
  readonly logs: Logs;
  /** True once the process shall end: long work stops then. Default never. */
  isStopping?(): boolean;
}

/**
 * Opens store and DAG and binds the P2P listeners.
 * @param isMeasured whether metrics are gathered from now on.
 * @throws {StoreError | StartError} with one clear line for what an operator can mend.
 */
export async function layFoundation(
  config: NodeConfig,
  { world, logs, isStopping = () => false }: FoundationDeps,
  isMeasured: boolean,
): Promise<Foundation> {
  const log = logs.logger('SOTERD');
  const listeners = await listenForPeers(config.peers.listen, logs.logger('CMGR'));
  const metrics = new MetricsManager({}, { timers: world.timers });
  if (isMeasured) metrics.start();
  const { channels } = metrics;
  let store: KeyValueStore | undefined;
  try {
    // What can fail at once does so before the database is opened, which may take long.
    await tryServers({ rpc: config.rpc?.listen ?? [], metrics: config.metricsListen }, logs.logger('RPCS'));
    const tls = config.rpc?.tls ? await loadTlsIdentity(config.rpc, logs.logger('RPCS')) : undefined;
    const folder = databaseFolder(config.dataDir);
    log.info(`Loading block database from '${folder}'`);
    makeDataFolder(folder);
    // The event loop stands still now, for long if much is there: who waits shall read why.
    logs.flush();
    const database = openLmdbStore(folder, { host: systemStoreHost, writer: startStoreWriter });
    store = measuredStore(database, world.clock, channels);
    log.info('Block database loaded');
    logs.flush();
    const signatureCache = new SignatureCache(config.signatureCacheSize, world.random);
    const hashSeed = world.random.below(2 ** 32);
    const logger = logs.logger('CHAN');
    const scripts = new ScriptPipeline({
      workers: measuredScriptWorkers(threadScriptWorkers, world.clock, channels),
      inline: new InlineScriptVerifier(signatureCache),
      logger,
    });
    const indexes = nodeIndexes(config, store, world, logs.logger('INDX'));
    const { participants } = indexes;
    const dag = new MeasuredDag(
      { params: config.params, hashSeed },
      { store, clock: world.clock, pow: sha256dPow, scriptVerifier: scripts, participants, logger },
      channels,
    );
    dag.open();
    await indexes.catchUp(dag, () => !isStopping());
    const { maxHeight, tips } = dag.snapshot();
    logger.info(`Chain state (height ${maxHeight}, number of tips ${tips.length})`);
    return { listeners, metrics, tls, store, signatureCache, scripts, indexes, dag };
  } catch (error) {
    await abandonFoundation({ store, listeners });
    throw error;
  }
}

/** Lets go of what would keep the process alive or the database locked: no node comes to stand on it. */
export async function abandonFoundation({
  store,
  listeners,
}: Pick<Foundation, 'listeners'> & { readonly store: KeyValueStore | undefined }): Promise<void> {
  await Promise.all([store?.close(), ...listeners.map((listener) => listener.close())]);
}

function makeDataFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw new StartError(`cannot create the data folder: ${fileErrorText('mkdir', path, error)}`, { cause: error });
  }
}
