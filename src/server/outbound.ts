import { type AddressManager, hostOf } from '../addrmgr/index.ts';
import { ConnectionManager, type ConnectionManagerDeps, seedFromDns } from '../connmgr/index.ts';
import type { Transport } from '../peer/index.ts';
import type { Timer } from '../util/ports.ts';
import { AddressSource } from './address-source.ts';
import { Anchors } from './anchors.ts';
import type { BanList } from './ban-list.ts';
import type { PeerTable } from './peer-table.ts';
import type { PeerHandlerDeps, PeerHandlerOptions } from './ports.ts';

const DEFAULT_TARGET_OUTBOUND = 8;
/** How often the outgoing connections are written down. */
const ANCHOR_INTERVAL_MS = 600_000;

/** What the peer handler gives to {@link Outbound}: its tables, and where connections go. */
export interface OutboundParts
  extends Required<Pick<ConnectionManagerDeps<Transport>, 'inUse' | 'connected' | 'accepted'>> {
  readonly addresses: AddressManager;
  readonly table: PeerTable;
  readonly bans: BanList;
  /** Most connected peers of all kinds. */
  readonly maxPeers: number;
}

/**
 * Whom this node connects to: what the operator wants, the connections of the last run, and addresses that it heard of or
 * that DNS seeds tell. It owns the connection manager.
 */
export class Outbound {
  readonly connections: ConnectionManager<Transport>;
  readonly #options: PeerHandlerOptions;
  readonly #deps: PeerHandlerDeps;
  readonly #parts: OutboundParts;
  readonly #anchors: Anchors;
  readonly #seeding = new AbortController();
  #seeded: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(options: PeerHandlerOptions, deps: PeerHandlerDeps, parts: OutboundParts) {
    this.#options = options;
    this.#deps = deps;
    this.#parts = parts;
    this.#anchors = new Anchors(deps.logger, deps.anchorsFile);
    const { params, targetOutbound = DEFAULT_TARGET_OUTBOUND, connectOnly = [] } = options;
    const { world, logger, loggers, dialer, listeners = [] } = deps;
    const { addresses, table, maxPeers, inUse, connected, accepted } = parts;
    const source = new AddressSource({
      addresses,
      anchors: this.#anchors,
      table,
      defaultPort: params.p2pPort,
      clock: world.clock,
      requests: () => this.connections.requests(),
      isAllowed: ({ ip }) => this.#isDialable(hostOf(ip)),
    });
    const automatic = params.name !== 'simnet' && connectOnly.length === 0 && maxPeers > 0;
    this.connections = new ConnectionManager<Transport>(
      { targetOutbound: Math.min(targetOutbound, maxPeers) },
      {
        world,
        logger: loggers?.connections ?? logger,
        dialer: source.recording(dialer),
        listeners,
        ...(automatic && { newAddress: () => source.next() }),
        inUse,
        connected,
        accepted,
      },
    );
  }

  /** Reads the connections of the last run. */
  load(): Promise<void> {
    return this.#anchors.load();
  }

  /** Begins to accept and to dial. */
  start(): void {
    const { addPeers = [], connectOnly = [] } = this.#options;
    for (const address of new Set(connectOnly.length > 0 ? connectOnly : addPeers)) {
      this.connections.connect(address, true);
    }
    this.connections.start();
    this.#seed();
    // A process that is killed leaves anchors as well.
    const save = () => void this.#anchors.save(this.#automatic());
    this.#timer = this.#deps.world.timers.every(ANCHOR_INTERVAL_MS, save);
  }

  /** Ends that, and notes whom this node is connected with now; established connections are left to their owner. */
  async stop(): Promise<void> {
    this.#seeding.abort();
    this.#timer?.cancel();
    const anchors = this.#automatic();
    await Promise.all([this.connections.stop(), this.#seeded]);
    await this.#anchors.save(anchors);
  }

  /** Automatic connections that were good enough to begin with next time, the oldest first. */
  #automatic(): string[] {
    const peers = [...this.#parts.table.connected()].filter(({ inbound, origin }) => !inbound && !origin.permanent);
    return peers.map(({ address }) => address);
  }

  /** True if an automatic connection may lead to this host. */
  #isDialable(host: string): boolean {
    const reachable = this.#options.onionReachable !== false || !host.endsWith('.onion');
    return reachable && !this.#parts.bans.isBanned(host);
  }

  /** Asks DNS for peers, in the background. */
  #seed(): void {
    const { params, dnsSeed = true, connectOnly = [] } = this.#options;
    const { resolver, world, logger, loggers } = this.#deps;
    if (!dnsSeed || !resolver || connectOnly.length > 0 || params.name === 'simnet') return;
    this.#seeded = seedFromDns({
      seeds: params.dnsSeeds,
      port: params.p2pPort,
      resolver,
      world,
      logger: loggers?.connections ?? logger,
      signal: this.#seeding.signal,
      found: (addresses) => {
        const [source] = addresses;
        if (source) this.#parts.addresses.add(addresses, source);
        this.connections.wake();
      },
    });
  }
}
