import { type AddressManager, ipOfHost } from '../addrmgr/index.ts';
import type { ConnectionManager } from '../connmgr/index.ts';
import { ConnectionExistsError } from '../connmgr/index.ts';
import type { SyncLoad, SyncManager, SyncProgress } from '../netsync/index.ts';
import type { Transport } from '../peer/index.ts';
import type { Clock, Random } from '../util/ports.ts';
import type { AddressCacheTexts, AddressExchange } from './address-exchange.ts';
import type { Ban, BanList } from './ban-list.ts';
import type { ConnectedPeer } from './connected-peer.ts';
import type { PeerTable } from './peer-table.ts';
import type { PeerHandlerDeps } from './ports.ts';
import type { Relay } from './relay.ts';
import { parseSubnet } from './subnet.ts';
import type { CommandTraffic, Traffic } from './traffic.ts';

/** One peer as operators see it. Times are Unix seconds. */
export interface PeerInfo {
  readonly id: number;
  /** `host:port` of the remote side. */
  readonly address: string;
  readonly localAddress: string;
  readonly services: bigint;
  readonly relaysTransactions: boolean;
  readonly lastSend: number;
  readonly lastReceive: number;
  readonly connectedAt: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Their clock minus ours, seconds. */
  readonly timeOffset: number;
  /** Round trip of the last answered ping, microseconds; 0 before the first. */
  readonly pingMicros: number;
  /** Microseconds since an unanswered ping; absent if there is none. */
  readonly pingWaitMicros?: number;
  /** Protocol version as the remote stated it. */
  readonly protocolVersion: number;
  readonly userAgent: string;
  readonly inbound: boolean;
  readonly startHeight: number;
  readonly currentHeight: number;
  readonly banScore: number;
  /** nanoSoter per 1000 bytes. */
  readonly feeFilter: bigint;
  readonly isSyncPeer: boolean;
}

/** A peer that the operator wants always. */
export interface PersistentPeer {
  /** `host:port` as it was added. */
  readonly address: string;
  readonly connected: boolean;
  readonly inbound: boolean;
}

/** Fill of everything that peers could make grow. */
export interface PeerLoad {
  readonly sync: SyncLoad;
  /** Peers in the table. */
  readonly peers: number;
  /** Connections whose handshake is not finished. */
  readonly pending: number;
  /** Wishes for outgoing connections. */
  readonly requests: number;
  /** Addresses in the pool. */
  readonly addresses: number;
  readonly bans: number;
  /** Output that waits for the slowest reader, bytes. */
  readonly queuedBytes: number;
  /** Largest input that was received and not yet decoded, bytes. */
  readonly bufferedBytes: number;
}

/** What operations work with. */
export interface OperationsDeps {
  readonly table: PeerTable;
  /** Connections whose handshake is not finished. */
  readonly pending: ReadonlySet<ConnectedPeer>;
  readonly addresses: AddressManager;
  readonly connections: ConnectionManager<Transport>;
  readonly sync: SyncManager;
  readonly relay: Relay;
  readonly exchange: AddressExchange;
  readonly bans: BanList;
  readonly resolver: PeerHandlerDeps['resolver'];
  readonly clock: Clock;
  readonly random: Random;
  readonly maxPeers: number;
  readonly traffic: Traffic;
}

/** Wishes for outgoing connections, permanent ones included: each may be dialled again and again. */
const MAX_REQUESTS = 1000;

/** An operation could not be done; the message is what the operator sees. */
export class OperationError extends Error {
  override name = 'OperationError';
}

/** Everything that an operator can see of and do with peers. Errors have the texts of soterd 2.1.1. */
export class PeerOperations {
  readonly #deps: OperationsDeps;

  constructor(deps: OperationsDeps) {
    this.#deps = deps;
  }

