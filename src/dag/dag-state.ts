import type { NetworkParams } from '../params/index.ts';
import {
  type AsideWrites,
  type KeyValueStore,
  MetaKey,
  numberKey,
  StoreError,
  type WriteTransaction,
} from '../store/index.ts';
import { equalBytes } from '../util/bytes.ts';
import { type Hash, ZERO_HASH } from '../util/hash.ts';
import { type Block, tipsHash, WireError } from '../wire/index.ts';
import type { CommitParticipant, CommittedBlock } from './commit-participant.ts';
import { BlockIndex, BlockStatus, DagEngine, EngineLoadError } from './engine/index.ts';
import { type MovedEffects, OrderReplay } from './outputs/order-replay.ts';
import { OutputState } from './outputs/output-state.ts';
import { OutputTable } from './outputs/output-table.ts';
import { OutputSetHash, SET_HASH_SIZE } from './outputs/set-hash.ts';
import { BlockBodies } from './persist/block-bodies.ts';
import { type BestRecord, decodeState, encodeState, type StateRecord } from './persist/state-record.ts';
import { heightAbove, medianTime } from './rules/context.ts';
import { difficultyWalkStops } from './rules/difficulty.ts';

/** Settings of the state. */
export interface DagStateOptions {
  /** Memory for outputs. */
  readonly outputCacheBytes?: number;
  /** Secret seed of the hash table of the index. */
  readonly hashSeed?: number;
  /** Who writes with every commit. */
  readonly participants?: readonly CommitParticipant[];
}

/** A block that became part of the DAG. */
export interface ConnectedBlock {
  readonly id: number;
  readonly height: number;
  /** First changed position of the order, and the blocks from there on, before and now. */
  readonly cut: number;
  readonly removed: readonly number[];
  readonly added: readonly number[];
  readonly moved: readonly MovedEffects[];
  /** Blocks that entered or left the virtual blue set. */
  readonly recoloured: readonly number[];
  /** Parents that were tips before. */
  readonly formerTips: readonly number[];
}

interface TipFacts {
  readonly ids: readonly number[];
  readonly hashes: readonly Hash[];
  readonly hash: Hash;
}

const EMPTY_STATE: StateRecord = {
  commits: 0,
  blocks: 0,
  orderLength: 0,
  orderHash: ZERO_HASH,
  outputRows: 0,
  storedOutputs: 0,
  outputSetHash: ZERO_HASH,
  best: { id: 0, size: 0, weight: 0, txCount: 0, totalTxs: 0, medianTime: 0 },
};

/**
 * Everything the consensus core knows, in memory and in the store: index and engine, bodies, outputs, best block.
 * Changes are made in memory first and written by {@link commit}, all of them in one transaction. If that fails,
 * memory is
 * ahead of the disk and the state must not be used any more.
 */
export class DagState {
  readonly engine: DagEngine;
  readonly index: BlockIndex;
  readonly bodies: BlockBodies;
  readonly outputs: OutputState;
  readonly replay: OrderReplay;
  readonly #store: KeyValueStore;
  readonly #participants: readonly CommitParticipant[];
  #newRows = new Map<number, Uint8Array>();
  /** Blocks of the commit that is on its way to the disk. */
  #sentBlocks = 0;
  /** The state record as the last commit that was sent leaves it. */
  #row: Uint8Array | undefined;
  #best: BestRecord;
  #commits: number;
  #orderPages: number;
  /** What depends on the tips, until the next block. */
  #tips: TipFacts | undefined;

  private constructor(
    store: KeyValueStore,
    params: NetworkParams,
    engine: DagEngine,
    state: StateRecord,
    sum: OutputSetHash,
    options: DagStateOptions,
  ) {
    this.#store = store;
    this.#participants = options.participants ?? [];
    this.engine = engine;
    this.index = engine.index;
    this.#best = state.best;
    this.#commits = state.commits;
    this.#row = store.table('meta').get(MetaKey.state);
    this.#orderPages = store.table('order').count();
    this.bodies = new BlockBodies(store.table('blocks'), params.generation);
    const table = new OutputTable(store.table('outputs'), options.outputCacheBytes);
    this.outputs = new OutputState(table, sum, state.storedOutputs, params.coinbaseMaturity);
    const { index, bodies, outputs } = this;
    this.replay = new OrderReplay(store.table('effects'), outputs, state.orderLength, state.orderHash, {
      hash: (id) => index.hashOf(id),
      height: (id) => index.height(id),
      block: (id) => bodies.get(id),
    });
  }

