import type { Dag } from '../dag/index.ts';
import { dropIndex, Indexes, type IndexName, PoolAddresses, type TransactionIndex } from '../index/index.ts';
import type { MemoryPool } from '../mempool/index.ts';
import type { NetworkParams } from '../params/index.ts';
import type { RpcIndexedTransaction, RpcPorts } from '../rpc/index.ts';
import { type KeyValueStore, MemoryStore, openLmdbStore } from '../store/index.ts';
import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import type { IndexConfig, NodeConfig } from './config/index.ts';
import { databaseFolder, hasDatabase } from './database-files.ts';
import type { Logs } from './logging/index.ts';
import { systemStoreHost } from './store-host.ts';

/** The indexes that a configuration asks for. */
export function nodeIndexes(
  { params, indexes }: Pick<NodeConfig, 'params' | 'indexes'>,
  store: KeyValueStore,
  world: World,
  logger: Logger,
): Indexes {
  const { transactions, addresses, filters } = indexes;
  return new Indexes(
    { params, transactions, addresses, filters },
    { store, clock: world.clock, logger, pause: () => soon(world) },
  );
}

/** What RPC asks the indexes; the part of the address index that is about the memory pool follows it from now on. */
export function rpcIndexes(
  { transactions, addresses, filters }: Indexes,
  params: NetworkParams,
  dag: Dag,
  pool: MemoryPool,
  world: World,
): Pick<RpcPorts, 'transactions' | 'addresses' | 'filters'> {
  if (!transactions || !addresses) return { ...(transactions && { transactions }), ...(filters && { filters }) };
  const unconfirmed = new PoolAddresses(
    params,
    { transaction: (txid) => pool.entry(txid)?.transaction },
    (outpoint) => dag.utxo(outpoint)?.pkScript,
  );
  for (const { transaction } of pool.entries()) unconfirmed.add(transaction);
  pool.events.on('added', ({ transaction }) => unconfirmed.add(transaction));
  pool.events.on('removed', ({ entry }) => unconfirmed.remove(entry.txid));
  return {
    transactions,
    addresses: {
      async confirmed(address, query) {
        const { skipped, locations } = await addresses.find(address, query, () => soon(world));
        return { skipped, count: locations.length, transactions: readAll(transactions, locations) };
      },
      unconfirmed: (address) => unconfirmed.find(address),
    },
    ...(filters && { filters }),
  };
}

/** Reads one transaction after the other, as they are asked for. */
function* readAll(
  index: TransactionIndex,
  locations: Iterable<Parameters<TransactionIndex['read']>[0]>,
): Iterable<RpcIndexedTransaction> {
  for (const location of locations) yield index.read(location);
}

/** The indexes to be deleted, in this order. Without the transaction index there is no address index. */
export function indexesToDrop({ dropTransactions, dropAddresses, dropFilters }: IndexConfig): readonly IndexName[] {
  if (dropAddresses) return ['address index'];
  if (dropTransactions) return ['address index', 'transaction index'];
  return dropFilters ? ['committed filter index'] : [];
}

/** Deletes indexes of a database that nobody uses. @param goOn asked between slices; false ends it, and the next start goes on. */
export async function dropIndexes(
  config: Pick<NodeConfig, 'dataDir'>,
  names: readonly IndexName[],
  { logs, world }: { readonly logs: Logs; readonly world: World },
  goOn: () => boolean,
): Promise<void> {
  const log = logs.logger('SOTERD');
  const folder = databaseFolder(config.dataDir);
  log.info(`Loading block database from '${folder}'`);
  const store = hasDatabase(config.dataDir) ? openLmdbStore(folder, { host: systemStoreHost }) : new MemoryStore();
  try {
    log.info('Block database loaded');
    for (const name of names) await dropIndex(store, name, logs.logger('INDX'), () => soon(world), goOn);
  } finally {
    log.info('Gracefully shutting down the database...');
    await store.close();
  }
}

function soon({ timers }: World): Promise<void> {
  return new Promise((resolve) => timers.soon(resolve));
}