  connectedCount(): number {
    let count = 0;
    for (const _ of this.#deps.table.connected()) count++;
    return count;
  }

  /** How a synchronisation gets on; undefined if there is none. */
  syncProgress(): SyncProgress | undefined {
    return this.#deps.sync.progress;
  }

  /** All connected peers, oldest first. */
  peers(): PeerInfo[] {
    return Array.from(this.#deps.table.connected(), (peer) => this.#info(peer));
  }

  /**
   * Begins to connect. Resolves when the attempt has been begun; whether it succeeds shows later.
   * @param address `host:port`.
   * @param permanent keep the connection up from now on.
   * @throws {OperationError} `max peers reached`, `peer already connected`, `peer exists as a permanent peer`.
   */
  async connect(address: string, permanent: boolean): Promise<void> {
    const { table, maxPeers, connections } = this.#deps;
    const wishes = connections.requests().length;
    if (table.size >= maxPeers || wishes >= MAX_REQUESTS) throw new OperationError('max peers reached');
    try {
      connections.connect(address, permanent);
    } catch (error) {
      if (!(error instanceof ConnectionExistsError)) throw error;
      // A passing connection to the same address serves the wish; only permanent ones are an error.
      if (error.kind !== 'permanent') return;
      throw new OperationError(permanent ? 'peer already connected' : 'peer exists as a permanent peer');
    }
  }

  /**
   * Gives up a permanent peer for good.
   * @throws {OperationError} `peer not found`.
   */
  removeById(id: number): void {
    const peer = this.#deps.table.get(id);
    if (!peer?.origin.permanent) throw notFound();
    this.#drop(peer);
  }

  /** Gives up a permanent peer for good, connected or not. @throws {OperationError} `peer not found`. */
  removeByAddress(address: string): void {
    const { connections, table } = this.#deps;
    const request = connections.requests().find((each) => each.kind === 'permanent' && each.address === address);
    if (!request) throw notFound();
    for (const peer of table.all()) if (peer.origin.requestId === request.id) this.#drop(peer);
    connections.remove(request.id);
  }

  /** Ends the connection with a peer that is not permanent. @throws {OperationError} `peer not found`. */
  disconnectById(id: number): void {
    const peer = this.#deps.table.get(id);
    if (!peer || peer.origin.permanent) throw notFound();
    this.#drop(peer);
  }

  /**
   * Ends the incoming connection with this address, or else all outgoing ones that are not permanent.
   * @throws {OperationError} `peer not found`.
   */
  disconnectByAddress(address: string): void {
    const matching = [...this.#deps.table.all()].filter((peer) => peer.address === address && !peer.origin.permanent);
    const inbound = matching.find((peer) => peer.inbound);
    if (matching.length === 0) throw notFound();
    for (const peer of inbound ? [inbound] : matching) this.#drop(peer);
  }

  /** Permanent peers, those that are not connected at the moment included. */
  persistentPeers(): PersistentPeer[] {
    const connected = new Set(Array.from(this.#deps.table.connected(), ({ origin }) => origin.requestId));
    const requests = this.#deps.connections.requests().filter(({ kind }) => kind === 'permanent');
    return requests.map(({ id, address = '' }) => ({ address, connected: connected.has(id), inbound: false }));
  }

  /** Sends a ping with one random nonce to every peer. */
  pingAll(): void {
    const nonce = Buffer.from(this.#deps.random.bytes(8)).readBigUInt64LE();
    for (const { peer } of this.#deps.table.connected()) peer.ping(nonce);
  }

  /** Sizes of the bounded tables and queues, for measurements and tests. */
  load(): PeerLoad {
    const { table, pending, addresses, connections, sync, bans } = this.#deps;
    const stats = Array.from(table.all(), ({ peer }) => peer.stats());
    return {
      sync: sync.load,
      peers: table.size,
      pending: pending.size,
      requests: connections.requests().length,
      addresses: addresses.count,
      bans: bans.list().length,
      queuedBytes: stats.reduce((most, { queuedBytes }) => Math.max(most, queuedBytes), 0),
      bufferedBytes: stats.reduce((most, { bufferedBytes }) => Math.max(most, bufferedBytes), 0),
    };
  }

  /** Bytes of messages since the start. */
  netTotals(): { readonly bytesReceived: number; readonly bytesSent: number } {
    return this.#deps.traffic.totals();
  }

  /** Messages since the start and their bytes, by command. */
  traffic(): readonly CommandTraffic[] {
    return this.#deps.traffic.byCommand();
  }

  /** `ip:port` of every listener. */
  listenAddresses(): readonly string[] {
    return this.#deps.connections.listenAddresses();
  }

  /** Asks every peer for all addresses it knows; returns what they told before. */
  addressCache(): readonly string[] {
    return this.addressCacheLists().known;
  }

  /** As {@link addressCache}, in the three lists of generation 4. */
  addressCacheLists(): AddressCacheTexts {
    this.#deps.relay.broadcast({ command: 'getaddrcache' });
    return this.#deps.exchange.cache();
  }

  /** Addresses of a host name. Rejects if it cannot be looked up. */
  async resolve(host: string): Promise<readonly string[]> {
    const { resolver } = this.#deps;
    if (!resolver) throw new OperationError(`no addresses found for ${host}`);
    return resolver.resolve(host, new AbortController().signal);
  }

  /** Bans in force. */
  bans(): Ban[] {
    return this.#deps.bans.list();
  }

  /**
   * Bans a host, or a network in CIDR notation, and ends its connections. Permanent peers are dialled again when the ban
   * is over; whitelisted ones are not concerned.
   * @param duration milliseconds.
   * @throws {OperationError} if the text is neither an IP, nor a network, nor a .onion host.
   */
  ban(target: string, duration: number): void {
    const { bans, table, pending } = this.#deps;
    if (!this.isBannable(target)) throw new OperationError('invalid IP or subnet');
    bans.ban(target, duration);
    for (const peer of [...table.all(), ...pending]) {
      if (!peer.origin.whitelisted && bans.isBanned(peer.remoteHost)) peer.disconnect('banned by the operator');
    }
  }

  /** True if a text names something that can be banned: an IP, a network in CIDR notation, a .onion host. */
  isBannable(target: string): boolean {
    return parseSubnet(target) !== undefined || ipOfHost(target) !== undefined;
  }

  /** True if exactly this host or network is banned. */
  isListed(target: string): boolean {
    return this.#deps.bans.has(target);
  }

  /** Ends the ban of exactly this host or network. @returns whether there was one. */
  liftBan(target: string): boolean {
    return this.#deps.bans.lift(target);
  }

  /** Ends all bans. */
  clearBans(): void {
    this.#deps.bans.clear();
  }

  #drop(peer: ConnectedPeer): void {
    if (peer.origin.permanent && peer.origin.requestId !== undefined) {
      this.#deps.connections.remove(peer.origin.requestId);
    }
    peer.disconnect('by the operator');
  }

  #info(peer: ConnectedPeer): PeerInfo {
    const { sync, clock } = this.#deps;
    const stats = peer.peer.stats();
    const waiting = stats.lastPingNonce !== 0n;
    return {
      id: stats.id,
      address: stats.address,
      localAddress: stats.localAddress,
      services: stats.services,
      relaysTransactions: peer.relaysTransactions,
      lastSend: stats.lastSend,
      lastReceive: stats.lastReceive,
      connectedAt: stats.connectedAt,
      bytesSent: stats.bytesSent,
      bytesReceived: stats.bytesReceived,
      timeOffset: stats.timeOffset,
      pingMicros: stats.lastPingMicros,
      ...(waiting && { pingWaitMicros: Math.round((clock.now() - stats.lastPingTime) * 1000) }),
      protocolVersion: stats.version,
      userAgent: stats.userAgent,
      inbound: stats.inbound,
      startHeight: stats.startHeight,
      currentHeight: stats.lastBlock,
      banScore: peer.score.value,
      feeFilter: peer.feeFilter,
      isSyncPeer: sync.syncPeerId === stats.id,
    };
  }
}

function notFound(): OperationError {
  return new OperationError('peer not found');
}
