import { damagedData, type KeyValueStore, numberKey, type Table, type WriteTransaction } from '../store/index.ts';
import { concatBytes } from '../util/bytes.ts';
import { type Hash, sha256d, ZERO_HASH } from '../util/hash.ts';
import type { Block } from '../wire/index.ts';
import { blockFilter, filterHeader } from './block-filter.ts';
import type { BlockIndexer, IndexedDag } from './ports.ts';

const HASH_SIZE = 32;
/** Headers of new blocks that are kept in memory: more blocks than commits can be underway with. */
const RECENT = 4096;

/**
 * Committed filters (BIP 157, BIP 158) of all connected blocks. Table `cfilters`. The filter header of a block is chained to that
 * of its last parent, which is what other nodes of the network do. Filters of generation 2 hold output scripts only.
 */
export class CommittedFilterIndex implements BlockIndexer {
  readonly name = 'committed filter index';
  readonly #table: Table;
  readonly #dag: () => IndexedDag;
  /** Filter headers by number of the block, oldest first. */
  readonly #recent = new Map<number, Hash>();

  constructor(store: KeyValueStore, dag: () => IndexedDag) {
    this.#table = store.table('cfilters');
    this.#dag = dag;
  }

  write(transaction: WriteTransaction, number: number, block: Block): void {
    const filter = blockFilter(block, []);
    const hash = sha256d(filter);
    const header = filterHeader(hash, this.#previous(block));
    transaction.put(this.#table, numberKey(number), concatBytes(header, hash, filter));
    this.#recent.set(number, header);
    if (this.#recent.size <= RECENT) return;
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      return;
    }
  }

  /** The filter of a block. */
  filter(block: Hash): Uint8Array | undefined {
    return this.#row(block)?.subarray(2 * HASH_SIZE);
  }

  filterHash(block: Hash): Hash | undefined {
    return this.#row(block)?.subarray(HASH_SIZE, 2 * HASH_SIZE);
  }

  filterHeader(block: Hash): Hash | undefined {
    return this.#row(block)?.subarray(0, HASH_SIZE);
  }

  #row(block: Hash): Uint8Array | undefined {
    const number = this.#dag().blockNumber(block);
    const row = number === undefined ? undefined : this.#table.get(numberKey(number));
    if (row && row.length <= 2 * HASH_SIZE) throw damagedData('a row of the committed filter index is too short');
    return row;
  }

  #previous({ parentHashes }: Block): Hash {
    const parent = parentHashes.at(-1);
    if (!parent) return ZERO_HASH;
    const number = this.#dag().blockNumber(parent);
    const header = (number !== undefined && this.#recent.get(number)) || this.filterHeader(parent);
    if (!header) throw damagedData('the committed filter index lacks a parent');
    return header;
  }
}
