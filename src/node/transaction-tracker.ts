import { type BlockInfo, type Dag, outpointKey, ReplayState } from '../dag/index.ts';
import type { MemoryPool, PoolEvents } from '../mempool/index.ts';
import type { RpcLostInput, RpcTransactionPlace, RpcTransactionStatus, RpcTransactionTracker } from '../rpc/index.ts';
import { type Hash, hashFromKey, hashKey } from '../util/hash.ts';
import type { Timers } from '../util/ports.ts';
import type { Block, OutPoint } from '../wire/index.ts';

/** How far back the tracker looks. */
export interface TrackerLimits {
  /** Transactions of the newest blocks, and of those at most so many. */
  readonly transactions: number;
  readonly blocks: number;
  /** Transactions that left the pool without a block. */
  readonly dropped: number;
}

const LIMITS: TrackerLimits = { transactions: 50_000, blocks: 5_000, dropped: 5_000 };
/** Blocks that the first question reads from the store before it lets other work run. */
const BLOCKS_PER_TURN = 50;
/** Places of the order that are looked at, from its end, for the place of a block; with an index all, so many a turn. */
const ORDER_DEPTH = 20_000;
/** How often that is begun again because the order was rewritten meanwhile. */
const SEARCHES = 3;

/** What the tracker works with. */
export interface TrackerDeps {
  readonly dag: Dag;
  readonly pool: MemoryPool;
  readonly timers: Timers;
  /** Knows all transactions of blocks. */
  readonly index?: { blocksOf(txid: Hash): readonly Hash[] };
}

/** A transaction that left the pool without a block. */
interface Dropped {
  readonly reason: NonNullable<RpcTransactionStatus['dropped']>;
  readonly prevouts: readonly OutPoint[];
}

/** One tracked block, to forget it again. */
interface TrackedBlock {
  readonly hash: Hash;
  /** One a transaction, see `hashKey`. */
  readonly txids: readonly string[];
}

/** Where a block stands in the order. */
interface OrderPlace {
  readonly position: number;
  /** Blue blocks from it on. */
  readonly blue: number;
}

/**
 * Knows what became of recent transactions: in which blocks they are, and who won what they spend. It follows the DAG from
 * the first question on, which also makes it read the newest blocks; until then it costs nothing. So it is complete for
 * recent transactions after a restart, too, and needs nothing in the store. What is older needs the transaction index.
 */
export class TransactionTracker implements RpcTransactionTracker {
  readonly #deps: TrackerDeps;
  readonly #limits: TrackerLimits;
  readonly #dropped = new Map<string, Dropped>();
  /** Blocks by key of the transaction. */
  readonly #blocksOf = new Map<string, Hash[]>();
  /** Transactions by the outputs that they spend. */
  readonly #spendersOf = new Map<string, string[]>();
  readonly #tracked = new Set<string>();
  /** The same, oldest first. */
  #queue: TrackedBlock[] = [];
  #transactions = 0;
  #seeded: Promise<void> | undefined;
  #subscriptions: (() => void)[] = [];
  #stopped = false;

  constructor(deps: TrackerDeps, limits: TrackerLimits = LIMITS) {
    this.#deps = deps;
    this.#limits = limits;
  }

  start(): void {
    this.#subscriptions.push(this.#deps.pool.events.on('removed', (event) => this.#left(event)));
  }

  stop(): void {
    this.#stopped = true;
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
  }

