import type { OrderChange } from '../dag/index.ts';
import { Emitter } from '../util/emitter.ts';
import { type Hash, hashKey, hashToHex } from '../util/hash.ts';
import { type Logger, silentLogger } from '../util/log.ts';
import type { Clock } from '../util/ports.ts';
import { type OutPoint, RejectCode, type Transaction } from '../wire/index.ts';
import { BlockFollower, type RemovalReason } from './block-follower.ts';
import { describeEntry, type EntryDescription } from './entry-description.ts';
import { nonStandard, PolicyError } from './errors.ts';
import type { FeeEstimator } from './fee-estimator.ts';
import { FreeRelayLimiter } from './free-relay-limiter.ts';
import { InputView } from './input-view.ts';
import { Judge, poolIsFull, type Submission } from './judge.ts';
import { OrphanTransactions } from './orphan-pool.ts';
import { MAX_ORPHAN_SIZE, type PoolOptions, type PoolPolicy, poolPolicy } from './policy.ts';
import { type EntryFacts, PoolEntry } from './pool-entry.ts';
import type { PoolBlock, PoolDag, PoolDeps } from './ports.ts';
import type { RankTable } from './rank-table.ts';
import { TransactionGraph } from './transaction-graph.ts';

/** What the pool reports, after it happened. */
export type PoolEvents = {
  added: PoolEntry;
  removed: { readonly entry: PoolEntry; readonly reason: RemovalReason };
};

const FROM_PEER: Submission = { isNew: true, limited: true, refuseOrphans: true };
const FROM_USER: Submission = { isNew: true, limited: false, refuseOrphans: true };
const FROM_ORPHANS: Submission = { isNew: true, limited: true, refuseOrphans: false };
const FROM_BLOCK: Submission = { isNew: false, limited: false, refuseOrphans: false };

/** Share of the memory limit from which on the pool counts as full. */
const FULL_SHARE = 0.99;

/**
 * The memory pool: transactions that wait for a block. Holds those that pass the rules of blocks and this node's policy,
 * and for a while those of peers whose parents are unknown. See docs/protocol.md and docs/compatibility.md.
 */
export class MemoryPool {
  readonly events = new Emitter<PoolEvents>();
  readonly policy: PoolPolicy;
  readonly #dag: PoolDag;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #estimator: FeeEstimator | undefined;
  readonly #graph = new TransactionGraph();
  readonly #view: InputView;
  readonly #orphans: OrphanTransactions;
  readonly #judge: Judge;
  readonly #follower: BlockFollower;
  /** What a rewritten order brought back, until the block that caused it is told. */
  #returned: Transaction[] = [];
  #unsubscribe: (() => void) | undefined;
  #sequence = 0;
  #version = 0;
  #lastUpdated = 0;

