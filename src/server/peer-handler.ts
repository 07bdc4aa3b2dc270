import {
  AddressManager,
  type Endpoint,
  hostOf,
  type LocalAddress,
  type LocalPriority,
  parseAddressKey,
} from '../addrmgr/index.ts';
import type { ConnectionRequest } from '../connmgr/index.ts';
import { type ProcessResult, SyncManager } from '../netsync/index.ts';
import { Peer, type PeerHandlers, SentNonces, type Transport } from '../peer/index.ts';
import { Emitter } from '../util/emitter.ts';
import { printable } from '../util/printable.ts';
import {
  type Block,
  ipFromString,
  type NetAddress,
  Services,
  type Transaction,
  type VersionMessage,
} from '../wire/index.ts';
import { AddressExchange } from './address-exchange.ts';
import { Admission } from './admission.ts';
import { BanList } from './ban-list.ts';
import { BlockServer } from './block-server.ts';
import { BloomService } from './bloom-service.ts';
import { ConnectedPeer, type PeerOrigin, type ScoreKeeper } from './connected-peer.ts';
import { FilterServer } from './filter-server.ts';
import { canonicalHost, hostPart, isThisMachine } from './host.ts';
import { messageListeners } from './listeners.ts';
import { PeerOperations } from './operations.ts';
import { Outbound } from './outbound.ts';
import { PeerTable } from './peer-table.ts';
import type { PeerHandlerDeps, PeerHandlerEvents, PeerHandlerOptions } from './ports.ts';
import { readable } from './readable.ts';
import { Rebroadcaster } from './rebroadcaster.ts';
import { Relay } from './relay.ts';
import { scoreKeeper } from './score-keeper.ts';
import { parseSubnet, type Subnet } from './subnet.ts';
import { Traffic } from './traffic.ts';

const DEFAULT_MAX_PEERS = 125;
const DEFAULT_BAN_DURATION_MS = 24 * 3600_000;
const DEFAULT_BAN_THRESHOLD = 100;
const DEFAULT_MAX_INBOUND_PER_HOST = 8;
const DEFAULT_MAX_PENDING_INBOUND = 64;

/**
 * Everything between this node and its peers: owns the address, connection and sync managers, keeps the table of
 * peers, answers their requests, passes news on, bans. See docs/protocol.md, "Peers".
 */
export class PeerHandler {
  readonly events: Pick<Emitter<PeerHandlerEvents>, 'on'>;
  /** What operators can see and do. */
  readonly operations: PeerOperations;

