import { damagedData, numberKey, type Table, type WriteTransaction } from '../../store/index.ts';
import { equalBytes } from '../../util/bytes.ts';
import { type Hash, sha256, ZERO_HASH } from '../../util/hash.ts';
import { type Block, WireError } from '../../wire/index.ts';
import { type BlockEffects, decodeEffects, encodeEffects } from './effects.ts';
import { findLasting } from './lasting.ts';
import type { OutputState } from './output-state.ts';

/** What the replay needs to know of connected blocks. */
export interface ReplayedBlocks {
  hash(id: number): Hash;
  height(id: number): number;
  /** Costs more than the others: the block may have to be read and decoded. */
  block(id: number): Block;
}

/**
 * Effects of a block of which something was replayed anew: before (by its old place) and after; undefined outside of the
 * order.
 */
export interface MovedEffects {
  readonly id: number;
  readonly before: BlockEffects | undefined;
  readonly after: BlockEffects | undefined;
}

/**
 * One more step of the hash over the order: SHA-256 of the hash so far and the next block's hash. Zero bytes in front.
 */
export function chainOrderHash(soFar: Hash, next: Hash): Hash {
  const both = new Uint8Array(64);
  both.set(soFar, 0);
  both.set(next, 32);
  return sha256(both);
}

interface Position {
  readonly orderHash: Hash;
  readonly effects: BlockEffects;
}

/**
 * Follows the order of the DAG with the outputs: for every position what the block there did, so that a changed end can
 * be undone and replayed, and a hash over the order up to there.
 */
export class OrderReplay {
  readonly #table: Table;
  readonly #outputs: OutputState;
  readonly #blocks: ReplayedBlocks;
  #changed = new Map<number, Position>();
  /** Of the commit that is on its way to the disk. */
  #sent = new Map<number, Position>();
  #length: number;
  /** Rows of the table after the commit that was sent last; those behind the present length are removed by the next one. */
  #storedLength: number;
  #hash: Hash;

  /**
   * @param length positions replayed so far, as stored.
   * @param hash over the order so far.
   */
  constructor(table: Table, outputs: OutputState, length: number, hash: Hash, blocks: ReplayedBlocks) {
    this.#table = table;
    this.#outputs = outputs;
    this.#length = length;
    this.#storedLength = length;
    this.#hash = hash;
    this.#blocks = blocks;
  }

  /** Positions replayed. */
  get length(): number {
    return this.#length;
  }

  /** Hash over the whole order, see {@link chainOrderHash}. */
  get hash(): Hash {
    return this.#hash;
  }

  /** True if the stored effects end in the hash that this replay was made with. */
  endsInHash(): boolean {
    return this.#length === 0 || equalBytes(this.#at(this.#length - 1).orderHash, this.#hash);
  }

  /** What the block at a position did. */
  effectsAt(position: number): BlockEffects {
    return this.#at(position).effects;
  }

  /**
   * Replaces the end of the order and brings the outputs up to it.
   * @param cut the first position that changes.
   * @param removed blocks that stood from there on.
   * @param added blocks that stand there now.
   */
  repair(cut: number, removed: readonly number[], added: readonly number[]): MovedEffects[] {
    const blocks = this.#blocks;
    const before = new Map(removed.map((id, i) => [id, this.#at(cut + i).effects]));
    const lasting = findLasting(removed, added, before, blocks, this.#outputs);
    for (let i = removed.length - 1; i >= 0; i--) {
      const id = removed[i];
      const kept = lasting.get(id);
      if (kept !== 'all') this.#outputs.undo(blocks.block(id), blocks.height(id), before.get(id)!, kept);
      this.#changed.delete(cut + i);
    }
    this.#length = cut;
    this.#hash = cut === 0 ? ZERO_HASH : removed.length === 0 ? this.#hash : this.#at(cut - 1).orderHash;
    const moved: MovedEffects[] = [];
    for (const id of added) {
      const earlier = before.get(id);
      const kept = lasting.get(id);
      const effects =
        kept === 'all'
          ? earlier!
          : this.#outputs.apply(blocks.block(id), blocks.height(id), kept && { flags: kept, effects: earlier! });
      this.#hash = chainOrderHash(this.#hash, blocks.hash(id));
      this.#changed.set(this.#length++, { orderHash: this.#hash, effects });
      if (kept !== 'all') moved.push({ id, before: earlier, after: effects });
      before.delete(id);
    }
    for (const [id, effects] of before) moved.push({ id, before: effects, after: undefined });
    this.#outputs.settle();
    return moved;
  }

  write(transaction: WriteTransaction): void {
    for (const [position, { orderHash, effects }] of this.#changed) {
      transaction.put(this.#table, numberKey(position), encodeEffects(orderHash, effects));
    }
    for (let position = this.#length; position < this.#storedLength; position++) {
      transaction.remove(this.#table, numberKey(position));
    }
  }

  /** What was written is on its way to the disk. */
  sent(): void {
    this.#sent = this.#changed;
    this.#changed = new Map();
    this.#storedLength = this.#length;
  }

  /** What was sent is on disk. */
  committed(): void {
    this.#sent.clear();
  }

  #at(position: number): Position {
    const changed = this.#changed.get(position) ?? this.#sent.get(position);
    if (changed) return changed;
    const bytes = this.#table.get(numberKey(position));
    try {
      if (bytes) return decodeEffects(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
    throw damagedData(`row ${position} of table "effects" is missing or does not decode`);
  }
}
