import { type Hash, hashFromKey, hashKey } from '../util/hash.ts';
import { InvType, type InvVector, Services, UNKNOWN_HEIGHT } from '../wire/index.ts';
import type { BlockPlan, PlannedBlock } from './block-plan.ts';
import { MAX_OPEN_BLOCKS_PER_PEER, MAX_OPEN_REQUESTS } from './limits.ts';
import { MissingParents } from './missing-parents.ts';
import type { PeerState } from './peer-state.ts';
import type { SyncDag } from './ports.ts';
import { RequestBatches } from './request-batches.ts';
import { type OpenRequest, RequestTable } from './request-table.ts';

/** Hashes remembered as belonging to bad blocks. */
const MAX_BAD_HASHES = 1000;

/**
 * Which blocks are asked of whom. Announced blocks come from their announcer, missing parents of orphans from the peer
 * at hand, and what one peer fails to deliver goes to another one at once.
 */
export class BlockFetcher {
  readonly #dag: SyncDag;
  readonly #peers: ReadonlyMap<number, PeerState>;
  readonly #plan: BlockPlan;
  readonly #now: () => number;
  readonly #expiry: number;
  readonly #requests: RequestTable;
  readonly #missing = new MissingParents();
  readonly #bad = new Set<string>();

  /**
   * @param plan the blocks of shared lists: whom to ask for those is decided elsewhere.
   * @param now steady time in milliseconds.
   * @param expiry milliseconds after which a silent peer's requests may be given to others.
   */
  constructor(dag: SyncDag, peers: ReadonlyMap<number, PeerState>, plan: BlockPlan, now: () => number, expiry: number) {
    this.#dag = dag;
    this.#peers = peers;
    this.#plan = plan;
    this.#now = now;
    this.#expiry = expiry;
    this.#requests = new RequestTable({ limit: MAX_OPEN_REQUESTS, limitPerPeer: MAX_OPEN_BLOCKS_PER_PEER, expiry });
  }

  /** Blocks that the peer owes us. */
  owedBy(state: PeerState): number {
    return this.#requests.owedBy(state.peer.id);
  }

  /** Steady time of the peer's last delivery, or of the first request to it. */
  lastDelivery(state: PeerState): number {
    return this.#requests.lastDelivery(state.peer.id);
  }

  /** Open block requests over all peers. */
  get openRequests(): number {
    return this.#requests.size;
  }

  /** Blocks that orphans wait for. */
  get missingParents(): number {
    return this.#missing.size;
  }

  wasAsked(state: PeerState, hash: Hash): boolean {
    return this.#requests.wasAsked(state.peer.id, hashKey(hash));
  }

  /** True if the block is open with this peer, and not with another one by now. */
  isWaiting(state: PeerState, hash: Hash): boolean {
    return this.#requests.isWaiting(state.peer.id, hashKey(hash));
  }

  /** Blocks that are open with this peer, in the order of asking. */
  openWith(state: PeerState): OpenRequest[] {
    return this.#requests.openWith(state.peer.id);
  }

  /** True if the block is in the DAG, among its orphans, or known to be bad. */
  isKnown(hash: Hash): boolean {
    return this.#dag.haveBlock(hash) || this.#bad.has(hashKey(hash));
  }

  /**
   * Opens the request for an announced block, unless it is known or somebody else is about to deliver it. Who has broken
   * such promises is asked, too, but has to give way to the next announcer at once.
   * @returns the getdata entry to send, or undefined.
   */
  requestAnnounced(state: PeerState, entry: InvVector): InvVector | undefined {
    const witness = (state.peer.services & Services.witness) !== 0n;
    if (entry.type === InvType.block && !witness) return undefined;
    if (this.isKnown(entry.hash)) return undefined;
    const key = hashKey(entry.hash);
    state.offers(key);
    const patience = state.keepsPromises ? this.#expiry : 0;
    if (!this.#requests.ask(state.peer.id, entry.hash, entry.height, this.#now(), { patience, promised: true })) {
      this.#requests.addSource(key, state.peer.id);
      return undefined;
    }
    return { type: witness ? InvType.witnessBlock : entry.type, hash: entry.hash, height: entry.height };
  }

