import { Dag } from '../../src/dag/index.ts';
import { Indexes } from '../../src/index/index.ts';
import { FeeEstimator, MemoryPool, type PoolOptions } from '../../src/mempool/index.ts';
import { TemplateBuilder, templatePolicy, WorkSource } from '../../src/mining/index.ts';
import { rpcIndexes } from '../../src/node/indexes.ts';
import { Logs } from '../../src/node/logging/index.ts';
import { rpcBlockSink, rpcDag, rpcMempool, rpcWork } from '../../src/node/rpc-adapters.ts';
import { rpcEvents } from '../../src/node/rpc-notifications.ts';
import { systemClock, systemTimers, systemWorld } from '../../src/node/system.ts';
import { TransactionTracker } from '../../src/node/transaction-tracker.ts';
import { networkParams } from '../../src/params/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import type { RpcPorts, RpcServerOptions } from '../../src/rpc/index.ts';
import { startServer } from '../../src/rpc/testing/running-server.ts';
import { decodeAddress, payToAddress } from '../../src/script/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { silentLogger } from '../../src/util/log.ts';

const PARAMS = networkParams('simnet');

/** Address of the recorded nodes' miners. */
export const MINING_ADDRESS = 'SYPRdtiAorV79MQnm1kzSUzDyJ58bRDAEj';

/** A node's DAG that holds genesis, in memory, with all indexes or none. */
async function openDag(isIndexed: boolean): Promise<{ readonly dag: Dag; readonly indexes: Indexes }> {
  const store = new MemoryStore();
  const which = { transactions: isIndexed, addresses: isIndexed, filters: isIndexed };
  const indexes = new Indexes(
    { params: PARAMS, ...which },
    { store, clock: systemClock, logger: silentLogger, pause: async () => undefined },
  );
  const dag = new Dag(
    { params: PARAMS },
    { store, clock: systemClock, pow: sha256dPow, participants: indexes.participants },
  );
  dag.open();
  await indexes.catchUp(dag);
  return { dag, indexes };
}

/** Credentials of the recorded nodes. */
export const ADMIN = 'user:pass';
export const LIMITED = 'lim:limpass';

/** A running RPC server on a local port. */
export interface RpcNode {
  readonly port: number;
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Starts an RPC server in front of a real DAG and memory pool, with the flags of the recorded nodes. There are no peers and no
 * miner; ports and options can be replaced.
 */
export async function startRpcNode(
  ports: Partial<RpcPorts> = {},
  options: Partial<RpcServerOptions> = {},
  poolOptions: PoolOptions = { acceptNonStandard: true },
  isIndexed = false,
): Promise<RpcNode> {
  const nowhere = { write: () => true };
  const logs = new Logs({ clock: systemClock, output: nowhere, early: nowhere });
  const { dag, indexes } = await openDag(isIndexed);
  const estimator = new FeeEstimator(systemWorld.random);
  const pool = new MemoryPool(poolOptions, { dag, params: PARAMS, world: systemWorld, estimator });
  const events = rpcEvents(dag, pool);
  pool.start();
  dag.events.on('connected', (block) => pool.blockConnected(block));
  const tracker = new TransactionTracker({ dag, pool, timers: systemTimers });
  tracker.start();
  const templates = new TemplateBuilder({ params: PARAMS, policy: templatePolicy() }, { dag, transactions: pool });
  const work = new WorkSource(
    { payTo: [payToAddress(decodeAddress(MINING_ADDRESS, PARAMS))] },
    {
      templates,
      world: systemWorld,
      onTipsChanged: (listener) => dag.events.on('accepted', listener),
      onPoolChanged: (listener) => pool.events.on('added', listener),
    },
  );
  work.start();
  const nodePorts: Partial<RpcPorts> = {
    clock: systemClock,
    logs,
    dag: rpcDag(dag),
    blocks: rpcBlockSink((block) => dag.processBlock(block)),
    mempool: rpcMempool(pool, estimator, () => undefined),
    tracker,
    ...rpcIndexes(indexes, PARAMS, dag, pool, systemWorld),
    events,
    work: rpcWork(work, dag, () => dag.isCurrent()),
  };
  const { server, port, address } = await startServer(options, { ...nodePorts, ...ports });
  const stop = async () => {
    work.stop();
    tracker.stop();
    await server.stop();
    await pool.stop();
  };
  return { address, port, stop };
}
