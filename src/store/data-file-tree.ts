import {
  FileDamage,
  type FilePages,
  NO_PAGE,
  PAGE_HEADER,
  type Page,
  PageField,
  PageFlag,
  readU64,
} from './data-file-pages.ts';

/** Bytes of a {@link TreeRecord}. */
export const TREE_RECORD = 48;
/** Bytes of a node before its key: u32 size of the value (or low part of a page number), u16 flags, u16 size of the key. */
const NODE_HEADER = 8;
/** Flags of a leaf node: the value is on pages of its own; the value describes a table. */
const ON_PAGES = 0x01;
export const IS_TABLE = 0x02;
/** Bytes in place of such a value: u64 first page, its transaction, number of pages. */
const REFERENCE = 24;

/** What is recorded of a table, 48 bytes: u32 pad, u16 flags, u16 depth, and five u64. */
export interface TreeRecord {
  readonly pad: number;
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  readonly root: number;
}

export function readTreeRecord(view: DataView, at: number): TreeRecord {
  return {
    pad: view.getUint32(at, true),
    flags: view.getUint16(at + 4, true),
    depth: view.getUint16(at + 6, true),
    branchPages: readU64(view, at + 8),
    leafPages: readU64(view, at + 16),
    overflowPages: readU64(view, at + 24),
    entries: readU64(view, at + 32),
    root: readU64(view, at + 40),
  };
}

/** A row as it lies in the file. */
export interface StoredRow {
  readonly flags: number;
  /** Bytes of the file in which key and value lie, the value right behind the key or apart from it. */
  readonly key: Uint8Array;
  readonly value: () => Uint8Array;
  /** Key and value in one, if they lie so. */
  readonly both: Uint8Array | undefined;
}

/** How keys are ordered. */
export type KeyOrder = (a: Uint8Array, b: Uint8Array) => number;

/**
 * Walks the tree of one table: every page is where its parent says and used nowhere else, every node lies within its page and
 * all of them fill it exactly, keys ascend over the whole tree, and the totals are the recorded ones. So whatever LMDB
 * will follow has been followed once, with bounds.
 */
export class TreeWalk {
  readonly #pages: FilePages;
  readonly #record: TreeRecord;
  readonly #order: KeyOrder;
  readonly #onRow: (row: StoredRow) => void;
  #branchPages = 0;
  #leafPages = 0;
  #overflowPages = 0;
  #entries = 0;

  constructor(pages: FilePages, record: TreeRecord, order: KeyOrder, onRow: (row: StoredRow) => void) {
    this.#pages = pages;
    this.#record = record;
    this.#order = order;
    this.#onRow = onRow;
  }

  /** @param newest transaction that may have written the root at most. */
  run(newest: number): void {
    const { root, branchPages, leafPages, overflowPages, entries, depth } = this.#record;
    if (root !== NO_PAGE) this.#visit(root, 1, {}, newest);
    else if (depth !== 0) throw new FileDamage('an empty table has a depth');
    if (
      this.#branchPages !== branchPages ||
      this.#leafPages !== leafPages ||
      this.#overflowPages !== overflowPages ||
      this.#entries !== entries
    ) {
      throw new FileDamage('the totals of a table');
    }
  }

