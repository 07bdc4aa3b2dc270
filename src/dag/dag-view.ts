import type { Hash } from '../util/hash.ts';
import type { Block, BlockHeader, OutPoint } from '../wire/index.ts';
import type { DagState } from './dag-state.ts';
import { BlockStatus } from './engine/index.ts';
import { type TransactionState, transactionStates } from './events.ts';
import { type LocatedBlock, locateBlocks } from './locate.ts';
import { type BlockSummary, newestBlocks } from './newest-blocks.ts';
import { outpointKey } from './outputs/outpoint-key.ts';
import type { Output } from './outputs/output.ts';
import type { OutputRecord } from './outputs/output-record.ts';

/** Tips of the DAG at one moment. */
export interface DagSnapshot {
  /** Ascending by hash, the block connected last at the end. */
  readonly tips: readonly Hash[];
  /** Tips hash of the tips. */
  readonly hash: Hash;
  /** Least and greatest height of a tip. */
  readonly minHeight: number;
  readonly maxHeight: number;
  /** Connected blocks, genesis included. */
  readonly blockCount: number;
}

/** The block connected last, whatever its height. */
export interface BestState {
  readonly hash: Hash;
  readonly height: number;
  readonly bits: number;
  /** Bytes of the witness form. */
  readonly size: number;
  readonly weight: number;
  readonly txCount: number;
  /** Transactions of all connected blocks. */
  readonly totalTxs: number;
  /** Unix seconds. */
  readonly medianTime: number;
}

/** A block of the order and its colour. */
export interface ColouredBlock {
  readonly hash: Hash;
  readonly isBlue: boolean;
}

/**
 * What can be asked of the DAG: blocks, tips, order, colours and outputs as of the block connected last. "Known" blocks
 * include those that failed; all other questions are about connected blocks.
 */
export abstract class DagView {
  /** The state that answers. @throws {Error} if there is none at the moment. */
  protected abstract get state(): DagState;

  /** What became of a known block; undefined if unknown or waiting. */
  blockStatus(hash: Hash): 'connected' | 'failed' | undefined {
    const id = this.state.index.idOf(hash);
    if (id === -1) return undefined;
    return this.state.index.status(id) === BlockStatus.failed ? 'failed' : 'connected';
  }

  /** Height of a connected block. */
  blockHeight(hash: Hash): number | undefined {
    const id = this.#connectedId(hash);
    return id === -1 ? undefined : this.state.index.height(id);
  }

  /** A known block, also a failed one; as first received, in canonical form. */
  getBlock(hash: Hash): Block | undefined {
    const id = this.state.index.idOf(hash);
    return id === -1 ? undefined : this.state.bodies.get(id);
  }

  /** Canonical bytes (witness form) of a known block. Treat them as read-only. */
  getBlockBytes(hash: Hash): Uint8Array | undefined {
    const id = this.state.index.idOf(hash);
    return id === -1 ? undefined : this.state.bodies.bytes(id);
  }

  /** Blocks are numbered in the order of their arrival, genesis is 0: numbers given so far, also to blocks that failed. */
  get knownBlocks(): number {
    return this.state.index.count;
  }

  /** Number of a connected block. */
  blockNumber(hash: Hash): number | undefined {
    const id = this.#connectedId(hash);
    return id === -1 ? undefined : id;
  }

  /** The connected block with a number; the block itself is read when it is asked for. */
  blockByNumber(number: number): { readonly hash: Hash; readonly height: number; readonly block: Block } | undefined {
    const { index, bodies } = this.state;
    if (number >= index.count || !index.isConnected(number)) return undefined;
    return {
      hash: index.hashOf(number),
      height: index.height(number),
      get block() {
        return bodies.get(number);
      },
    };
  }

  /** Header of a known block. */
  getHeader(hash: Hash): BlockHeader | undefined {
    const id = this.state.index.idOf(hash);
    return id === -1 ? undefined : this.state.bodies.header(id);
  }

  /** Tips, their hash and heights, and the number of blocks. */
  snapshot(): DagSnapshot {
    const state = this.state;
    const heights = state.tips().map((id) => state.index.height(id));
    return {
      tips: state.tipHashes(),
      hash: state.tipsHash(),
      minHeight: heights.reduce((a, b) => Math.min(a, b)),
      maxHeight: heights.reduce((a, b) => Math.max(a, b)),
      blockCount: state.index.connectedCount,
    };
  }

  /** The block connected last. */
  bestState(): BestState {
    const { index, best } = this.state;
    const { id, ...facts } = best;
    return { hash: index.hashOf(id), height: index.height(id), bits: index.bits(id), ...facts };
  }

  /** Connected blocks of a height, ascending by display form. */
  blocksAtHeight(height: number): Hash[] {
    const { index } = this.state;
    return index.blocksAtHeight(height).map((id) => index.hashOf(id));
  }

