import type { HostFile } from './host.ts';

/** Bytes read at once, and how many such pieces are kept: a tree is not walked in the order of the file. */
const PIECE = 16 * 1024;
const PIECES = 1024;

/** What is wrong with a database file; internal to its verification. */
export class FileDamage extends Error {
  override name = 'FileDamage';
}

/** Kinds of pages, as in the flags of a page header. */
export const PageFlag = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;

/** Bytes of a page header. */
export const PAGE_HEADER = 24;
/** Offsets in it: page number and transaction (u64), a field that is zero here, flags, then bounds or number of pages. */
export const PageField = { number: 0, transaction: 8, pad: 16, flags: 18, lower: 20, upper: 22, pages: 20 } as const;

/** A page as far as every kind has it. */
export interface Page {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Transaction that wrote it. */
  readonly transaction: number;
}

/** "No page": all bits set. Beyond every number that a file can hold. */
export const NO_PAGE = 2 ** 53;

/** A u64 as number; {@link NO_PAGE} and what lies beyond 2^53 come out as at least 2^53. */
export function readU64(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  const low = view.getUint32(at, true);
  return Math.min(high * 2 ** 32 + low, NO_PAGE);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * The pages of a database file, each of which may be claimed once: by the tree of one table, or by the list of free
 * pages.
 */
export class FilePages {
  readonly #file: HostFile;
  readonly #pageSize: number;
  readonly #claimed: Uint8Array;
  readonly #pieces = new Map<number, Uint8Array>();

  /** @param count pages in use or free, the two meta pages included. */
  constructor(file: HostFile, pageSize: number, count: number) {
    this.#file = file;
    this.#pageSize = pageSize;
    this.#claimed = new Uint8Array(count);
    this.#claimed[0] = 1;
    this.#claimed[1] = 1;
  }

  get pageSize(): number {
    return this.#pageSize;
  }

  /**
   * Claims a page of a tree and checks its header.
   * @param newest transaction that may have written it at most: the one of the page that refers to it.
   */
  take(number: number, flag: number, newest: number): Page {
    this.claim(number);
    const size = this.#pageSize;
    if ((number + 1) * size > this.#file.size) throw new FileDamage(`the file ends before page ${number}`);
    const bytes = this.read(number * size, size);
    const view = viewOf(bytes);
    const transaction = readU64(view, PageField.transaction);
    if (
      readU64(view, PageField.number) !== number ||
      view.getUint16(PageField.flags, true) !== flag ||
      view.getUint16(PageField.pad, true) !== 0 ||
      transaction > newest
    ) {
      throw new FileDamage(`the head of page ${number}`);
    }
    return { number, bytes, view, transaction };
  }

  /** Claims a page without looking at it. */
  claim(number: number): void {
    if (!(number >= 2 && number < this.#claimed.length)) throw new FileDamage(`page ${number} does not exist`);
    if (this.#claimed[number] !== 0) throw new FileDamage(`page ${number} is used twice`);
    this.#claimed[number] = 1;
  }

  /** Bytes of the file, which may end early. Valid until some calls later. */
  read(position: number, length: number): Uint8Array {
    const start = position - (position % PIECE);
    if (position + length > start + PIECE) return this.#file.read(position, length);
    let piece = this.#pieces.get(start);
    if (piece) {
      this.#pieces.delete(start);
    } else {
      piece = this.#file.read(start, PIECE);
      const [oldest] = this.#pieces.keys();
      if (this.#pieces.size >= PIECES && oldest !== undefined) this.#pieces.delete(oldest);
    }
    this.#pieces.set(start, piece);
    return piece.subarray(position - start, position - start + length);
  }
}
