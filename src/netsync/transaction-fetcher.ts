import { type Hash, hashKey, hashToHex } from '../util/hash.ts';
import type { Logger } from '../util/log.ts';
import { InvType, type InvVector, Services, type Transaction } from '../wire/index.ts';
import { MAX_OPEN_REQUESTS, MAX_OPEN_TRANSACTIONS_PER_PEER, MAX_REJECTED_TRANSACTIONS } from './limits.ts';
import type { PeerState } from './peer-state.ts';
import type { Announcer, SyncBlockInfo, SyncDag, TransactionPool } from './ports.ts';
import { refusalOf } from './rejects.ts';
import { RequestBatches } from './request-batches.ts';
import { type OpenRequest, RequestTable } from './request-table.ts';

/** What the transaction side needs. */
export interface TransactionFetcherDeps {
  readonly pool: TransactionPool | undefined;
  readonly peers: ReadonlyMap<number, PeerState>;
  readonly dag: Pick<SyncDag, 'utxo'>;
  readonly announcer: Pick<Announcer, 'announceTransactions'>;
  readonly logger: Logger;
  /** Steady time in milliseconds. */
  now(): number;
}

/**
 * Fetches announced transactions and gives what comes to the pool. Without a pool nothing is fetched and what peers
 * send unasked is dropped without a word, as a node that takes blocks only may.
 */
export class TransactionFetcher {
  readonly #deps: TransactionFetcherDeps;
  readonly #requests: RequestTable;
  /**
   * Refused transactions by the hash of their witness form, oldest first. By their id a transaction could be shut out by
   * whoever sends it first with another witness. Announcements name ids, so a refused transaction that has a witness is
   * fetched once from each peer that announces it.
   */
  readonly #rejected = new Set<string>();

  /** @param expiry milliseconds after which a request may be given to another peer. */
  constructor(deps: TransactionFetcherDeps, expiry: number) {
    this.#deps = deps;
    this.#requests = new RequestTable({
      limit: MAX_OPEN_REQUESTS,
      limitPerPeer: MAX_OPEN_TRANSACTIONS_PER_PEER,
      expiry,
    });
  }

  /** Open transaction requests over all peers. */
  get openRequests(): number {
    return this.#requests.size;
  }

  /**
   * Opens the request for an announced transaction if it is new.
   * @returns the getdata entry to send, or undefined.
   */
  requestAnnounced(state: PeerState, entry: InvVector): InvVector | undefined {
    if (!this.#deps.pool || this.#isKnown(entry.hash)) return undefined;
    if (!this.#requests.ask(state.peer.id, entry.hash, entry.height, this.#deps.now())) {
      this.#requests.addSource(hashKey(entry.hash), state.peer.id);
      return undefined;
    }
    return { type: transactionType(state), hash: entry.hash, height: entry.height };
  }

  /**
   * A transaction came, asked for or not.
   * @returns milliseconds that were wasted on it: what it took if it was refused, else 0.
   */
  received(state: PeerState, tx: Transaction): number {
    const { pool, announcer, logger, now } = this.#deps;
    if (!pool) return 0;
    const start = now();
    const key = hashKey(tx.txid);
    this.#requests.delivered(state.peer.id, key, start);
    const form = hashKey(tx.wtxid);
    if (this.#rejected.has(form)) return 0;
    let accepted: readonly Transaction[];
    try {
      accepted = pool.process(tx, state.peer.id);
    } catch (error) {
      this.#remember(form);
      const { code, reason } = refusalOf(error);
      logger.debug(`Rejected transaction ${hashToHex(tx.txid)} from ${state.peer.address}: ${reason}`);
      state.peer.reject('tx', code, reason, tx.txid);
      return now() - start;
    }
    if (accepted.length > 0) announcer.announceTransactions(accepted);
    return 0;
  }

  /** The peer does not have these transactions. */
  notFound(state: PeerState, hashes: readonly Hash[]): void {
    this.#askOthers(hashes.flatMap((hash) => this.#requests.refused(state.peer.id, hashKey(hash)) ?? []));
  }

  /** The peer left. */
  release(state: PeerState): void {
    this.#askOthers(this.#requests.release(state.peer.id));
    this.#deps.pool?.removeOrphansOf(state.peer.id);
  }

  /** Gives expired requests to others that announced the same, and closes those that nobody else did. */
  retryExpired(): void {
    this.#askOthers(this.#requests.expired(this.#deps.now()));
  }

  /** A block of a peer changed what is valid: refused transactions deserve another look. */
  forgetRejected(): void {
    this.#rejected.clear();
  }

  /** A block was connected: the pool follows, and orphans that became complete are announced. */
  blockConnected(info: SyncBlockInfo): void {
    const released = this.#deps.pool?.blockConnected(info) ?? [];
    if (released.length > 0) this.#deps.announcer.announceTransactions(released);
  }

  #askOthers(requests: readonly OpenRequest[]): void {
    const { peers, now } = this.#deps;
    const wanted = new RequestBatches();
    for (const request of requests) {
      this.#requests.drop(request.key);
      const next = request.sources.flatMap((id) => (id === request.peer ? [] : (peers.get(id) ?? [])))[0];
      if (!next || this.#isKnown(request.hash)) continue;
      const { hash, height } = request;
      if (!this.#requests.ask(next.peer.id, hash, height, now(), { closed: request })) continue;
      wanted.add(next, { type: transactionType(next), hash, height });
    }
    wanted.send();
  }

  #isKnown(hash: Hash): boolean {
    const { pool, dag } = this.#deps;
    if (this.#rejected.has(hashKey(hash)) || pool?.have(hash)) return true;
    // One of the first two outputs is nearly always unspent if the transaction is in a block.
    return dag.utxo({ hash, index: 0 }) !== undefined || dag.utxo({ hash, index: 1 }) !== undefined;
  }

  #remember(key: string): void {
    if (this.#rejected.size >= MAX_REJECTED_TRANSACTIONS) {
      for (const oldest of this.#rejected) {
        this.#rejected.delete(oldest);
        break;
      }
    }
    this.#rejected.add(key);
  }
}

/** The inventory type under which this peer is asked for transactions. */
function transactionType({ peer }: PeerState): number {
  return (peer.services & Services.witness) !== 0n ? InvType.witnessTx : InvType.tx;
}