  /** Median time of a connected block: of itself and the ten before it by first parent. */
  medianTime(hash: Hash): number | undefined {
    const id = this.#connectedId(hash);
    return id === -1 ? undefined : this.state.medianTime(id);
  }

  /** Connected children of a block, ascending by display form. */
  children(hash: Hash): Hash[] {
    const { index, engine } = this.state;
    const id = this.#connectedId(hash);
    return id === -1 ? [] : engine.children(id).map((child) => index.hashOf(child));
  }

  /** Answers `getblocks` and `getheaders`, see {@link locateBlocks}. */
  locate(locatorHeights: readonly number[], stopHash: Hash, max: number): LocatedBlock[] {
    return locateBlocks(this.state.index, locatorHeights, stopHash, max);
  }

  /** See {@link newestBlocks}. */
  newestBlocks(count: number): BlockSummary[] {
    return newestBlocks(this.state, count);
  }

  /** All blocks in consensus order, genesis first. Do not process blocks while iterating. */
  *order(): Iterable<Hash> {
    const { engine, index } = this.state;
    for (let position = 0; position < engine.orderLength; position++) yield index.hashOf(engine.orderAt(position));
  }

  /** The block at a position of the order; undefined behind its end. */
  orderAt(position: number): Hash | undefined {
    const { engine, index } = this.state;
    return position >= 0 && position < engine.orderLength ? index.hashOf(engine.orderAt(position)) : undefined;
  }

  /** Blocks in the order; fewer than there are blocks only if some block names a redundant parent. */
  get orderLength(): number {
    return this.state.engine.orderLength;
  }

  /** Hash over the order, see `chainOrderHash`. */
  orderHash(): Hash {
    return this.state.replay.hash;
  }

  /** The order with the colours that RPC shows: blue is what is blue for the block connected last and its past. */
  coloring(): ColouredBlock[] {
    const { engine, best } = this.state;
    const blue = new Set(engine.colouringOf(best.id));
    return this.#coloured((id) => blue.has(id));
  }

  /** The order with the colours of the whole DAG: blue for the virtual block over all tips. */
  virtualColoring(): ColouredBlock[] {
    const { engine } = this.state;
    return this.#coloured((id) => engine.isVirtualBlue(id));
  }

  /** True if a connected block is blue for the virtual block over all tips. */
  isVirtualBlue(hash: Hash): boolean {
    const id = this.#connectedId(hash);
    return id !== -1 && this.state.engine.isVirtualBlue(id);
  }

  /** Blocks that are blue for the virtual block over all tips; includes those that the order leaves out. */
  virtualBlueSet(): Hash[] {
    const { engine, index } = this.state;
    const blue: Hash[] = [];
    for (let id = 0; id < index.count; id++) if (engine.isVirtualBlue(id)) blue.push(index.hashOf(id));
    return blue;
  }

  /** Number of virtual blue blocks. */
  get virtualBlueScore(): number {
    return this.state.engine.virtualBlueCount;
  }

  /** An output of the stored set, which also holds outputs that were spent (see `OutputState`). */
  utxo({ hash, index }: OutPoint): Output | undefined {
    return this.state.outputs.stored(outpointKey(hash, index));
  }

  /** Everything known of an output: also what the present order makes of it. */
  outputRecord({ hash, index }: OutPoint): OutputRecord {
    return this.state.outputs.record(outpointKey(hash, index));
  }

  /** Hash over the stored set and its size; two nodes with equal hashes hold equal outputs. */
  outputSetHash(): Hash {
    return this.state.outputs.hash.value();
  }

  get outputCount(): number {
    return this.state.outputs.storedCount;
  }

  /** Memory of the block index and the engine, without caches, in bytes. */
  get indexBytes(): number {
    return this.state.engine.bytes;
  }

  /** What the order makes of each transaction of a block; undefined if the block is not in the order. */
  transactionStates(hash: Hash): TransactionState[] | undefined {
    const { engine, replay } = this.state;
    const id = this.#connectedId(hash);
    const position = id === -1 ? -1 : engine.positionOf(id);
    return position === -1 ? undefined : transactionStates(replay.effectsAt(position));
  }

  #coloured(isBlue: (id: number) => boolean): ColouredBlock[] {
    const { engine, index } = this.state;
    return Array.from({ length: engine.orderLength }, (_, position) => {
      const id = engine.orderAt(position);
      return { hash: index.hashOf(id), isBlue: isBlue(id) };
    });
  }

  #connectedId(hash: Hash): number {
    const { index } = this.state;
    const id = index.idOf(hash);
    return id !== -1 && index.isConnected(id) ? id : -1;
  }
}
