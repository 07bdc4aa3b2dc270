import { crc32 } from 'node:zlib';
import { FileDamage, FilePages, PageField, PageFlag, readU64, viewOf } from './data-file-pages.ts';
import {
  IS_TABLE,
  type KeyOrder,
  readTreeRecord,
  type StoredRow,
  TREE_RECORD,
  type TreeRecord,
  TreeWalk,
} from './data-file-tree.ts';
import { damagedMessage, StoreError } from './errors.ts';
import type { HostFile } from './host.ts';
import type { TableName } from './tables.ts';

/** Name of the file in which LMDB keeps everything. */
export const DATA_FILE = 'data.mdb';

/** Bytes of the checksum behind every value of our tables. */
const CHECKSUM = 4;
/**
 * Tables in which the absence of a row is an answer: damage to a key would not be noticed when a row is looked up, so
 * all their rows are checked at the start. The other tables are read whole or numbered without gaps.
 */
const CHECKED_TABLES: readonly TableName[] = ['meta', 'outputs'];

/** Offsets of a meta page behind the page header. */
const META = {
  magic: 24,
  version: 28,
  mapSize: 40,
  free: 48,
  main: 96,
  lastPage: 144,
  transaction: 152,
  end: 168,
} as const;
const MAGIC = 0xbeefc0de;
/** No address space maps more bytes. */
const MAX_MAP = 2 ** 46;
/** Flag of a table whose keys are native integers; the list of free pages is one. */
const INTEGER_KEYS = 0x08;

interface Meta {
  readonly transaction: number;
  readonly pageSize: number;
  readonly mapSize: number;
  readonly lastPage: number;
  readonly free: TreeRecord;
  readonly main: TreeRecord;
}

/**
 * Reads a database file of our LMDB (data format of lmdb-js 3.5: pages with a 24-byte header) before LMDB does, which follows
 * every pointer in it without looking and takes the process down, or answers wrongly, if one is damaged: checks both meta pages,
 * the structure of every table, that no page is used twice or both used and free, and the checksums of the rows that
 * are not checked when they are looked up. A missing or empty file is a new database.
 *
 * Costs one pass over the file; about 3 seconds a gigabyte (the bodies of large values are not read).
 * @throws {StoreError} of kind `corrupt`.
 */
export function verifyDataFile(path: string, file: HostFile | undefined): void {
  if (!file || file.size === 0) return;
  const before = newestTransaction(file);
  try {
    verify(file);
  } catch (error) {
    if (!(error instanceof FileDamage)) throw error;
    // Another process is writing: what was read does not fit together, and opening will say who it is.
    if (newestTransaction(file) !== before) return;
    throw new StoreError('corrupt', damagedMessage(path, error.message), { cause: error });
  }
}

function newestTransaction(file: HostFile): number {
  const view = viewOf(file.read(0, 2 * 65_536));
  if (view.byteLength < META.end) return -1;
  const second = view.getUint32(META.free, true) + META.transaction;
  const first = readU64(view, META.transaction);
  return second + 8 <= view.byteLength ? Math.max(first, readU64(view, second)) : first;
}

function verify(file: HostFile): void {
  const meta = readMetas(file);
  const pages = new FilePages(file, meta.pageSize, meta.lastPage + 1);
  const lists: Uint8Array[] = [];
  const tables: { readonly name: string; readonly record: TreeRecord }[] = [];
  new TreeWalk(pages, meta.free, byNumber, (row) => {
    if (row.key.length !== 8 || (row.flags & IS_TABLE) !== 0 || readU64(viewOf(row.key), 0) > meta.transaction) {
      throw new FileDamage('the list of free pages');
    }
    lists.push(Uint8Array.from(row.value()));
  }).run(meta.transaction);
  new TreeWalk(pages, meta.main, Buffer.compare, (row) => {
    if (row.flags !== IS_TABLE || row.value().length !== TREE_RECORD) throw new FileDamage('the list of tables');
    tables.push({ name: Buffer.from(row.key).toString('latin1'), record: readTreeRecord(viewOf(row.value()), 0) });
  }).run(meta.transaction);
  for (const { name, record } of tables) {
    if (record.pad !== 0 || record.flags !== 0) throw new FileDamage(`the record of table "${name}"`);
    const isChecked = CHECKED_TABLES.some((table) => table === name);
    new TreeWalk(pages, record, Buffer.compare, (row) => {
      if ((row.flags & IS_TABLE) !== 0 || (isChecked && !isWhole(row)))
        throw new FileDamage(`a row of table "${name}"`);
    }).run(meta.transaction);
  }
  for (const list of lists) claimFree(pages, list);
}