  /**
   * Reads the state from a store whose schema was prepared, or starts with the genesis block if it is empty.
   * One pass over the index, no replay.
   * @throws {StoreError} of kind `corrupt` if the tables do not fit together.
   */
  static open(store: KeyValueStore, params: NetworkParams, options: DagStateOptions = {}): DagState {
    const meta = store.table('meta');
    const row = meta.get(MetaKey.state);
    const engineOptions = { walkStops: difficultyWalkStops(params), hashSeed: options.hashSeed };
    if (!row) {
      if (store.table('blocks').count() > 0) throw torn('there are blocks but no state record');
      const engine = new DagEngine(new BlockIndex(engineOptions));
      const fresh = new DagState(store, params, engine, EMPTY_STATE, new OutputSetHash(), options);
      fresh.connect(params.genesis, []);
      fresh.commit();
      return fresh;
    }
    const state = readState(row);
    checkCounts(store, state);
    let engine: DagEngine;
    try {
      engine = DagEngine.load(numbered(store, 'index'), numbered(store, 'order'), engineOptions);
    } catch (error) {
      if (error instanceof EngineLoadError) throw torn(error.message);
      throw error;
    }
    const sum = meta.get(MetaKey.outputsSum);
    if (sum?.length !== SET_HASH_SIZE) throw torn('the hash over the outputs is missing');
    const setHash = new OutputSetHash(sum);
    if (!equalBytes(setHash.value(), state.outputSetHash)) throw torn('the hash over the outputs is another');
    const loaded = new DagState(store, params, engine, state, setHash, options);
    loaded.#check(state, params);
    return loaded;
  }

  /** The block connected last. */
  get best(): BestRecord {
    return this.#best;
  }

  /** Blocks of the state that are on disk only after the next commit. */
  get pendingBlocks(): number {
    return this.#newRows.size + this.#sentBlocks;
  }

  /** Ids of the tips in snapshot order: ascending by hash, the block connected last at the end. */
  tips(): readonly number[] {
    return this.#tipFacts().ids;
  }

  /** Hashes of the tips in snapshot order. */
  tipHashes(): readonly Hash[] {
    return this.#tipFacts().hashes;
  }

  /** Tips hash of the tips: what the header of a block on all of them names. */
  tipsHash(): Hash {
    return this.#tipFacts().hash;
  }

  /** Median time of a connected block, Unix seconds. */
  medianTime(id: number): number {
    return medianTime(this.index, id);
  }

