import { damagedMessage, StoreError } from './errors.ts';

/** What the store must know about the machine; the node's composition root implements it. */
export interface StoreHost {
  /**
   * Text that no other process of this machine has or had, in one line, e.g. process id and start time. A process id
   * alone will not do: it may be given again after a crash, and in containers every process may be number 1.
   */
  readonly processId: string;
  /** True if the process with that text still runs. */
  isRunning(processId: string): boolean;
  /** Size of a file and its first bytes (at most `length`), or undefined if there is no such file. */
  inspect(path: string, length: number): { readonly size: number; readonly head: Uint8Array } | undefined;
}

/** Name of the file in which LMDB keeps everything. */
export const DATA_FILE = 'data.mdb';

/** Offsets in an LMDB page: flags of the page header, then the meta record behind the 24-byte header. */
const PAGE_FLAGS = 18;
const META_MAGIC = 24;
const META_VERSION = 28;
const META_PAGE_SIZE = 48;
const META_FLAG = 0x08;
const MAGIC = 0xbeefc0de;

/**
 * Checks that a file begins like a database of our LMDB: two meta pages with its magic number. A missing or empty file
 * is a new
 * database.
 * @throws {StoreError} of kind `corrupt`.
 */
export function verifyDataFile(path: string, file: ReturnType<StoreHost['inspect']>): void {
  if (!file || file.size === 0) return;
  const { head, size } = file;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const isMeta = (page: number): boolean =>
    head.length >= page + 256 &&
    (view.getUint16(page + PAGE_FLAGS, true) & META_FLAG) !== 0 &&
    view.getUint32(page + META_MAGIC, true) === MAGIC &&
    view.getUint16(page + META_VERSION, true) !== 0;
  const pageSize = head.length >= 256 ? view.getUint32(META_PAGE_SIZE, true) : 0;
  const plausible = isMeta(0) && pageSize >= 256 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  const secondInHead = pageSize + 256 <= head.length;
  if (!plausible || size < 2 * pageSize || (secondInHead && !isMeta(pageSize))) {
    throw new StoreError('corrupt', damagedMessage(path, `${DATA_FILE} is not a database file`));
  }
}
