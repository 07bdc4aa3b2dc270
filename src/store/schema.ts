import { bytesToHex, equalBytes } from '../util/bytes.ts';
import { damagedData, StoreError } from './errors.ts';
import type { KeyValueStore, WriteTransaction } from './key-value.ts';
import { MetaKey, SCHEMA_VERSION } from './tables.ts';

/** Changes the layout of the data from version `from` to `from + 1`, within one transaction. */
export interface Migration {
  readonly from: number;
  run(store: KeyValueStore, transaction: WriteTransaction): void;
}

/** All migrations since version 1, ascending, without a gap up to {@link SCHEMA_VERSION}. */
const MIGRATIONS: readonly Migration[] = [];

/**
 * Prepares the data for use: marks an empty store with schema version and network, runs missing migrations (one
 * transaction each),
 * and refuses what it does not know.
 * @param network hash of the genesis block.
 * @returns true if the store is new.
 * @throws {StoreError} `newer` if a later program wrote the data, `foreign` if it belongs to another network, `corrupt`
 *   if there are rows without a version.
 */
export function prepareSchema(
  store: KeyValueStore,
  network: Uint8Array,
  migrations: readonly Migration[] = MIGRATIONS,
  newest = SCHEMA_VERSION,
): boolean {
  const meta = store.table('meta');
  const row = meta.get(MetaKey.schema);
  if (!row) {
    if (meta.count() > 0 || store.table('blocks').count() > 0) {
      throw damagedData('it has no schema version, or is not of this program');
    }
    store.transaction((transaction) => {
      writeVersion(store, transaction, newest);
      transaction.put(meta, MetaKey.network, network);
    });
    return true;
  }
  let version = new DataView(row.buffer, row.byteOffset, row.length).getUint32(0, true);
  if (version > newest) {
    throw new StoreError(
      'newer',
      `the data was written by a newer version (schema ${version}, this program knows ${newest}): update soterd or choose another --datadir`,
    );
  }
  const known = meta.get(MetaKey.network);
  if (!known || !equalBytes(known, network)) {
    throw new StoreError(
      'foreign',
      `the data belongs to another network (genesis ${known ? bytesToHex(known.reverse()) : 'unknown'}): choose another --datadir`,
    );
  }
  for (; version < newest; version++) {
    const migration = migrations.find(({ from }) => from === version);
    if (!migration) throw new StoreError('corrupt', `no way leads from schema ${version} to ${newest}`);
    store.transaction((transaction) => {
      migration.run(store, transaction);
      writeVersion(store, transaction, version + 1);
    });
  }
  return false;
}

function writeVersion(store: KeyValueStore, transaction: WriteTransaction, version: number): void {
  const value = Buffer.alloc(4);
  value.writeUInt32LE(version);
  transaction.put(store.table('meta'), MetaKey.schema, value);
}