  async status(txid: Hash): Promise<RpcTransactionStatus | undefined> {
    this.#seeded ??= this.#seed();
    await this.#seeded;
    const { pool, index } = this.#deps;
    const key = hashKey(txid);
    const hashes = index?.blocksOf(txid) ?? this.#blocksOf.get(key) ?? [];
    const entry = pool.entry(txid);
    const dropped = this.#dropped.get(key);
    if (hashes.length === 0 && !entry && !dropped) return undefined;
    const order = await this.#placesOf(hashes);
    const blocks = hashes.flatMap((hash) => this.#place(txid, hash, order) ?? []);
    const isApplied = blocks.some(({ state }) => state === 'applied');
    const prevouts = this.#prevoutsOf(txid, hashes) ?? dropped?.prevouts ?? [];
    return {
      inPool: entry !== undefined,
      blocks,
      dropped: blocks.length === 0 && !entry ? dropped?.reason : undefined,
      lostInputs: isApplied || entry ? [] : this.#lostInputs(key, prevouts),
    };
  }

  /** Reads the newest blocks and follows the DAG from now on. */
  async #seed(): Promise<void> {
    const { dag, timers } = this.#deps;
    this.#subscriptions.push(dag.events.on('connected', (info) => this.#connected(info)));
    const older: TrackedBlock[] = [];
    for (let height = dag.snapshot().maxHeight; height >= 0 && !this.#isFull(older.length); height--) {
      for (const hash of dag.blocksAtHeight(height)) {
        const block = this.#tracked.has(hashKey(hash)) ? undefined : dag.getBlock(hash);
        if (!block) continue;
        older.push(this.#track(block));
        if (older.length % BLOCKS_PER_TURN === 0) await new Promise<void>((resolve) => timers.soon(resolve));
        if (this.#stopped) return;
      }
    }
    this.#queue = [...older.reverse(), ...this.#queue];
  }

  #isFull(more = 0): boolean {
    const { blocks, transactions } = this.#limits;
    return this.#queue.length + more >= blocks || this.#transactions >= transactions;
  }

  #connected({ block }: BlockInfo): void {
    if (this.#tracked.has(hashKey(block.hash))) return;
    this.#queue.push(this.#track(block));
    // The newest block stays, however large.
    while (this.#isFull() && this.#queue.length > 1) this.#forget(this.#queue.shift()!);
  }

  #track(block: Block): TrackedBlock {
    this.#tracked.add(hashKey(block.hash));
    const txids = block.transactions.map(({ txid, inputs, isCoinbase }) => {
      const key = hashKey(txid);
      append(this.#blocksOf, key, block.hash);
      if (!isCoinbase) for (const { prevout } of inputs) this.#addSpender(prevout, key);
      this.#dropped.delete(key);
      return key;
    });
    this.#transactions += txids.length;
    return { hash: block.hash, txids };
  }

  #addSpender({ hash, index }: OutPoint, spender: string): void {
    const key = outpointKey(hash, index);
    if (!this.#spendersOf.get(key)?.includes(spender)) append(this.#spendersOf, key, spender);
  }

  #forget({ hash, txids }: TrackedBlock): void {
    this.#tracked.delete(hashKey(hash));
    this.#transactions -= txids.length;
    const block = this.#deps.dag.getBlock(hash);
    for (const [index, key] of txids.entries()) {
      remove(this.#blocksOf, key, (other) => hashKey(other) === hashKey(hash));
      if (this.#blocksOf.has(key)) continue;
      for (const { prevout } of block?.transactions[index]?.inputs ?? []) {
        remove(this.#spendersOf, outpointKey(prevout.hash, prevout.index), (other) => other === key);
      }
    }
  }

  #left({ entry, reason }: PoolEvents['removed']): void {
    if (reason === 'confirmed') {
      this.#dropped.delete(entry.key);
      return;
    }
    this.#dropped.set(entry.key, { reason, prevouts: entry.transaction.inputs.map(({ prevout }) => prevout) });
    if (this.#dropped.size <= this.#limits.dropped) return;
    for (const oldest of this.#dropped.keys()) {
      this.#dropped.delete(oldest);
      return;
    }
  }

  /** Places of blocks, looked for from the end of the order. */
  async #placesOf(hashes: readonly Hash[]): Promise<Map<string, OrderPlace>> {
    const { dag, index, timers } = this.#deps;
    const wanted = new Set(hashes.map(hashKey));
    let places = new Map<string, OrderPlace>();
    for (let search = 0; search < SEARCHES; search++) {
      places = new Map();
      const order = hashKey(dag.orderHash());
      let blue = 0;
      let position = dag.orderLength - 1;
      for (;;) {
        for (
          const end = position - ORDER_DEPTH;
          position >= 0 && position > end && places.size < wanted.size;
          position--
        ) {
          const hash = dag.orderAt(position);
          if (!hash) break;
          if (dag.isVirtualBlue(hash)) blue++;
          if (wanted.has(hashKey(hash))) places.set(hashKey(hash), { position, blue });
        }
        if (!index || position < 0 || places.size === wanted.size) return places;
        await new Promise<void>((resolve) => timers.soon(resolve));
        if (this.#stopped) return places;
        if (hashKey(dag.orderHash()) !== order) break;
      }
    }
    return places;
  }

  #place(txid: Hash, hash: Hash, order: ReadonlyMap<string, OrderPlace>): RpcTransactionPlace | undefined {
    const { dag } = this.#deps;
    const height = dag.blockHeight(hash);
    const index = dag.getBlock(hash)?.transactions.findIndex((tx) => hashKey(tx.txid) === hashKey(txid)) ?? -1;
    if (height === undefined || index === -1) return undefined;
    const place = order.get(hashKey(hash));
    return {
      hash,
      height,
      index,
      state: dag.transactionStates(hash)?.[index] ?? 'unordered',
      position: place?.position,
      isBlue: dag.isVirtualBlue(hash),
      blueConfirmations: place?.blue ?? 0,
    };
  }

  #prevoutsOf(txid: Hash, hashes: readonly Hash[]): readonly OutPoint[] | undefined {
    const block = hashes[0] && this.#deps.dag.getBlock(hashes[0]);
    const tx = block?.transactions.find((each) => hashKey(each.txid) === hashKey(txid));
    return tx && (tx.isCoinbase ? [] : tx.inputs.map(({ prevout }) => prevout));
  }

  #lostInputs(key: string, prevouts: readonly OutPoint[]): RpcLostInput[] {
    return prevouts.flatMap((prevout, index): RpcLostInput[] => {
      const { state } = this.#deps.dag.outputRecord(prevout);
      if (state === ReplayState.absent) return [{ index, prevout, reason: 'missing' }];
      if (state === ReplayState.ignored) return [{ index, prevout, reason: 'ignored' }];
      const winner = this.#winnerOf(prevout, key);
      if (state === ReplayState.spent) return [{ index, prevout, reason: 'spent', ...(winner && { winner }) }];
      return winner ? [{ index, prevout, reason: 'spent', winner }] : [];
    });
  }

  /** Who spends an output instead: the transaction of a block that counts, or one of the pool. */
  #winnerOf(prevout: OutPoint, loser: string): Hash | undefined {
    const { dag, pool } = this.#deps;
    for (const key of this.#spendersOf.get(outpointKey(prevout.hash, prevout.index)) ?? []) {
      if (key === loser) continue;
      const txid = hashFromKey(key);
      const counts = (this.#blocksOf.get(key) ?? []).some((hash) => {
        const index = dag.getBlock(hash)?.transactions.findIndex((tx) => hashKey(tx.txid) === key) ?? -1;
        return dag.transactionStates(hash)?.[index] === 'applied';
      });
      if (counts) return txid;
    }
    const spender = pool.spenderOf(prevout);
    return spender && spender.key !== loser ? spender.txid : undefined;
  }
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function remove<T>(lists: Map<string, T[]>, key: string, matches: (value: T) => boolean): void {
  const rest = (lists.get(key) ?? []).filter((value) => !matches(value));
  if (rest.length > 0) lists.set(key, rest);
  else lists.delete(key);
}
