import { AddressBudget, groupKey } from '../addrmgr/index.ts';
import { DynamicBanScore } from '../connmgr/index.ts';
import type { SyncPeer } from '../netsync/index.ts';
import type { Peer } from '../peer/index.ts';
import type { Hash } from '../util/hash.ts';
import type { Clock } from '../util/ports.ts';
import type { BloomFilter, InvVector } from '../wire/index.ts';
import { canonicalHost, hostPart } from './host.ts';
import { KnownAddresses } from './known-addresses.ts';
import { RateLimit } from './rate-limit.ts';

/** Answers to getaddrcache: a few at once, later one in ten seconds. */
const ADDRESS_CACHE_BURST = 5;
const ADDRESS_CACHE_RATE = 0.1;

/** How a connection came about. */
export interface PeerOrigin {
  /** Request of the connection manager; undefined for incoming connections. */
  readonly requestId: number | undefined;
  /** The operator wants this connection always. */
  readonly permanent: boolean;
  /** Never scored or banned. */
  readonly whitelisted: boolean;
  /** Remote endpoint of the byte stream, `ip:port`. */
  readonly remoteAddress: string;
}

/** Told of misdeeds of a peer: points that stay and points that fade. */
export type ScoreKeeper = (peer: ConnectedPeer, persistent: number, transient: number, reason: string) => void;

/** A peer with everything that the peer handler keeps about it. */
export class ConnectedPeer implements SyncPeer {
  readonly peer: Peer;
  readonly origin: PeerOrigin;
  /** IP of the remote endpoint in canonical text: what bans and limits count by. */
  readonly remoteHost: string;
  /** Network group of the remote address. */
  readonly group: string;
  readonly score: DynamicBanScore;
  /** How many addresses it may still tell. */
  readonly addressBudget: AddressBudget;
  readonly knownAddresses = new KnownAddresses();
  /** Steady time of the connection, milliseconds. */
  readonly connectedAt: number;
  /** Wants to be told of transactions. */
  relaysTransactions = true;
  /** Least fee of transactions that it wants to hear of, nanoSoter per 1000 bytes. */
  feeFilter = 0n;
  bloom: BloomFilter | undefined;
  /** It was answered a getaddr. */
  addressesSent = false;
  /** How often its getaddrcache is answered: the answer can be the whole address table. */
  readonly addressCacheLimit: RateLimit;
  /** Last block of a full inventory batch: when it is fetched, the peer is told to ask again. */
  continueHash: Hash | undefined;
  /** Steady time when it last gave us a block that was accepted. */
  usefulAt = Number.NEGATIVE_INFINITY;
  readonly #keepScore: ScoreKeeper;

  constructor(peer: Peer, origin: PeerOrigin, clock: Clock, keepScore: ScoreKeeper) {
    this.peer = peer;
    this.origin = origin;
    this.remoteHost = canonicalHost(hostPart(origin.remoteAddress));
    this.group = groupKey(peer.netAddress.ip);
    this.score = new DynamicBanScore(clock);
    this.addressBudget = new AddressBudget(clock);
    this.addressCacheLimit = new RateLimit(clock, ADDRESS_CACHE_BURST, ADDRESS_CACHE_RATE);
    this.connectedAt = clock.monotonic();
    this.#keepScore = keepScore;
  }

  get id(): number {
    return this.peer.id;
  }

  get inbound(): boolean {
    return this.peer.inbound;
  }

  get address(): string {
    return this.peer.address;
  }

  /** Host of {@link address}: an IP, or the name that was dialled. */
  get host(): string {
    return hostPart(this.peer.address);
  }

  get services(): bigint {
    return this.peer.services;
  }

  get maxHeight(): number {
    return this.peer.maxHeight;
  }

  raiseMaxHeight(height: number): void {
    this.peer.raiseMaxHeight(height);
  }

  announced(hash: Hash): void {
    this.peer.lastAnnouncedBlock = hash;
  }

  addKnownInventory(vector: InvVector): void {
    this.peer.addKnownInventory(vector);
  }

  getBlocks(locatorHeight: number, stop: Hash): void {
    this.peer.pushGetBlocks(locatorHeight, stop);
  }

  getData(inventory: readonly InvVector[]): void {
    this.peer.send({ command: 'getdata', inventory });
  }

  reject(command: 'block' | 'tx', code: number, reason: string, hash: Hash): void {
    void this.peer.pushReject(command, code, reason, hash);
  }

  misbehaved(points: number, reason: string): void {
    this.#keepScore(this, points, 0, reason);
  }

  burdened(points: number, reason: string): void {
    this.#keepScore(this, 0, points, reason);
  }

  disconnect(reason: string): void {
    this.peer.disconnect(reason);
  }
}