  #visit(number: number, depth: number, range: KeyRange, newest: number): void {
    const isLeaf = depth === this.#record.depth;
    if (depth > this.#record.depth) throw new FileDamage('a table is deeper than recorded');
    const page = this.#pages.take(number, isLeaf ? PageFlag.leaf : PageFlag.branch, newest);
    const nodes = nodesOf(page, this.#pages.pageSize, isLeaf);
    if (isLeaf) this.#leaf(page, nodes, range);
    else this.#branch(page, nodes, depth, range);
  }

  #leaf(page: Page, nodes: readonly Node[], { low, high }: KeyRange): void {
    this.#leafPages++;
    this.#entries += nodes.length;
    const misplaced = (): FileDamage => new FileDamage(`the keys of page ${page.number}`);
    let last: Uint8Array | undefined;
    for (const node of nodes) {
      const key = page.bytes.subarray(node.key, node.key + node.keySize);
      if (last ? this.#order(last, key) >= 0 : low && this.#order(low, key) > 0) throw misplaced();
      last = key;
      this.#onRow((node.flags & ON_PAGES) !== 0 ? this.#rowOnPages(page, node, key) : rowInPage(page, node, key));
    }
    if (high && last && this.#order(last, high) >= 0) throw misplaced();
  }

  #branch(page: Page, nodes: readonly Node[], depth: number, { low, high }: KeyRange): void {
    this.#branchPages++;
    // The key of the first child is not used; each other is the least one below its child.
    const bounds = nodes.map(({ key, keySize }, i) => (i === 0 ? low : page.bytes.slice(key, key + keySize)));
    bounds.push(high);
    for (const [i, { size, flags }] of nodes.entries()) {
      const range = { low: bounds[i], high: bounds[i + 1] };
      if (range.low && range.high && this.#order(range.low, range.high) >= 0) {
        throw new FileDamage(`the keys of page ${page.number}`);
      }
      this.#visit(size + flags * 2 ** 32, depth + 1, range, page.transaction);
    }
  }

  #rowOnPages(page: Page, node: Node, key: Uint8Array): StoredRow {
    const at = node.key + node.keySize;
    const first = readU64(page.view, at);
    const count = readU64(page.view, at + 16);
    const size = this.#pages.pageSize;
    // A value that shrank within its transaction keeps its pages.
    if (count < Math.floor((PAGE_HEADER - 1 + node.size) / size) + 1 || readU64(page.view, at + 8) > page.transaction) {
      throw new FileDamage(`a reference in page ${page.number}`);
    }
    const head = this.#pages.take(first, PageFlag.overflow, page.transaction);
    if (head.view.getUint32(PageField.pages, true) !== count) throw new FileDamage(`the head of page ${first}`);
    for (let i = 1; i < count; i++) this.#pages.claim(first + i);
    this.#overflowPages += count;
    const read = (): Uint8Array => {
      const value = this.#pages.read(first * size + PAGE_HEADER, node.size);
      if (value.length < node.size) throw new FileDamage(`the file ends within page ${first + count - 1}`);
      return value;
    };
    // Its end must be in the file even if nobody looks at it now.
    if (this.#pages.read(first * size + PAGE_HEADER + node.size - 1, 1).length === 0) read();
    return { flags: node.flags, key, value: read, both: undefined };
  }
}

/** What the keys below a page must be: at least `low`, less than `high`. */
interface KeyRange {
  readonly low?: Uint8Array;
  readonly high?: Uint8Array;
}

/** A node: offset and size of its key, flags, and the number in front. */
interface Node {
  readonly key: number;
  readonly keySize: number;
  readonly flags: number;
  readonly size: number;
}

function rowInPage(page: Page, { key: at, keySize, size, flags }: Node, key: Uint8Array): StoredRow {
  const both = page.bytes.subarray(at, at + keySize + size);
  return { flags, key, value: () => both.subarray(keySize), both };
}

/** The nodes of a page in the order of their keys. */
function nodesOf({ view, number }: Page, pageSize: number, isLeaf: boolean): Node[] {
  const lower = view.getUint16(PageField.lower, true);
  const upper = view.getUint16(PageField.upper, true);
  const end = pageSize - PAGE_HEADER;
  const count = lower >> 1;
  if ((lower & 1) !== 0 || lower > upper || upper > end || count < (isLeaf ? 1 : 2)) {
    throw new FileDamage(`the head of page ${number}`);
  }
  const nodes: Node[] = [];
  let used = 0;
  for (let i = 0; i < count; i++) {
    const offset = view.getUint16(PAGE_HEADER + 2 * i, true);
    const at = PAGE_HEADER + offset;
    if (offset < upper || (offset & 1) !== 0 || at + NODE_HEADER > pageSize)
      throw new FileDamage(`a pointer in page ${number}`);
    const size = view.getUint32(at, true);
    const flags = view.getUint16(at + 4, true);
    const keySize = view.getUint16(at + 6, true);
    if (isLeaf && (flags & ~(ON_PAGES | IS_TABLE)) !== 0) throw new FileDamage(`a node of page ${number}`);
    const valueSize = !isLeaf ? 0 : (flags & ON_PAGES) !== 0 ? REFERENCE : size;
    const total = NODE_HEADER + keySize + valueSize;
    if (at + total > pageSize) throw new FileDamage(`a node of page ${number}`);
    used += total + (total & 1);
    nodes.push({ key: at + NODE_HEADER, keySize, flags, size });
  }
  // Nodes that overlap, or a pointer that is missing or doubled, leave another sum.
  if (used !== end - upper) throw new FileDamage(`the nodes of page ${number}`);
  return nodes;
}