  /** Makes a block that passed all checks part of the DAG. `parents` are ids in message order. */
  connect(block: Block, parents: readonly number[]): ConnectedBlock {
    const formerTips = [...new Set(parents)].filter((parent) => this.engine.isTip(parent));
    const id = this.#append(block, parents, BlockStatus.stored);
    const { row, orderCut, removed, added, recoloured } = this.engine.addBlock(id);
    this.#newRows.set(id, row);
    this.#tips = undefined;
    const moved = this.replay.repair(orderCut, removed, added);
    this.#best = {
      id,
      size: block.size,
      weight: block.weight,
      txCount: block.transactions.length,
      totalTxs: this.#best.totalTxs + block.transactions.length,
      medianTime: medianTime(this.index, id),
    };
    return { id, height: this.index.height(id), cut: orderCut, removed, added, moved, recoloured, formerTips };
  }

  /** Remembers a block that broke a rule of the connect checks: it and its descendants are refused for ever. */
  fail(block: Block, parents: readonly number[]): void {
    const id = this.#append(block, parents, BlockStatus.failed);
    this.#newRows.set(id, this.engine.unconnectedRow(id));
  }

  /** Blocks that the next commit will write. */
  get unsentBlocks(): number {
    return this.#newRows.size;
  }

  /**
   * Writes all changes in one transaction.
   * @throws {StoreError} and leaves the disk as it was; `foreign` if another process wrote to the store.
   */
  commit(): void {
    const { work, sent } = this.#changes();
    this.#store.transaction(work);
    sent();
    this.#committed();
  }

  /**
   * Has another thread write all changes in one transaction; meanwhile more changes can be made. Only for stores that
   * can, and one at a time.
   * @param done called once, see `AsideWrites`.
   */
  commitAside(aside: AsideWrites, done: (failure: StoreError | undefined) => void): void {
    const { work, sent } = this.#changes();
    aside.begin(work, (failure) => {
      if (!failure) this.#committed();
      done(failure);
    });
    sent();
  }

  /** The changes since the last commit was sent, and what is to be called when they are sent too. */
  #changes(): { work: (transaction: WriteTransaction) => void; sent: () => void } {
    const { outputs, replay, bodies } = this;
    const { firstPage, pages, pageCount } = this.engine.takeOrderPages();
    const meta = this.#store.table('meta');
    const state: StateRecord = {
      commits: this.#commits + 1,
      blocks: this.index.count,
      orderLength: replay.length,
      orderHash: replay.hash,
      outputRows: outputs.countRows(),
      storedOutputs: outputs.storedCount,
      outputSetHash: outputs.hash.value(),
      best: this.#best,
    };
    const row = encodeState(state);
    const work = (transaction: WriteTransaction): void => {
      transaction.expect(meta, MetaKey.state, this.#row);
      bodies.write(transaction);
      const index = this.#store.table('index');
      for (const [id, bytes] of this.#newRows) transaction.put(index, numberKey(id), bytes);
      const order = this.#store.table('order');
      for (const [i, page] of pages.entries()) transaction.put(order, numberKey(firstPage + i), page);
      for (let page = pageCount; page < this.#orderPages; page++) transaction.remove(order, numberKey(page));
      replay.write(transaction);
      outputs.write(transaction);
      transaction.put(meta, MetaKey.outputsSum, outputs.hash.state());
      transaction.put(meta, MetaKey.state, row);
      if (this.#participants.length === 0) return;
      const blocks = this.#newConnected();
      for (const participant of this.#participants) participant.write(transaction, blocks, state.blocks);
    };
    const sent = (): void => {
      this.#commits++;
      this.#row = row;
      this.#orderPages = pageCount;
      this.#sentBlocks = this.#newRows.size;
      this.#newRows = new Map();
      bodies.sent();
      replay.sent();
      outputs.sent();
    };
    return { work, sent };
  }

  /** What was sent is on disk. */
  #committed(): void {
    this.#sentBlocks = 0;
    this.bodies.committed();
    this.replay.committed();
    this.outputs.committed();
  }

  /** Connected blocks since the last commit was sent. */
  #newConnected(): CommittedBlock[] {
    const connected = [...this.#newRows.keys()].filter((id) => this.index.isConnected(id));
    return connected.map((id) => ({ number: id, block: this.bodies.get(id) }));
  }

  #append(block: Block, parents: readonly number[], status: BlockStatus): number {
    const { hash, header } = block;
    const height = heightAbove(this.index, parents);
    const id = this.index.append({ hash, height, time: header.timestamp, bits: header.bits, status, parents });
    this.bodies.add(id, block);
    return id;
  }

  #tipFacts(): TipFacts {
    if (!this.#tips) {
      const newest = this.#best.id;
      const ids = this.engine.tips.filter((id) => id !== newest);
      ids.push(newest);
      const hashes = ids.map((id) => this.index.hashOf(id));
      this.#tips = { ids, hashes, hash: tipsHash(hashes) };
    }
    return this.#tips;
  }

  /** Compares what was loaded with the state record and the network. */
  #check(state: StateRecord, params: NetworkParams): void {
    const { index, engine, replay } = this;
    if (index.count !== state.blocks || !equalBytes(index.hashOf(0), params.genesisHash)) {
      throw torn('the block index is incomplete');
    }
    if (engine.orderLength !== state.orderLength) throw torn('the order is incomplete');
    if (state.best.id >= index.count || !engine.isTip(state.best.id)) throw torn('the best block is no tip');
    if (!replay.endsInHash()) throw torn('the effects of the order are of another state');
  }
}

function readState(row: Uint8Array): StateRecord {
  try {
    return decodeState(row);
  } catch (error) {
    if (error instanceof WireError) throw torn('the state record does not decode');
    throw error;
  }
}

/** Compares the sizes of the tables with the state record. Constant time. */
function checkCounts(store: KeyValueStore, state: StateRecord): void {
  const expected = [
    ['blocks', state.blocks],
    ['index', state.blocks],
    ['effects', state.orderLength],
    ['outputs', state.outputRows],
  ] as const;
  for (const [name, rows] of expected) {
    const found = store.table(name).count();
    if (found !== rows) throw torn(`table "${name}" has ${found} rows, the state record tells of ${rows}`);
  }
}

/** The values of a numbered table, whose numbers must be 0, 1, 2 … */
function* numbered(store: KeyValueStore, name: 'index' | 'order'): Iterable<Uint8Array> {
  let number = 0;
  for (const { key, value } of store.table(name).range()) {
    if (!equalBytes(key, numberKey(number++))) throw torn(`table "${name}" has gaps`);
    yield value;
  }
}

function torn(what: string): StoreError {
  return new StoreError(
    'corrupt',
    `the database does not fit together (${what}); restore it from a backup, or remove the folder to download all blocks again`,
  );
}