  readonly #options: PeerHandlerOptions;
  readonly #deps: PeerHandlerDeps;
  readonly #emitter = new Emitter<PeerHandlerEvents>();
  readonly #addresses: AddressManager;
  readonly #outbound: Outbound;
  readonly #sync: SyncManager;
  readonly #table = new PeerTable();
  /** Every live connection, handshake finished or not. */
  readonly #peers = new Map<Peer, ConnectedPeer>();
  readonly #pending = new Set<ConnectedPeer>();
  readonly #bans: BanList;
  readonly #admission: Admission;
  readonly #relay: Relay;
  readonly #rebroadcaster: Rebroadcaster | undefined;
  readonly #exchange: AddressExchange;
  readonly #handlers: PeerHandlers;
  readonly #keepScore: ScoreKeeper;
  readonly #whitelist: readonly Subnet[];
  readonly #nonces = new SentNonces();
  #unsubscribe: (() => void) | undefined;
  #lastId = 0;
  readonly #traffic = new Traffic();
  #state: 'new' | 'running' | 'stopped' = 'new';
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: PeerHandlerOptions, deps: PeerHandlerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.events = this.#emitter;
    const { params, services } = options;
    const { dag, pool, world, logger, loggers = {} } = deps;
    const { clock } = world;
    this.#whitelist = (options.whitelist ?? []).flatMap((text) => parseSubnet(text) ?? []);
    this.#bans = new BanList(clock, logger, deps.bansFile);
    const scoring = {
      banning: options.banning ?? true,
      threshold: options.banThreshold ?? DEFAULT_BAN_THRESHOLD,
      duration: options.banDuration ?? DEFAULT_BAN_DURATION_MS,
      // Whoever comes through a Tor service arrives from this machine.
      isShared: (host: string) => this.#usesTor && isThisMachine(host),
    };
    this.#keepScore = scoreKeeper(scoring, this.#bans, logger);
    this.#addresses = new AddressManager(
      { ownServices: services },
      { world, logger: loggers.addresses ?? logger, file: deps.peersFile },
    );
    const maxPeers = options.maxPeers ?? DEFAULT_MAX_PEERS;
    this.#outbound = new Outbound(options, deps, {
      addresses: this.#addresses,
      table: this.#table,
      bans: this.#bans,
      maxPeers,
      inUse: (address) => this.#isConnected(address),
      connected: (request, stream) => this.#dialled(request, stream),
      accepted: (stream) => this.#accepted(stream),
    });
    this.#relay = new Relay(this.#table, clock, pool);
    this.#sync = new SyncManager(
      {
        generation: params.generation,
        regtest: params.name === 'regtest',
        confirmationWindow: params.minerConfirmationWindow,
        reconcileDelay: options.reconcileDelay,
      },
      { dag, pool, announcer: this.#relay, world, logger: loggers.sync ?? logger, failed: deps.failed },
    );
    this.#admission = new Admission({
      table: this.#table,
      pending: this.#pending,
      bans: this.#bans,
      world,
      maxPeers,
      maxInboundPerHost: options.maxInboundPerHost ?? DEFAULT_MAX_INBOUND_PER_HOST,
      maxPendingInbound: options.maxPendingInbound ?? DEFAULT_MAX_PENDING_INBOUND,
    });
    const rebroadcasts = pool && options.rebroadcast !== false;
    this.#rebroadcaster = rebroadcasts ? new Rebroadcaster(world, this.#relay, pool) : undefined;
    this.#exchange = new AddressExchange({
      params,
      addresses: this.#addresses,
      table: this.#table,
      clock,
      listening: (deps.listeners ?? []).length > 0,
    });
    this.#handlers = this.#peerHandlers();
    this.operations = new PeerOperations({
      table: this.#table,
      pending: this.#pending,
      addresses: this.#addresses,
      connections: this.#outbound.connections,
      sync: this.#sync,
      relay: this.#relay,
      exchange: this.#exchange,
      bans: this.#bans,
      resolver: deps.resolver,
      clock,
      random: world.random,
      maxPeers,
      traffic: this.#traffic,
    });
  }

  /** Loads what was kept, then begins to accept, dial and synchronise. A second call does nothing. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Ends all connections and stops the three managers; resolves when nothing is left to happen. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * Processes a block that was mined here or given by RPC and announces it at once.
   * @throws whatever the DAG throws for it.
   */
  submitBlock(block: Block): Promise<ProcessResult> {
    return this.#sync.submitBlock(block);
  }

  /** Announces a transaction of this node's own user, which is in the pool, and repeats that until it is confirmed. */
  announceOwn(tx: Transaction): void {
    this.#relay.announceTransactions([tx]);
    this.#rebroadcaster?.add(tx);
  }

  /** True if the node is as far as the network, to the best of its knowledge. */
  isCurrent(): boolean {
    return this.#sync.isCurrent();
  }

  /**
   * Adds an address of our own; outgoing peers are told the best one that there is for each.
   * @throws {UnroutableAddressError} if nobody outside could reach it.
   */
  addLocalAddress(address: NetAddress, priority: LocalPriority): void {
    this.#addresses.addLocal(address, priority);
    this.#exchange.ownAddressesChanged();
  }

  /** Forgets an address of our own that cannot be reached any more. */
  removeLocalAddress(address: NetAddress): void {
    this.#addresses.removeLocal(address);
  }

  /** Our own addresses and how much they are trusted. */
  localAddresses(): readonly LocalAddress[] {
    return this.#addresses.localAddresses();
  }

  async #start(): Promise<void> {
    if (this.#state !== 'new') return;
    await Promise.all([this.#addresses.start(), this.#bans.load(), this.#outbound.load()]);
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#unsubscribe = this.#deps.dag.events.on('connected', ({ block }) => this.#rebroadcaster?.confirmed(block));
    this.#sync.start();
    this.#rebroadcaster?.start();
    this.#outbound.start();
  }

  async #stop(): Promise<void> {
    this.#state = 'stopped';
    await this.#starting;
    this.#rebroadcaster?.stop();
    this.#unsubscribe?.();
    const stopped = this.#outbound.stop();
    const closed = Array.from(this.#peers.keys(), (peer) => peer.closed);
    for (const peer of [...this.#peers.keys()]) peer.disconnect('shutting down');
    await Promise.all([stopped, ...closed]);
    await this.#sync.stop();
    await Promise.all([this.#addresses.stop(), this.#bans.flush()]);
  }

  /** True if connections may lead through Tor, out of this node and into it. */
  get #usesTor(): boolean {
    const { proxyHost, onionReachable } = this.#options;
    return proxyHost !== undefined || onionReachable === true;
  }

  #isConnected(address: string): boolean {
    for (const peer of this.#peers.keys()) if (peer.address === address) return true;
    return false;
  }

  #isWhitelisted(host: string): boolean {
    const ip = ipFromString(host);
    return ip !== undefined && this.#whitelist.some((subnet) => subnet.contains(ip));
  }

  #accepted(stream: Transport): void {
    const host = canonicalHost(hostPart(stream.remoteAddress));
    const whitelisted = this.#isWhitelisted(host);
    const refusal = this.#state === 'running' ? this.#admission.refuseStream(host, whitelisted) : 'shutting down';
    if (refusal) {
      this.#deps.logger.debug(`Refused connection from ${stream.remoteAddress}: ${refusal}`);
      stream.destroy();
      return;
    }
    const { remoteAddress } = stream;
    this.#connect(stream, { requestId: undefined, permanent: false, whitelisted, remoteAddress });
  }

  #dialled(request: ConnectionRequest, stream: Transport): void {
    const { remoteAddress } = stream;
    const whitelisted = this.#isWhitelisted(hostPart(remoteAddress));
    const permanent = request.kind === 'permanent';
    this.#connect(stream, { requestId: request.id, permanent, whitelisted, remoteAddress }, request.address);
  }

  /** Begins the handshake. @param address what was dialled; undefined for incoming connections. */
  #connect(stream: Transport, origin: PeerOrigin, address?: string): void {
    const { params, services, userAgent, relayTransactions, trickleInterval, peerLimits } = this.#options;
    const { world, logger, loggers, dag, failed } = this.#deps;
    const inbound = address === undefined;
    const endpoint = inbound ? undefined : parseAddressKey(address);
    const netAddress = endpoint && { services, ...endpoint, timestamp: this.#now() };
    const peer = new Peer(
      {
        params,
        inbound,
        services,
        userAgent,
        relay: relayTransactions ?? true,
        proxied: !inbound && this.#isHidden(endpoint),
        address,
        netAddress,
        trickleInterval,
        limits: peerLimits,
      },
      {
        transport: stream,
        world,
        logger: loggers?.peer ?? logger,
        handlers: this.#handlers,
        nonces: this.#nonces,
        nextId: () => ++this.#lastId,
        newestHeight: () => dag.snapshot().maxHeight,
        handlerFailed: (error) => failed?.(error),
      },
    );
    const connected = new ConnectedPeer(peer, origin, world.clock, this.#keepScore);
    this.#peers.set(peer, connected);
    this.#pending.add(connected);
    peer.start();
  }

  /** True if the remote's own address is not known, or is not told to it: behind a proxy, by name or at the proxy itself. */
  #isHidden(endpoint: Endpoint | undefined): boolean {
    const { proxyHost } = this.#options;
    if (proxyHost === undefined) return false;
    return endpoint === undefined || hostOf(endpoint.ip) === canonicalHost(proxyHost);
  }

  #peerHandlers(): PeerHandlers {
    const { dag, pool, world, filters, logger } = this.#deps;
    const { services, relayTransactions = true } = this.#options;
    const read = readable(logger);
    const isCurrent = () => this.#sync.isCurrent();
    const keepScore = this.#keepScore;
    return {
      version: (peer, message) => this.#versionReceived(peer, message),
      closed: (peer) => this.#closed(peer),
      received: (_, bytes, command) => this.#traffic.received(bytes, command),
      sent: (_, bytes, command) => this.#traffic.sent(bytes, command),
      messages: messageListeners({
        sync: this.#sync,
        blocks: new BlockServer({ dag, pool, world, read, keepScore, isCurrent }),
        filters: new FilterServer({
          dag,
          filters: (services & Services.cf) === 0n ? undefined : filters,
          world,
          read,
          isCurrent,
        }),
        bloom: new BloomService({ services, pool, world, keepScore }),
        exchange: this.#exchange,
        relayTransactions,
        peerOf: (peer) => this.#peers.get(peer),
      }),
    };
  }

  /** A remote introduced itself acceptably. Who is refused leaves no trace in the managers. */
  #versionReceived(peer: Peer, message: VersionMessage): void {
    const connected = this.#peers.get(peer);
    if (!connected) return;
    this.#pending.delete(connected);
    const refusal = this.#refusal(connected);
    if (refusal) {
      peer.disconnect(refusal);
      return;
    }
    this.#deps.dag.addTimeSample(connected.remoteHost, Number(message.timestamp));
    connected.relaysTransactions = message.relay;
    this.#exchange.connected(connected);
    this.#table.add(connected);
    this.#deps.logger.info(`New valid peer ${peer} (${printable(message.userAgent)})`);
    this.#sync.peerConnected(connected);
    this.#emitter.emit('added', connected.id);
  }

  #refusal(peer: ConnectedPeer): string | undefined {
    if (this.#state !== 'running') return 'shutting down';
    const { params } = this.#options;
    const outside = !peer.inbound && params.name !== 'simnet';
    const segwitActive = this.#deps.dag.snapshot().minHeight + 1 >= params.minerConfirmationWindow;
    if (outside && segwitActive && !peer.peer.witnessEnabled) return 'serves no witness data';
    return this.#admission.refusePeer(peer);
  }

  #closed(peer: Peer): void {
    const connected = this.#peers.get(peer);
    if (!connected) return;
    this.#peers.delete(peer);
    this.#pending.delete(connected);
    if (peer.verackReceived) this.#addresses.connected(peer.netAddress);
    if (this.#table.remove(connected)) {
      this.#deps.logger.info(`Lost peer ${peer}`);
      this.#sync.peerDisconnected(connected);
      this.#emitter.emit('removed', connected.id);
    }
    const { requestId } = connected.origin;
    if (requestId !== undefined) this.#outbound.connections.disconnected(requestId);
  }

  #now(): number {
    return Math.floor(this.#deps.world.clock.now() / 1000);
  }
}
