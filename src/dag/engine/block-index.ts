import type { Hash } from '../../util/hash.ts';
import { Int32Column, Uint8Column, Uint32Column } from './columns.ts';
import { HashTable, hashWords } from './hash-table.ts';
import type { IntBuffer } from './int-buffer.ts';

/**
 * What became of a block. `stored`: its hash is known, it is not part of the DAG (yet). `valid`: connected, part of the
 * DAG. `failed`: broke a rule of the connect checks; known for ever, so that children get their verdict.
 */
export const BlockStatus = { stored: 0, valid: 1, failed: 2 } as const;
export type BlockStatus = (typeof BlockStatus)[keyof typeof BlockStatus];

/** Facts of one block as the index takes them. */
export interface BlockFacts {
  readonly hash: Hash;
  /** 0 for genesis, otherwise 1 + the greatest parent height. */
  readonly height: number;
  /** Header timestamp in seconds, unsigned 32 bits. */
  readonly time: number;
  /** Compact target, unsigned 32 bits. */
  readonly bits: number;
  /** `stored` (then {@link DagEngine.addBlock} makes it `valid`) or `failed`. */
  readonly status: BlockStatus;
  /** Parent ids in message order, duplicates kept; empty for genesis only. */
  readonly parents: readonly number[];
}

/** Settings of a block index. */
export interface BlockIndexOptions {
  /**
   * Says where a walk along the first parents ends (see {@link BlockIndex.walkEnd}); asked once a block. Without it
   * every walk ends where it begins.
   */
  readonly walkStops?: (height: number, bits: number) => boolean;
  /** Secret 32-bit seed of the hash table, so that blocks cannot be aimed at one bucket. */
  readonly hashSeed?: number;
}

/**
 * Every block the node knows, as numbers in typed columns. A block's *id* is its place in the order of acceptance
 * (genesis is 0), so an ancestor always has a smaller id than its descendants. A block that is not connected has a row
 * and answers to its hash, but never shows up in the lists of a height.
 */
export class BlockIndex {
  readonly #walkStops: (height: number, bits: number) => boolean;
  readonly #table: HashTable;
  readonly #words = new Uint32Array(8);
  readonly #otherWords = new Uint32Array(8);
  #count = 0;
  #connected = 0;
  #greatestHeight = -1;

  readonly #hash = new Uint32Column();
  readonly #height = new Int32Column();
  readonly #time = new Uint32Column();
  readonly #bits = new Uint32Column();
  readonly #status = new Uint8Column();
  readonly #walkEnd = new Int32Column();
  /** Offset of a block's first parent byte; the next block's offset ends it. */
  readonly #parentStart = new Uint32Column();
  /**
   * Parents as variable-length differences id − parent (7 bits a byte, low first): the distinct parents in the order of
   * their first mention; if some are mentioned twice, a 0 and then the whole list in message order.
   */
  readonly #parentBytes = new Uint8Column();
  #parentLength = 0;
  /** Per height: id + 1 of the block connected last, 0 for none; and from block to block of one height. */
  readonly #heightHead = new Int32Column();
  readonly #heightNext = new Int32Column();