  constructor(options: PoolOptions, deps: PoolDeps) {
    const { dag, params, world, signatureCache, estimator, logger = silentLogger } = deps;
    const policy = poolPolicy(options);
    const graph = this.#graph;
    this.policy = policy;
    this.#dag = dag;
    this.#clock = world.clock;
    this.#logger = logger;
    this.#estimator = estimator;
    const view = new InputView(dag, graph);
    const orphans = new OrphanTransactions(policy.maxOrphans, world.random, this.#now());
    const limiter = new FreeRelayLimiter(policy.freeRelayLimit);
    this.#view = view;
    this.#orphans = orphans;
    const { clock } = world;
    this.#judge = new Judge({ dag, params, signatureCache, policy, graph, orphans, view, limiter, clock });
    this.#follower = new BlockFollower({
      dag,
      graph,
      view,
      remove: (entry, reason) => this.#remove(entry, reason),
      removeWithDescendants: (entry, reason) => this.#removeWithDescendants(entry, reason),
      readmit: (tx) => this.#readmit(tx),
      forgetOrphan: (txid) => orphans.remove(txid),
      releaseOrphans: (tx) => this.#releaseOrphans(tx),
    });
  }

  /** Begins to follow the order of the DAG. Blocks are told with {@link blockConnected}. */
  start(): void {
    this.#unsubscribe ??= this.#dag.events.on('reorder', (change) => this.#orderChanged(change));
  }

  /** Idempotent. */
  stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    return Promise.resolve();
  }

  /** Transactions in the pool, without orphans. */
  get count(): number {
    return this.#graph.size;
  }

  /** Serialised size of all transactions, witness form. */
  get bytes(): number {
    return this.#graph.bytes;
  }

  /** Estimated memory of the pool without orphans, bytes. */
  get usage(): number {
    return this.#graph.usage;
  }

  get orphanCount(): number {
    return this.#orphans.size;
  }

  /** Changes with every transaction that enters or leaves. */
  get version(): number {
    return this.#version;
  }

  /** When that happened last, Unix seconds; 0: never. */
  get lastUpdated(): number {
    return this.#lastUpdated;
  }

  /**
   * Fee rate below which transactions have no chance, nanoSoter per 1,000 vbytes: the relay fee, or what the worst transaction of
   * a full pool pays. What peers may be told with `feefilter` (BIP 133).
   */
  get minimumFeeRate(): bigint {
    const { minRelayFee, maxUsage } = this.policy;
    if (this.#graph.usage < FULL_SHARE * maxUsage) return minRelayFee;
    const worst = BigInt(Math.ceil(this.#graph.worstScore * 1000));
    return worst > minRelayFee ? worst : minRelayFee;
  }

  /** True if a transaction is in the pool or among its orphans. */
  have(txid: Hash): boolean {
    const key = hashKey(txid);
    return this.#graph.get(key) !== undefined || this.#orphans.has(key);
  }

  /** A transaction of the pool; not an orphan. */
  entry(txid: Hash): PoolEntry | undefined {
    return this.#graph.get(hashKey(txid));
  }

  /** All transactions of the pool in the order of arrival. Do not change the pool while iterating. */
  entries(): Iterable<PoolEntry> {
    return this.#graph.entries();
  }

  /** Figures of all transactions by which blocks are filled; they follow the pool. */
  get ranking(): RankTable<PoolEntry> {
    return this.#graph.ranking;
  }

  /** The transaction of the pool that spends an output. */
  spenderOf(outpoint: OutPoint): PoolEntry | undefined {
    return this.#graph.spenderOf(outpoint);
  }

  /** What RPC shows of a transaction of the pool. */
  describe(entry: PoolEntry): EntryDescription {
    return describeEntry(entry, this.#view.inputs(entry.transaction), this.#dag.snapshot().maxHeight + 1);
  }

  /**
   * Takes a transaction of a peer. One with unknown parents becomes an orphan.
   * @param tag id of the peer.
   * @returns what entered the pool: the transaction and orphans that waited for it, or nothing for an orphan.
   * @throws {PolicyError} if it is refused.
   */
  process(tx: Transaction, tag: number): readonly Transaction[] {
    const now = this.#now();
    const verdict = this.#judge.judge(tx, FROM_PEER, now);
    if ('facts' in verdict) return this.#enterWithOrphans(verdict.facts);
    if (tx.size > MAX_ORPHAN_SIZE) {
      throw nonStandard(
        `orphan transaction size of ${tx.size} bytes is larger than max allowed size of ${MAX_ORPHAN_SIZE} bytes`,
      );
    }
    this.#orphans.add(tx, tag, now);
    return [];
  }

  /**
   * Takes a transaction of this node's user, who is told at once if its parents are unknown.
   * @returns what entered the pool: the transaction and orphans that waited for it.
   * @throws {PolicyError} if it is refused.
   */
  submit(tx: Transaction): readonly Transaction[] {
    const verdict = this.#judge.judge(tx, FROM_USER, this.#now());
    if ('facts' in verdict) return this.#enterWithOrphans(verdict.facts);
    throw new PolicyError(
      RejectCode.duplicate,
      `orphan transaction ${hashToHex(tx.txid)} references outputs of unknown or fully-spent transaction ${hashToHex(verdict.missing[0])}`,
    );
  }

  /**
   * A block became part of the DAG. Takes out what it confirms and what that conflicts with.
   * @returns what entered the pool: orphans that became complete, and transactions of blocks that lost their effect.
   */
  blockConnected({ hash, height, block }: PoolBlock): readonly Transaction[] {
    const entered = this.#returned;
    this.#returned = [];
    this.#dropExpired();
    entered.push(...this.#follower.connected(block));
    this.#estimator?.blockConnected(
      height,
      hash,
      block.transactions.slice(1).map(({ txid }) => hashKey(txid)),
    );
    return entered;
  }

  /** Forgets the orphans of a peer that left, and what builds on them. */
  removeOrphansOf(tag: number): void {
    this.#orphans.removeOf(tag);
  }

  #orderChanged(change: OrderChange): void {
    this.#returned.push(...this.#follower.reordered(change));
  }

  #enterWithOrphans(facts: EntryFacts): Transaction[] {
    this.#enter(facts);
    return [facts.transaction, ...this.#releaseOrphans(facts.transaction)];
  }

  /** @throws {PolicyError} if the pool is full of better ones. */
  #enter(facts: EntryFacts): void {
    this.#dropExpired();
    const entry = new PoolEntry(facts, this.#sequence++);
    this.#graph.add(
      entry,
      facts.transaction,
      facts.spent.flatMap(({ parent }) => parent ?? []),
    );
    this.#touch();
    while (this.#graph.usage > this.policy.maxUsage && this.#graph.worst) {
      this.#removeWithDescendants(this.#graph.worst, 'evicted', entry);
    }
    if (entry.heapIndex === -1) throw poolIsFull(facts.transaction);
    this.#estimator?.observe(entry);
    this.events.emit('added', entry);
  }

  #readmit(tx: Transaction): boolean {
    try {
      const verdict = this.#judge.judge(tx, FROM_BLOCK, this.#now());
      if (!('facts' in verdict)) return false;
      this.#enter(verdict.facts);
      return true;
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      this.#logger.debug(`Transaction ${hashToHex(tx.txid)} lost its effect and is not taken back: ${error.message}`);
      return false;
    }
  }

  /** The outputs of a transaction are there: takes in what waited for them, directly or not. */
  #releaseOrphans(first: Transaction): Transaction[] {
    const accepted: Transaction[] = [];
    const queue = [first];
    for (const parent of queue) {
      // All outputs of a parent come at once: what still waits for others does so whichever of them it is asked about.
      const tried = new Set<string>();
      for (let index = 0; this.#orphans.size > 0 && index < parent.outputs.length; index++) {
        const child = this.#firstToEnter(this.#orphans.waitingFor({ hash: parent.txid, index }, tried), tried);
        if (!child) continue;
        accepted.push(child);
        queue.push(child);
      }
    }
    for (const tx of queue) this.#orphans.removeDoubleSpends(tx);
    return accepted;
  }

  /** Tries orphans that spend the same output; forgets those that break a rule. @param tried gets their keys. */
  #firstToEnter(candidates: readonly Transaction[], tried: Set<string>): Transaction | undefined {
    for (const tx of candidates) {
      if (!this.#orphans.has(tx.idKey)) continue;
      tried.add(tx.idKey);
      try {
        const verdict = this.#judge.judge(tx, FROM_ORPHANS, this.#now());
        if (!('facts' in verdict)) continue;
        this.#enter(verdict.facts);
        this.#orphans.remove(tx.txid);
        return tx;
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        this.#logger.debug(`Orphan transaction ${hashToHex(tx.txid)} refused: ${error.message}`);
        this.#orphans.removeWithDescendants(tx.txid);
      }
    }
    return undefined;
  }

  #dropExpired(): void {
    const limit = this.#now() - this.policy.expiry;
    for (let entry = this.#graph.oldest; entry && entry.time < limit; entry = this.#graph.oldest) {
      this.#removeWithDescendants(entry, 'expired');
    }
  }

  /** @param untold an entry whose arrival was not told yet, so that its leaving is not told either. */
  #removeWithDescendants(entry: PoolEntry, reason: RemovalReason, untold?: PoolEntry): void {
    for (const each of this.#graph.withDescendants(entry).reverse()) {
      if (each === untold) this.#graph.remove(each);
      else this.#remove(each, reason);
    }
  }

  #remove(entry: PoolEntry, reason: RemovalReason): void {
    this.#graph.remove(entry);
    this.#touch();
    this.events.emit('removed', { entry, reason });
  }

  #touch(): void {
    this.#version++;
    this.#lastUpdated = this.#now();
  }

  #now(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