/** Both meta pages must be sound; the newer one counts. */
function readMetas(file: HostFile): Meta {
  const first = readMeta(file, 0, 0);
  const second = readMeta(file, first.pageSize, 1);
  return first.transaction >= second.transaction ? first : second;
}

function readMeta(file: HostFile, position: number, place: number): Meta {
  const bytes = file.read(position, META.end);
  if (bytes.length < META.end) throw new FileDamage(`${DATA_FILE} is not a database file`);
  const view = viewOf(bytes);
  const meta: Meta = {
    transaction: readU64(view, META.transaction),
    pageSize: view.getUint32(META.free, true),
    mapSize: readU64(view, META.mapSize),
    lastPage: readU64(view, META.lastPage),
    free: readTreeRecord(view, META.free),
    main: readTreeRecord(view, META.main),
  };
  const { pageSize, lastPage, mapSize, transaction, free, main } = meta;
  if (
    view.getUint32(META.magic, true) !== MAGIC ||
    view.getUint16(META.version, true) === 0 ||
    (view.getUint16(PageField.flags, true) & PageFlag.meta) === 0
  ) {
    throw new FileDamage(`${DATA_FILE} is not a database file`);
  }
  if (
    pageSize < 512 ||
    pageSize > 65_536 ||
    (pageSize & (pageSize - 1)) !== 0 ||
    (place === 1 && position !== pageSize) ||
    lastPage < 1 ||
    (lastPage + 1) * pageSize > MAX_MAP ||
    mapSize > MAX_MAP ||
    free.flags !== INTEGER_KEYS ||
    main.flags !== 0 ||
    main.pad !== 0 ||
    // Commits write the two pages in turn.
    (transaction !== 0 && transaction % 2 !== place)
  ) {
    throw new FileDamage(`meta page ${place}`);
  }
  return meta;
}

const byNumber: KeyOrder = (a, b) =>
  a.length === 8 && b.length === 8 ? readU64(viewOf(a), 0) - readU64(viewOf(b), 0) : 0;

/** True if the checksum behind the value is that of key and value. */
function isWhole({ key, value, both }: StoredRow): boolean {
  const content = both ?? Buffer.concat([key, value()]);
  const end = content.length - CHECKSUM;
  if (end < key.length) return false;
  return viewOf(content).getUint32(end, true) === crc32(content.subarray(0, end));
}

/**
 * Claims the pages of a record of the list of free pages: u64 number of entries, then one i64 each: a page, 0 for an unused entry,
 * or −n before the first of n pages in a row.
 */
function claimFree(pages: FilePages, list: Uint8Array): void {
  const view = viewOf(list);
  const count = list.length >= 8 ? readU64(view, 0) : 0;
  if (8 * (count + 1) > list.length) throw new FileDamage('the list of free pages');
  for (let i = 1; i <= count; i++) {
    let entry = view.getBigInt64(8 * i, true);
    let length = 1n;
    if (entry < 0n && i < count) {
      length = -entry;
      entry = view.getBigInt64(8 * ++i, true);
    }
    if (entry <= 0n) continue;
    if (entry + length > BigInt(MAX_MAP)) throw new FileDamage('the list of free pages');
    for (let page = Number(entry); page < Number(entry + length); page++) pages.claim(page);
  }
}
