import { LRUCache } from 'lru-cache';
import { damagedData, numberKey, type StoreError, type Table, type WriteTransaction } from '../../store/index.ts';
import { Block, BlockHeader, type Generation, HEADER_SIZE, WireError } from '../../wire/index.ts';

/** Blocks kept in decoded form, for replaying the end of the order: at most so many, of so much memory together (bytes). */
const CACHED_BLOCKS = 512;
const CACHED_BYTES = 64 * 1024 * 1024;

/** The table `blocks`: canonical bytes by block id, with the newest blocks in memory. */
export class BlockBodies {
  readonly #table: Table;
  readonly #generation: Generation;
  #new = new Map<number, Uint8Array>();
  /** Of the commit that is on its way to the disk. */
  #sent = new Map<number, Uint8Array>();
  readonly #decoded = new LRUCache<number, Block>({
    max: CACHED_BLOCKS,
    maxSize: CACHED_BYTES,
    maxEntrySize: CACHED_BYTES,
    sizeCalculation: ({ memory }) => memory,
  });

  constructor(table: Table, generation: Generation) {
    this.#table = table;
    this.#generation = generation;
  }

  /** Adds the body of a new block. */
  add(id: number, block: Block): void {
    this.#new.set(id, block.toBytes());
    this.#decoded.set(id, block);
  }

  /** Canonical bytes of a known block, to be treated as read-only. */
  bytes(id: number): Uint8Array {
    const bytes = this.#new.get(id) ?? this.#sent.get(id) ?? this.#table.get(numberKey(id));
    if (!bytes) throw damaged(id);
    return bytes;
  }

  get(id: number): Block {
    const known = this.#decoded.get(id);
    if (known) return known;
    const bytes = this.bytes(id);
    try {
      const block = Block.fromBytes(bytes, this.#generation);
      this.#decoded.set(id, block);
      return block;
    } catch (error) {
      if (error instanceof WireError) throw damaged(id);
      throw error;
    }
  }

  header(id: number): BlockHeader {
    const bytes = this.bytes(id);
    if (bytes.length < HEADER_SIZE) throw damaged(id);
    return BlockHeader.fromBytes(bytes.subarray(0, HEADER_SIZE));
  }

  write(transaction: WriteTransaction): void {
    for (const [id, bytes] of this.#new) transaction.put(this.#table, numberKey(id), bytes);
  }

  /** What was written is on its way to the disk. */
  sent(): void {
    this.#sent = this.#new;
    this.#new = new Map();
  }

  /** What was sent is on disk. */
  committed(): void {
    this.#sent.clear();
  }
}

function damaged(id: number): StoreError {
  return damagedData(`block ${id} is missing or does not decode`);
}
