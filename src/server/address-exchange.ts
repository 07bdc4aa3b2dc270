import { type AddressManager, addressKey, isRoutable } from '../addrmgr/index.ts';
import type { NetworkParams } from '../params/index.ts';
import type { Clock } from '../util/ports.ts';
import {
  type AddrCacheListsMessage,
  type AddrCacheMessage,
  isMappedIpv4,
  MAX_ADDRESSES,
  type NetAddress,
} from '../wire/index.ts';
import type { ConnectedPeer } from './connected-peer.ts';
import type { PeerTable } from './peer-table.ts';

/** Protocol version from which addresses carry the time they were seen. */
const TIMED_ADDRESS_VERSION = 31_402;
/** An address seen further in the future than this is taken for one seen long ago, seconds. */
const FUTURE_SECONDS = 600;
/** What "long ago" means, seconds. */
const LONG_AGO_SECONDS = 5 * 86_400;
/** Addresses in one answer to getaddrcache. Peers can make what we know grow, and who asks must be able to take the answer. */
const MAX_ADDRESSES_TOLD = 25_000;
/** Services of addresses that are known by their text alone. */
const KNOWN_SERVICES = 0x4dn;

/** What the address exchange works with. */
export interface AddressExchangeDeps {
  readonly params: NetworkParams;
  readonly addresses: AddressManager;
  readonly table: PeerTable;
  readonly clock: Clock;
  /** True if others can connect to us. */
  readonly listening: boolean;
}

/** The three lists of a generation 4 address exchange, as texts. */
export interface AddressCacheTexts {
  readonly inbound: readonly string[];
  readonly outbound: readonly string[];
  readonly known: readonly string[];
}

/** Learns and tells addresses of nodes. */
export class AddressExchange {
  readonly #deps: AddressExchangeDeps;
  /** On simnet nodes know each other by configuration. */
  readonly #closed: boolean;

  constructor(deps: AddressExchangeDeps) {
    this.#deps = deps;
    this.#closed = deps.params.name === 'simnet';
  }

  /** An outgoing handshake succeeded: says where we can be reached and asks for more addresses if there are few. */
  connected(peer: ConnectedPeer): void {
    if (this.#closed || peer.inbound) return;
    const { addresses, listening } = this.#deps;
    const { netAddress, protocolVersion, services } = peer.peer;
    if (listening) this.#advertise(peer);
    if (addresses.needMore && protocolVersion >= TIMED_ADDRESS_VERSION) {
      peer.addressBudget.grant(MAX_ADDRESSES);
      peer.peer.send({ command: 'getaddr' });
    }
    addresses.good(netAddress);
    addresses.setServices(netAddress, services);
  }

  /** We can be reached elsewhere now: tells those who were told another address, or none. */
  ownAddressesChanged(): void {
    if (this.#closed || !this.#deps.listening) return;
    for (const peer of this.#deps.table.connected()) if (!peer.inbound) this.#advertise(peer);
  }

  /** Tells an incoming peer, once, some of the addresses that it does not know yet. */
  getAddr(peer: ConnectedPeer): void {
    if (this.#closed || !peer.inbound || peer.addressesSent) return;
    peer.addressesSent = true;
    const unknown = this.#deps.addresses.share().filter((address) => !peer.knownAddresses.has(address));
    for (const address of peer.peer.pushAddresses(unknown)) peer.knownAddresses.add(address);
  }

  /** Takes addresses that a peer tells, as many as its budget allows. */
  addr(peer: ConnectedPeer, addresses: readonly NetAddress[]): void {
    if (this.#closed || peer.peer.protocolVersion < TIMED_ADDRESS_VERSION) return;
    if (addresses.length === 0) {
      peer.disconnect('addr without addresses');
      return;
    }
    const now = this.#now();
    const accepted = addresses.slice(0, peer.addressBudget.take(addresses.length)).map((address) => {
      const tooNew = (address.timestamp ?? 0) > now + FUTURE_SECONDS;
      return tooNew ? { ...address, timestamp: now - LONG_AGO_SECONDS } : address;
    });
    for (const address of accepted) peer.knownAddresses.add(address);
    this.#deps.addresses.add(accepted, peer.peer.netAddress);
  }

  /**
   * Tells a peer every address we know, within reason. Generation 2: those of our outgoing connections, of the pool, and what the peer
   * itself told, without its own. Generation 4: three lists. Only IPv4, because known nodes of generation 4 crash on
   * anything else.
   */
  getAddrCache(peer: ConnectedPeer): void {
    if (!peer.addressCacheLimit.allow()) return;
    const { params } = this.#deps;
    const seen = new Set<string>([addressKey(peer.peer.netAddress)]);
    const fresh = (address: NetAddress) => {
      const key = addressKey(address);
      if (seen.has(key) || !isMappedIpv4(address.ip)) return false;
      seen.add(key);
      return true;
    };
    const peers = [...this.#deps.table.connected()].filter((other) => other !== peer);
    const addressesOf = (inbound: boolean) =>
      peers.filter((other) => other.inbound === inbound).map(({ peer: { netAddress } }) => netAddress);
    const outbound = addressesOf(false).filter(fresh);
    const inbound = params.generation === 2 ? [] : addressesOf(true).filter(fresh);
    const tellers = params.generation === 2 ? [peer] : this.#deps.table.connected();
    const room = MAX_ADDRESSES_TOLD - inbound.length - outbound.length;
    const known: NetAddress[] = [];
    for (const address of this.#known(tellers)) {
      if (known.length >= room) break;
      if (fresh(address)) known.push(address);
    }
    peer.peer.pushAddressCache({ inbound, outbound, known });
  }

  /** Addresses of the pool, then those that peers told. */
  *#known(tellers: Iterable<ConnectedPeer>): Iterable<NetAddress> {
    yield* this.#deps.addresses.all();
    const timestamp = this.#now();
    for (const { knownAddresses } of tellers) {
      for (const address of knownAddresses.list()) yield { ...address, services: KNOWN_SERVICES, timestamp };
    }
  }

  /** Remembers what a peer answered; nothing of it enters the pool. */
  addrCache(peer: ConnectedPeer, message: AddrCacheMessage | AddrCacheListsMessage): void {
    const told = 'addresses' in message ? message.addresses : [...message.outbound, ...message.known];
    for (const address of told) peer.knownAddresses.add(address);
  }

  /** What the connected peers told so far, by text: the view of RPC. In generation 2 only `known` is shown. */
  cache(): AddressCacheTexts {
    const peers = [...this.#deps.table.connected()];
    const textsOf = (inbound: boolean) => peers.filter((peer) => peer.inbound === inbound).map((peer) => peer.address);
    const inbound = textsOf(true);
    const outbound = textsOf(false);
    const connected = new Set(this.#deps.params.generation === 2 ? [] : [...inbound, ...outbound]);
    const known = new Set(peers.flatMap(({ knownAddresses }) => [...knownAddresses.keys()]));
    return { inbound, outbound, known: [...known].filter((text) => !connected.has(text)) };
  }

  #advertise(peer: ConnectedPeer): void {
    const own = this.#deps.addresses.bestLocal(peer.peer.netAddress);
    if (!isRoutable(own.ip) || peer.knownAddresses.has(own)) return;
    const address = { ...own, timestamp: this.#now() };
    peer.peer.pushAddresses([address]);
    peer.knownAddresses.add(address);
  }

  #now(): number {
    return Math.floor(this.#deps.clock.now() / 1000);
  }
}
