import type { Timer } from '../util/ports.ts';
import { type NetAddress, Services } from '../wire/index.ts';
import { AddressPool } from './address-pool.ts';
import { type LocalAddress, LocalAddresses, type LocalPriority } from './local-addresses.ts';
import { readPeersFile, writePeersFile } from './peers-file.ts';
import type { AddressCandidate, AddressManagerDeps, AddressManagerOptions } from './types.ts';

/** The file is written so often, milliseconds. */
const DUMP_INTERVAL = 600_000;
/** Own services when nothing else is said: Network, Bloom, Witness. */
const DEFAULT_OWN_SERVICES = 0x0dn;
/** Fewer addresses than this: peers should be asked for more. */
const NEED_MORE = 1000;
/** Share of the addresses told to one who asks, percent. */
const SHARE_PERCENT = 23;
/** Most addresses told to one who asks. */
const SHARE_LIMIT = 2500;
/** A working connection renews the time of sight at most this often, seconds. */
const REFRESH = 20 * 60;

/**
 * The pool of addresses of other nodes, and our own addresses: takes what peers tell, remembers what worked, proposes
 * whom to connect to, answers those who ask. Bounded by its buckets to about 80,000 addresses.
 */
export class AddressManager {
  readonly #deps: AddressManagerDeps;
  readonly #ownServices: bigint;
  readonly #local = new LocalAddresses();
  #pool: AddressPool;
  #timer: Timer | undefined;
  #starting: Promise<void> | undefined;
  /** The write under way, or the last one. */
  #writing: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor(options: AddressManagerOptions, deps: AddressManagerDeps) {
    this.#deps = deps;
    this.#ownServices = options.ownServices ?? DEFAULT_OWN_SERVICES;
    this.#pool = this.#emptyPool();
  }

  /** Known addresses. */
  get count(): number {
    return this.#pool.size;
  }

  /** Known addresses with which a handshake succeeded. */
  get triedCount(): number {
    return this.#pool.triedCount;
  }

  /** True if peers should be asked for addresses. */
  get needMore(): boolean {
    return this.count < NEED_MORE;
  }

  /**
   * Loads the file and begins to write it regularly. A file that cannot be understood is set aside with a warning and
   * the pool begins empty. Call before anything is added; a second call waits for the first.
   */
  start(): Promise<void> {
    this.#starting ??= this.#stopping ? Promise.resolve() : this.#start();
    return this.#starting;
  }

  /** Stops writing regularly, writes a last time and waits for it. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Writes the file now. A failure is logged. */
  dump(): Promise<void> {
    const { file, logger } = this.#deps;
    if (!file) return Promise.resolve();
    const write = async () => {
      try {
        await file.save(writePeersFile(this.#pool));
      } catch (error) {
        logger.error(`cannot write the peers file: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    this.#writing = this.#writing.then(write);
    return this.#writing;
  }

  /**
   * Takes addresses that `source` told. Those that nobody could connect to are dropped, and so are our own; a missing
   * timestamp means now.
   */
  add(addresses: readonly NetAddress[], source: NetAddress): void {
    const now = this.#now();
    for (const address of addresses) {
      if (this.#local.has(address)) continue;
      this.#pool.add({ ...own(address), timestamp: address.timestamp ?? now }, own(source), now);
    }
  }

  /**
   * A connection to this address is about to be tried. Call before dialling, so that dead addresses lose rank.
   * @param counts false if a failure says nothing about the address, because nothing at all can be reached perhaps.
   */
  attempt(address: NetAddress, counts = true): void {
    const record = this.#pool.find(address);
    if (!record) return;
    if (counts) record.attempts++;
    record.lastAttempt = this.#now();
  }

  /** A connection to this address worked until now. Call when a peer with a complete handshake has gone. */
  connected(address: NetAddress): void {
    const record = this.#pool.find(address);
    const now = this.#now();
    if (record && now - record.address.timestamp > REFRESH) record.address = { ...record.address, timestamp: now };
  }

  /** The handshake with this address succeeded. Call for outgoing connections. */
  good(address: NetAddress): void {
    const record = this.#pool.find(address);
    if (record) this.#pool.good(record, this.#now());
  }

  /** The services that a node itself stated in its handshake. */
  setServices(address: NetAddress, services: bigint): void {
    const record = this.#pool.find(address);
    if (record && record.address.services !== services) record.address = { ...record.address, services };
  }

  /** A candidate for an outgoing connection; undefined if nothing is known. The caller has rules of its own. */
  select(): AddressCandidate | undefined {
    return this.#pool.select(this.#now());
  }

  /** A random 23 % of the addresses, at most 2500: the answer to getaddr. */
  share(): NetAddress[] {
    const all = this.all();
    const count = Math.min(Math.floor((all.length * SHARE_PERCENT) / 100), SHARE_LIMIT);
    const { random } = this.#deps.world;
    for (let i = 0; i < count; i++) {
      const j = i + random.below(all.length - i);
      [all[i], all[j]] = [all[j]!, all[i]!];
    }
    return all.slice(0, count);
  }

  /** All addresses: the answer to getaddrcache. */
  all(): NetAddress[] {
    return Array.from(this.#pool.all(), ({ address }) => address);
  }

  /**
   * Adds an address of our own; it is none to connect to any more.
   * @throws {UnroutableAddressError}
   */
  addLocal(address: NetAddress, priority: LocalPriority): void {
    this.#local.add(address, priority);
    this.#forget(address);
  }

  /** Forgets an address of our own. */
  removeLocal(address: NetAddress): void {
    this.#local.remove(address);
  }

  /** Our own addresses. */
  localAddresses(): LocalAddress[] {
    return this.#local.list();
  }

  /** The own address to tell a remote; not routable if there is none for it. */
  bestLocal(remote: NetAddress): NetAddress {
    return this.#local.best(remote.ip, this.#ownServices);
  }

  #forget(address: NetAddress): void {
    const record = this.#pool.find(address);
    if (record) this.#pool.remove(record);
  }

  async #start(): Promise<void> {
    await this.#load();
    if (this.#stopping || !this.#deps.file) return;
    this.#timer = this.#deps.world.timers.every(DUMP_INTERVAL, () => void this.dump());
  }

  async #stop(): Promise<void> {
    // What is still being read must not be overwritten by the pool that is still empty.
    await this.#starting;
    this.#timer?.cancel();
    if (this.#starting) await this.dump();
    await this.#writing;
  }

  async #load(): Promise<void> {
    const { file, logger, world } = this.#deps;
    if (!file) return;
    try {
      const text = await file.load();
      if (text === undefined) return;
      this.#pool = readPeersFile(text, world.random, Services.network);
      for (const { address } of this.#local.list()) this.#forget(address);
      logger.info(`loaded ${this.count} addresses`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn(`cannot read the peers file, starting without addresses: ${reason}`);
      await this.#setAside();
    }
  }

  async #setAside(): Promise<void> {
    try {
      await this.#deps.file?.setAside();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#deps.logger.warn(`cannot set the damaged peers file aside: ${reason}`);
    }
  }

  #emptyPool(): AddressPool {
    const { random } = this.#deps.world;
    return new AddressPool(random.bytes(32), random);
  }

  #now(): number {
    return Math.floor(this.#deps.world.clock.now() / 1000);
  }
}

/** A copy that shares no memory with a received message. */
function own(address: NetAddress): NetAddress {
  return { ...address, ip: Uint8Array.from(address.ip) };
}
