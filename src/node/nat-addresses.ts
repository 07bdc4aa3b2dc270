import { ipOfHost, LocalPriority, UnroutableAddressError } from '../addrmgr/index.ts';
import type { Resolver } from '../connmgr/index.ts';
import { HostPortError, splitHostPort } from '../util/host-port.ts';
import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import { ipFromString, isMappedIpv4, type NetAddress } from '../wire/index.ts';
import { type FindGateway, PortForwarder } from './nat.ts';

/** What decides which addresses of this node others are told. */
export interface OwnAddressOptions {
  /** `--externalip`: host, with or without port. */
  readonly externalAddresses: readonly string[];
  /** Whether the router is asked to forward the port. */
  readonly upnp: boolean;
  /** Port of the network. */
  readonly defaultPort: number;
  readonly services: bigint;
  /** Where the node listens, `ip:port`. */
  readonly listening: readonly string[];
}

/** What {@link OwnAddresses} works with. */
export interface OwnAddressDeps {
  readonly world: World;
  readonly logger: Logger;
  readonly resolver: Resolver;
  readonly findGateway: FindGateway;
  /** IP addresses of this machine's interfaces. */
  interfaces(): readonly string[];
  /** Takes an address up. @throws {UnroutableAddressError} */
  add(address: NetAddress, priority: LocalPriority): void;
  remove(address: NetAddress): void;
}

/**
 * Finds out how others can reach this node: what the operator says; or else the addresses that it listens on, and, if
 * wanted, that of a router which forwards the port. Nothing waits for it.
 */
export class OwnAddresses {
  readonly #options: OwnAddressOptions;
  readonly #deps: OwnAddressDeps;
  #forwarder: PortForwarder | undefined;
  #forwarded: NetAddress | undefined;
  /** Lookups of the operator's host names. */
  #lookups: readonly Promise<void>[] = [];
  readonly #stopped = new AbortController();

  constructor(options: OwnAddressOptions, deps: OwnAddressDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Takes up what is known at once; the rest follows in the background. */
  start(): void {
    const { externalAddresses, listening, upnp } = this.#options;
    if (this.#stopped.signal.aborted) return;
    this.#lookups = externalAddresses.map((text) => this.#addExternal(text));
    // What the operator says is the whole truth.
    if (externalAddresses.length > 0 || listening.length === 0) return;
    for (const address of listening) this.#addListening(address);
    if (upnp) this.#forward();
  }

  /** Gives a forwarded port back and ends lookups. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([this.#forwarder?.stop(), ...this.#lookups]);
  }

  async #addExternal(text: string): Promise<void> {
    const { logger } = this.#deps;
    const endpoint = this.#externalEndpoint(text);
    if (!endpoint) {
      logger.warn(`Can not parse port from ${text} for externalip`);
      return;
    }
    try {
      const ip = await this.#ipOf(endpoint.host);
      if (this.#stopped.signal.aborted) return;
      this.#deps.add({ services: this.#options.services, ip, port: endpoint.port }, LocalPriority.manual);
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof UnroutableAddressError) logger.warn(`Skipping specified external IP: ${reason}`);
      else logger.warn(`Not adding ${text} as externalip: ${reason}`);
    }
  }

  #externalEndpoint(text: string): { readonly host: string; readonly port: number } | undefined {
    const { defaultPort } = this.#options;
    try {
      const { host, port } = splitHostPort(text);
      const number = /^\d{1,5}$/u.test(port) ? Number(port) : 0;
      return number > 0 && number <= 65535 ? { host, port: number } : undefined;
    } catch (error) {
      if (!(error instanceof HostPortError)) throw error;
      return { host: text, port: defaultPort };
    }
  }

  async #ipOf(host: string): Promise<Uint8Array> {
    const literal = ipOfHost(host);
    if (literal) return literal;
    const [first] = await this.#deps.resolver.resolve(host, this.#stopped.signal);
    const ip = first === undefined ? undefined : ipFromString(first);
    if (!ip) throw new Error(`no addresses found for ${host}`);
    return ip;
  }

  /** A listener on all addresses stands for those of every interface; that of IPv6 may include IPv4. */
  #addListening(address: string): void {
    const { host, port } = splitHostPort(address);
    const ip = ipFromString(host);
    if (!ip) return;
    const ipv4Only = isMappedIpv4(ip);
    const everywhere = ip.subarray(ipv4Only ? 12 : 0).every((byte) => byte === 0);
    const ips = everywhere ? this.#deps.interfaces().flatMap((text) => ipFromString(text) ?? []) : [ip];
    for (const own of ips) {
      if (!ipv4Only || isMappedIpv4(own)) this.#add(own, Number(port), LocalPriority.bound);
    }
  }

  #forward(): void {
    const { world, logger, findGateway } = this.#deps;
    const ports = this.#options.listening.map((address) => Number(splitHostPort(address).port));
    const [port = this.#options.defaultPort] = ports;
    this.#forwarder = new PortForwarder(port, {
      findGateway,
      world,
      logger,
      changed: (external) => {
        if (this.#forwarded) this.#deps.remove(this.#forwarded);
        this.#forwarded = external && { services: this.#options.services, ...external };
        if (external && !this.#add(external.ip, external.port, LocalPriority.upnp))
          logger.warn('The router itself has no public address: others cannot connect through it');
      },
    });
    this.#forwarder.start();
  }

  /** @returns false if nobody outside could reach the address. */
  #add(ip: Uint8Array, port: number, priority: LocalPriority): boolean {
    try {
      this.#deps.add({ services: this.#options.services, ip, port }, priority);
      return true;
    } catch (error) {
      if (!(error instanceof UnroutableAddressError)) throw error;
      this.#deps.logger.debug(`Not advertised: ${error.message}`);
      return false;
    }
  }
}