  constructor(options: BlockIndexOptions = {}) {
    this.#walkStops = options.walkStops ?? (() => true);
    this.#table = new HashTable(
      options.hashSeed ?? 0,
      (id, words) => this.#hasWords(id, words),
      (id) => this.#bucketOfId(id),
    );
  }

  /** Number of blocks known, whatever their status: the next block gets this id. */
  get count(): number {
    return this.#count;
  }

  /** Number of connected blocks, genesis included. */
  get connectedCount(): number {
    return this.#connected;
  }

  /** Greatest height of a connected block; −1 while there is none. */
  get greatestHeight(): number {
    return this.#greatestHeight;
  }

  /**
   * Adds a block and returns its id. Parents must be known and the hash must not be.
   * @throws {RangeError} if that does not hold: the caller has to have checked it.
   */
  append(facts: BlockFacts): number {
    const id = this.#count;
    const words = this.#words;
    hashWords(facts.hash, words);
    if (this.#table.find(words) !== -1) throw new RangeError('block index: hash is already known');
    for (const parent of facts.parents) {
      if (!(parent >= 0 && parent < id))
        throw new RangeError(`block index: parent ${parent} of block ${id} is not known`);
    }
    if (facts.parents.length === 0 && id !== 0) throw new RangeError('block index: only genesis has no parents');
    const rows = id + 1;
    this.#hash.ensure(rows * 8);
    this.#height.ensure(rows);
    this.#time.ensure(rows);
    this.#bits.ensure(rows);
    this.#status.ensure(rows);
    this.#walkEnd.ensure(rows);
    this.#heightNext.ensure(rows);
    this.#parentStart.ensure(rows + 1);
    for (let word = 0; word < 8; word++) this.#hash.set(id * 8 + word, words[word]!);
    this.#height.set(id, facts.height);
    this.#time.set(id, facts.time);
    this.#bits.set(id, facts.bits);
    this.#status.set(id, facts.status);
    const stops = facts.parents.length === 0 || this.#walkStops(facts.height, facts.bits);
    this.#walkEnd.set(id, stops ? id : this.#walkEnd.get(facts.parents[0]!));
    this.#writeParents(id, facts.parents);
    this.#table.insert(id, words);
    this.#count = rows;
    return id;
  }

  /** The id of a hash, −1 if unknown. */
  idOf(hash: Hash): number {
    hashWords(hash, this.#otherWords);
    return this.#table.find(this.#otherWords);
  }

  /** A fresh copy of the hash. */
  hashOf(id: number): Hash {
    const hash = new Uint8Array(32);
    for (let word = 0, i = 0; word < 8; word++, i += 4) {
      const value = this.#hash.get(id * 8 + word);
      hash[i] = value & 0xff;
      hash[i + 1] = (value >>> 8) & 0xff;
      hash[i + 2] = (value >>> 16) & 0xff;
      hash[i + 3] = value >>> 24;
    }
    return hash;
  }

  /** One of the eight words of a hash; word 7 is the most significant in display order. Unsigned. */
  hashWord(id: number, word: number): number {
    return this.#hash.get(id * 8 + word);
  }

  /** Orders two blocks by the display form of their hashes, ascending. */
  compareHashes(a: number, b: number): number {
    for (let word = 7; word >= 0; word--) {
      const difference = this.#hash.get(a * 8 + word) - this.#hash.get(b * 8 + word);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  height(id: number): number {
    return this.#height.get(id);
  }

  /** Header timestamp, seconds. */
  time(id: number): number {
    return this.#time.get(id);
  }

  /** Compact target of the header. */
  bits(id: number): number {
    return this.#bits.get(id);
  }

  status(id: number): BlockStatus {
    return this.#status.get(id) as BlockStatus;
  }

  /** True if the block is part of the DAG. */
  isConnected(id: number): boolean {
    return this.#status.get(id) === BlockStatus.valid;
  }

  /** Parent ids in message order, duplicates kept. */
  parents(id: number): number[] {
    const list: number[] = [];
    let at = this.#parentStart.get(id);
    const end = this.#parentStart.get(id + 1);
    while (at < end) {
      let difference = 0;
      let shift = 0;
      let byte: number;
      do {
        byte = this.#parentBytes.get(at++);
        difference |= (byte & 0x7f) << shift;
        shift += 7;
      } while (byte >= 0x80);
      if (difference === 0) list.length = 0;
      else list.push(id - difference);
    }
    return list;
  }

  /** The distinct parents, in the order of their first mention. */
  distinctParents(id: number): number[] {
    return [...new Set(this.parents(id))];
  }

  /** The first parent in message order; −1 for genesis. */
  firstParent(id: number): number {
    let at = this.#parentStart.get(id);
    if (at === this.#parentStart.get(id + 1)) return -1;
    let difference = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = this.#parentBytes.get(at++);
      difference |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80);
    return id - difference;
  }

  /** Appends the distinct parents to a buffer; for the inner loops of this folder. */
  readDistinctParents(id: number, into: IntBuffer): void {
    let at = this.#parentStart.get(id);
    const end = this.#parentStart.get(id + 1);
    while (at < end) {
      let byte = this.#parentBytes.get(at++);
      let difference = byte & 0x7f;
      for (let shift = 7; byte >= 0x80; shift += 7) {
        byte = this.#parentBytes.get(at++);
        difference |= (byte & 0x7f) << shift;
      }
      if (difference === 0) return;
      into.push(id - difference);
    }
  }

  /**
   * Where the walk id → first parent → first parent of that … ends: at the first block (id itself included) for which
   * the option `walkStops` says yes, or at genesis. One step, whatever the distance: this is what the difficulty rule
   * of networks with minimum-difficulty blocks asks at every block.
   */
  walkEnd(id: number): number {
    return this.#walkEnd.get(id);
  }

  /** The connected blocks of a height, ascending by hash; empty if there is none. */
  blocksAtHeight(height: number): number[] {
    const list: number[] = [];
    if (height < 0 || height > this.#greatestHeight) return list;
    for (let entry = this.#heightHead.get(height); entry !== 0; entry = this.#heightNext.get(entry - 1)) {
      list.push(entry - 1);
    }
    return list.sort((a, b) => this.compareHashes(a, b));
  }

  /** The connected block with the lowest hash of a height; −1 if there is none. */
  lowestAtHeight(height: number): number {
    if (height < 0 || height > this.#greatestHeight) return -1;
    let lowest = -1;
    for (let entry = this.#heightHead.get(height); entry !== 0; entry = this.#heightNext.get(entry - 1)) {
      if (lowest === -1 || this.compareHashes(entry - 1, lowest) < 0) lowest = entry - 1;
    }
    return lowest;
  }

  /** Makes a stored block part of the DAG. For the engine, which has looked at its parents. */
  connect(id: number): void {
    const height = this.#height.get(id);
    this.#status.set(id, BlockStatus.valid);
    this.#heightHead.ensure(height + 1);
    this.#heightNext.set(id, this.#heightHead.get(height));
    this.#heightHead.set(height, id + 1);
    this.#connected++;
    if (height > this.#greatestHeight) this.#greatestHeight = height;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    let bytes = this.#table.bytes;
    for (const column of [
      this.#hash,
      this.#height,
      this.#time,
      this.#bits,
      this.#status,
      this.#walkEnd,
      this.#parentStart,
      this.#parentBytes,
      this.#heightHead,
      this.#heightNext,
    ]) {
      bytes += column.bytes;
    }
    return bytes;
  }

  #hasWords(id: number, words: Uint32Array): boolean {
    for (let word = 0; word < 8; word++) if (this.#hash.get(id * 8 + word) !== words[word]) return false;
    return true;
  }

  #bucketOfId(id: number): number {
    const words = this.#otherWords;
    for (let word = 0; word < 8; word++) words[word] = this.#hash.get(id * 8 + word);
    return this.#table.bucketOf(words);
  }

  #writeParents(id: number, parents: readonly number[]): void {
    const distinct = new Set(parents);
    for (const parent of distinct) this.#writeDifference(id - parent);
    if (distinct.size < parents.length) {
      this.#writeDifference(0);
      for (const parent of parents) this.#writeDifference(id - parent);
    }
    this.#parentStart.set(id + 1, this.#parentLength);
  }

  #writeDifference(difference: number): void {
    let rest = difference;
    this.#parentBytes.ensure(this.#parentLength + 5);
    while (rest >= 0x80) {
      this.#parentBytes.set(this.#parentLength++, (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#parentBytes.set(this.#parentLength++, rest);
  }
}
