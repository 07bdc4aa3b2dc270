import { type KeyValueStore, MetaKey, StoreError, type TableName, type WriteTransaction } from '../store/index.ts';
import { asBuffer } from '../util/bytes.ts';
import type { IndexName } from './ports.ts';

/** Version of the rows of all indexes. An index of an earlier version is built again. */
const LAYOUT = 1;

/** Where an index has its rows and its progress. */
export const INDEX_PLACES: Readonly<Record<IndexName, { readonly table: TableName; readonly meta: Uint8Array }>> = {
  'transaction index': { table: 'txindex', meta: MetaKey.transactionIndex },
  'address index': { table: 'addrindex', meta: MetaKey.addressIndex },
  'committed filter index': { table: 'cfilters', meta: MetaKey.filterIndex },
};

/** How far an index has come. */
export interface IndexProgress {
  /** All known blocks with lesser numbers are in it. */
  readonly next: number;
  /** It is being deleted, or of an earlier layout: its rows mean nothing. */
  readonly isVoid: boolean;
}

/**
 * What is stored of an index's progress; undefined if there is no such index.
 * @throws {StoreError} `newer` if a later program made it.
 */
export function readProgress(store: KeyValueStore, name: IndexName): IndexProgress | undefined {
  const row = store.table('meta').get(INDEX_PLACES[name].meta);
  if (!row) return undefined;
  const layout = asBuffer(row).readUInt32LE(0);
  if (layout > LAYOUT)
    throw new StoreError('newer', `the ${name} was made by a newer version: update soterd, or delete it with that one`);
  return { next: asBuffer(row).readUInt32LE(4), isVoid: layout < LAYOUT || row[8] === 1 };
}

/** Writes the progress of an index. */
export function writeProgress(
  store: KeyValueStore,
  transaction: WriteTransaction,
  name: IndexName,
  { next, isVoid }: IndexProgress,
): void {
  const row = Buffer.alloc(9);
  row.writeUInt32LE(LAYOUT, 0);
  row.writeUInt32LE(next, 4);
  row[8] = isVoid ? 1 : 0;
  transaction.put(store.table('meta'), INDEX_PLACES[name].meta, row);
}