  /**
   * Opens the request for a block of a shared list.
   * @param overtake also if somebody else was asked for it.
   * @returns the getdata entry to send, or undefined.
   */
  askPlanned(state: PeerState, { hash, height }: PlannedBlock, overtake: boolean): InvVector | undefined {
    if (!this.#requests.ask(state.peer.id, hash, height, this.#now(), { overtake })) return undefined;
    return { type: blockType(state), hash, height };
  }

  /** An orphan was parked: remembers what it waits for. */
  parked(orphan: Hash, parents: readonly Hash[]): void {
    this.#missing.add(orphan, parents, this.#now());
  }

  /** The block came, or will never be wanted. */
  settled(hash: Hash): void {
    this.#missing.remove(hashKey(hash));
  }

  /**
   * Asks a peer for every missing parent that nobody is being asked for, in one message. Not while it delivers what it listed
   * below our height, because the parents are on that list.
   */
  requestMissing(state: PeerState): void {
    if (state.walk?.answered) return;
    const now = this.#now();
    const wanted: InvVector[] = [];
    for (const key of this.#missing.due(now)) {
      if (state.isLacking(key, now, this.#expiry) || !this.#isWanted(key, now)) continue;
      const vector = this.#askMissing(state, key, now);
      if (!vector) break;
      wanted.push(vector);
    }
    if (wanted.length > 0) state.peer.getData(wanted);
  }

  /** True for a missing parent that somebody should be asked for. */
  #isWanted(key: string, now: number): boolean {
    if (this.#plan.has(key) || this.#requests.isOpen(key, now)) return false;
    if (!this.isKnown(hashFromKey(key))) return true;
    this.#missing.remove(key);
    return false;
  }

  #askMissing(state: PeerState, key: string, now: number): InvVector | undefined {
    const hash = hashFromKey(key);
    if (!this.#requests.ask(state.peer.id, hash, UNKNOWN_HEIGHT, now)) return undefined;
    this.#missing.asked(key, now, this.#expiry);
    return { type: blockType(state), hash, height: UNKNOWN_HEIGHT };
  }

  /**
   * A block came from a peer: closes its request.
   * @returns undefined if it was not asked of this peer.
   */
  delivered(state: PeerState, hash: Hash): { readonly request: OpenRequest | undefined } | undefined {
    const delivery = this.#requests.delivered(state.peer.id, hashKey(hash), this.#now());
    if (delivery) state.promiseKept();
    return delivery;
  }

  /**
   * A peer delivered bytes that are not the block they should be.
   * @param provenByHash every block of this hash is bad, so nobody needs to be asked again.
   */
  spoiled(state: PeerState, hash: Hash, request: OpenRequest | undefined, provenByHash: boolean): void {
    const key = hashKey(hash);
    if (provenByHash) {
      this.#missing.remove(key);
      if (this.#bad.size >= MAX_BAD_HASHES) for (const oldest of [...this.#bad].slice(0, 100)) this.#bad.delete(oldest);
      this.#bad.add(key);
      return;
    }
    state.lacks(key, this.#now());
    state.promiseBroken();
    if (request) this.#askOthers([request]);
  }

  /**
   * The peer does not have these blocks: they are asked of others.
   * @returns true if there were blocks of shared lists among them.
   */
  notFound(state: PeerState, hashes: readonly Hash[]): boolean {
    const freed: OpenRequest[] = [];
    let ofList = false;
    for (const hash of hashes) {
      const key = hashKey(hash);
      if (!this.#requests.wasAsked(state.peer.id, key)) continue;
      const request = this.#requests.refused(state.peer.id, key);
      const planned = this.#plan.get(key);
      ofList ||= planned !== undefined;
      if (planned) this.#plan.deny(planned, state);
      else state.lacks(key, this.#now());
      if (!request) continue;
      if (request.promised && !planned) state.promiseBroken();
      freed.push(request);
    }
    this.#askOthers(freed);
    return ofList;
  }

  /** The peer left: what it owed is asked of others at once. */
  release(state: PeerState): void {
    this.#askOthers(this.#requests.release(state.peer.id));
  }

  /**
   * Gives expired requests to others. Where nobody else is known they are closed, so that announcements of blocks that
   * do not exist cost nothing from then on; a late delivery, or another announcement, is as welcome as before. What orphans
   * wait for is asked of whoever may have it.
   * @returns the peers that let the time for blocks of shared lists pass.
   */
  retryExpired(): ReadonlySet<PeerState> {
    const late = new Set<PeerState>();
    const expired = this.#requests.expired(this.#now());
    this.#askOthers(expired);
    for (const { key, peer, promised } of expired) {
      const state = this.#peers.get(peer);
      if (!state) continue;
      const planned = this.#plan.get(key);
      if (planned) {
        this.#plan.deny(planned, state);
        late.add(state);
      } else if (promised && !this.#requests.isWaiting(peer, key)) {
        state.promiseBroken();
      }
    }
    this.#askAnybody();
    return late;
  }

  /** Asks for missing parents whose time has come. */
  #askAnybody(): void {
    const now = this.#now();
    const wanted = new RequestBatches();
    for (const key of this.#missing.due(now)) {
      const state = this.#isWanted(key, now) ? this.#likelySource(key, now) : undefined;
      const vector = state && this.#askMissing(state, key, now);
      if (vector) wanted.add(state, vector);
    }
    wanted.send();
  }

  /** Forgets missing blocks that no orphan waits for any more. */
  prune(): void {
    this.#missing.prune((hash) => this.#dag.isOrphan(hash), this.#now());
  }

  #askOthers(requests: readonly OpenRequest[]): void {
    const wanted = new RequestBatches();
    const now = this.#now();
    for (const request of requests) {
      const planned = this.#plan.get(request.key);
      if (planned?.owner?.peer.id === request.peer) this.#plan.free(planned);
      if (planned || this.isKnown(request.hash)) {
        this.#requests.drop(request.key);
        continue;
      }
      const next = this.#otherSource(request, now);
      if (!next) {
        this.#requests.drop(request.key);
        this.#missing.freed(request.key, now);
        continue;
      }
      const promised = request.sources.includes(next.peer.id);
      if (!this.#requests.ask(next.peer.id, request.hash, request.height, now, { closed: request, promised })) continue;
      this.#missing.asked(request.key, now, this.#expiry);
      wanted.add(next, { type: blockType(next), hash: request.hash, height: request.height });
    }
    wanted.send();
  }

  /** Who else may have the block: an announcer, or for a missing parent anybody who has not denied it. */
  #otherSource(request: OpenRequest, now: number): PeerState | undefined {
    const announcers = request.sources.flatMap((id) => (id === request.peer ? [] : (this.#peers.get(id) ?? [])));
    const able = announcers.filter((state) => !state.isLacking(request.key, now, this.#expiry));
    if (able.length > 0) return able.find(({ keepsPromises }) => keepsPromises) ?? able[0];
    return this.#missing.isUrgent(request.key) ? this.#likelySource(request.key, now) : undefined;
  }

  /** Somebody who may have a missing parent; who has shown blocks comes first. */
  #likelySource(key: string, now: number): PeerState | undefined {
    let unproven: PeerState | undefined;
    for (const state of this.#peers.values()) {
      if (this.#requests.wasAsked(state.peer.id, key)) continue;
      if (state.peer.maxHeight === 0 || state.isLacking(key, now, this.#expiry)) continue;
      if (state.provenHeight >= 0) return state;
      unproven ??= state;
    }
    return unproven;
  }
}

/** The inventory type under which this peer is asked for blocks. */
function blockType(state: PeerState): number {
  return (state.peer.services & Services.witness) !== 0n ? InvType.witnessBlock : InvType.block;
}
