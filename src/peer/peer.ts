import { PROTOCOL_VERSION } from '../params/index.ts';
import type { Hash } from '../util/hash.ts';
import type { Timer } from '../util/ports.ts';
import { printable } from '../util/printable.ts';
import {
  type Command,
  type InvVector,
  type Message,
  type MessageOf,
  type NetAddress,
  RejectCode,
  type TxEncoding,
  type WireError,
} from '../wire/index.ts';
import { isLoopbackText, netAddressOf } from './address.ts';
import { Announcer } from './announcer.ts';
import { Connection } from './connection.ts';
import { checkVersion, notAVersion, type Refusal, reject, versionMessage, versionNonce } from './handshake.ts';
import { KnownInventory } from './known-inventory.ts';
import {
  DEFAULT_LIMITS,
  DEFAULT_TRICKLE_INTERVAL,
  MAX_ADDRESSES,
  MAX_SENT_USER_AGENT,
  type PeerLimits,
  ProtocolGate,
} from './limits.ts';
import type { Outgoing } from './output.ts';
import { PingMeter } from './ping.ts';
import { type AddressLists, addressCacheMessages, addressListMessages, LocatorMemory, sample } from './push.ts';
import { RemoteNode } from './remote-node.ts';
import { StallDetector } from './stall-detector.ts';
import type { MessageHandlersOf, PeerDepsOf, PeerHandlersOf, PeerOptions, PeerStats, SendOptions } from './types.ts';

/** See {@link MessageHandlersOf}. */
export type MessageHandlers = MessageHandlersOf<Peer>;
/** See {@link PeerHandlersOf}. */
export type PeerHandlers = PeerHandlersOf<Peer>;
/** See {@link PeerDepsOf}. */
export type PeerDeps = PeerDepsOf<Peer>;

/**
 * One remote node on one connection, from the handshake to the end: frames and decodes, queues and writes, trickles
 * inventory, measures pings, notices stalls, keeps statistics. It knows nothing about blocks; what messages mean is the
 * business of the handlers. Nothing a remote sends makes it throw or take more memory than its {@link PeerLimits}.
 */
export class Peer extends RemoteNode {
  /** True if the remote dialled us. */
  readonly inbound: boolean;
  /** Address text by which the peer is known, `host:port`. */
  readonly address: string;
  /** Address of the remote for tables of addresses. */
  readonly netAddress: NetAddress;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<string>;

  readonly #options: PeerOptions;
  readonly #deps: PeerDeps;
  readonly #limits: PeerLimits;
  readonly #ownVersion: number;
  readonly #connection: Connection;
  readonly #known: KnownInventory;
  readonly #announcer: Announcer;
  readonly #stalls: StallDetector;
  readonly #ping: PingMeter;
  readonly #getBlocks = new LocatorMemory();
  readonly #getHeaders = new LocatorMemory();
  #resolveClosed: (reason: string) => void = () => undefined;
  #timers: Timer[] = [];
  #started = false;

  #connectedAt = 0;

  /** @throws {RangeError} if the user agent is too long to be accepted by other nodes. */
  constructor(options: PeerOptions, deps: PeerDeps) {
    super(options.protocolVersion ?? PROTOCOL_VERSION);
    if (Buffer.byteLength(options.userAgent) > MAX_SENT_USER_AGENT) {
      throw new RangeError(`user agent longer than ${MAX_SENT_USER_AGENT} bytes`);
    }
    const { transport, world, logger } = deps;
    const { params } = options;
    this.#options = options;
    this.#deps = deps;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#ownVersion = this.protocolVersion;
    this.inbound = options.inbound;
    this.address = options.address ?? transport.remoteAddress;
    this.netAddress = options.netAddress ?? netAddressOf(transport.remoteAddress, options.services, this.#now());
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#known = new KnownInventory(this.#limits.knownInventory);
    this.#announcer = new Announcer(this.#known, this.#limits.queuedInventory, (inventory) =>
      this.send({ command: 'inv', inventory }),
    );
    this.#stalls = new StallDetector(world.clock, this.#limits.stallTimeout);
    this.#ping = new PingMeter(world.clock);
    const { magic, generation } = params;
    this.#connection = new Connection(
      { transport, world, logger, limits: this.#limits, magic, generation, protocolVersion: this.#ownVersion },
      {
        message: (message) => this.#message(message),
        messageFailed: (error, command) => deps.handlerFailed?.(error, command),
        undecodable: (error) => this.#undecodable(error),
        written: (message) => this.#written(message),
        backlog: (full) => (full ? this.#stalls.readingStopped() : this.#stalls.readingResumed()),
        received: (bytes, command) => deps.handlers.received?.(this, bytes, command),
        sent: (bytes, command) => deps.handlers.sent?.(this, bytes, command),
        closed: (reason) => this.#closed(reason),
      },
    );
  }

  /** True from the start until the connection begins to end. */
  get connected(): boolean {
    return this.#connection.connected;
  }

  /** Bytes waiting to be written. */
  get queuedBytes(): number {
    return this.#connection.queuedBytes;
  }

  /** `ip:port (inbound)` or `host:port (outbound)`. */
  override toString(): string {
    return `${this.address} (${this.inbound ? 'inbound' : 'outbound'})`;
  }

  /** Begins the handshake. A second call does nothing. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#connectedAt = this.#now();
    this.#connection.start();
    if (!this.inbound) this.#sendVersion();
  }

  /** Ends the connection at once; what waits to be written is dropped. Further calls do nothing. */
  disconnect(reason: string): void {
    this.#connection.end(reason);
  }

  /** Remembers that the remote has an item, so that it is not announced to it. */
  addKnownInventory(item: InvVector): void {
    this.#known.add(item);
  }

  /** True if the remote is known to have an item. */
  knowsInventory(item: InvVector): boolean {
    return this.#known.has(item);
  }

  /**
   * Queues a message. Before the remote's version is known and after the end of the connection it is dropped. A message
   * that the negotiated protocol version cannot carry ends the connection.
   */
  send(message: Message, options: SendOptions = {}): void {
    if (this.versionKnown) this.#connection.send(message, options.encoding ?? 'base', options.done);
    else options.done?.();
  }

  /** Queues a message and resolves when it was written, or never will be because the connection ended. */
  sendAndWait(message: Message, encoding: TxEncoding = 'base'): Promise<void> {
    return new Promise((resolve) => this.send(message, { encoding, done: resolve }));
  }

  /** Queues a message whose payload is encoded already; see {@link sendAndWait}. */
  sendEncodedAndWait(command: Command, payload: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.versionKnown) this.#connection.sendEncoded(command, payload, resolve);
      else resolve();
    });
  }

  /** Announces an item unless the remote knows it: blocks at once, the rest with the next trickle. */
  queueInventory(item: InvVector): void {
    if (this.connected && this.versionKnown) this.#announcer.add(item);
  }

  /**
   * Sends addresses, a random 1000 if there are more, nothing if there are none.
   * @returns what was sent.
   */
  pushAddresses(addresses: readonly NetAddress[]): readonly NetAddress[] {
    const chosen = sample(addresses, MAX_ADDRESSES, this.#deps.world.random);
    if (chosen.length > 0) this.send({ command: 'addr', addresses: chosen });
    return chosen;
  }

  /**
   * Sends all addresses in as many addrcache messages as needed, none if there is nothing. Generation 2 knows one list:
   * there the three are joined in the order outbound, inbound, known.
   */
  pushAddressCache(lists: AddressLists): void {
    const messages =
      this.#options.params.generation === 2
        ? addressCacheMessages([...lists.outbound, ...lists.inbound, ...lists.known])
        : addressListMessages(lists);
    for (const message of messages) this.send(message);
  }

  /**
   * Asks for the inventory of the blocks above `height`. A repetition of the request before is skipped unless it is
   * open-ended (zero stop hash): only that one may have another answer each time.
   * @param height locator; without one only the stop block is meant.
   */
  pushGetBlocks(height: number | undefined, stopHash: Hash): void {
    if (!this.#getBlocks.isNew(height, stopHash)) return;
    const locatorHeights = height === undefined ? [] : [height];
    this.send({ command: 'getblocks', protocolVersion: this.#ownVersion, locatorHeights, stopHash });
  }

  /** Asks for headers above `height`; repetitions as in {@link pushGetBlocks}. */
  pushGetHeaders(height: number | undefined, stopHash: Hash): void {
    if (!this.#getHeaders.isNew(height, stopHash)) return;
    const locatorHeights = height === undefined ? [] : [height];
    this.send({ command: 'getheaders', protocolVersion: 0, locatorHeights, stopHash });
  }

  /**
   * Tells the remote that a message was refused, if its protocol version knows rejects.
   * @param hash of the block or transaction; ignored for other commands.
   * @returns a promise that resolves when it was written or never will be.
   */
  pushReject(command: string, code: number, reason: string, hash?: Hash): Promise<void> {
    if (this.protocolVersion < ProtocolGate.reject) return Promise.resolve();
    return this.sendAndWait(reject(command, code, reason, hash));
  }

  /** Sends a ping with the given or a random nonce. A missing answer has no consequence. */
  ping(nonce = new DataView(this.#deps.world.random.bytes(8).buffer).getBigUint64(0)): void {
    this.send({ command: 'ping', nonce });
  }

  /** The numbers of this moment. */
  stats(): PeerStats {
    const connection = this.#connection;
    return {
      id: this.id,
      address: this.address,
      localAddress: this.#deps.transport.localAddress,
      userAgent: this.userAgent,
      services: this.services,
      inbound: this.inbound,
      version: this.statedVersion,
      connectedAt: this.#connectedAt,
      lastSend: connection.lastSend,
      lastReceive: connection.lastReceive,
      bytesSent: connection.bytesSent,
      bytesReceived: connection.bytesReceived,
      timeOffset: this.timeOffset,
      startHeight: this.startHeight,
      lastBlock: this.maxHeight,
      lastPingNonce: this.#ping.nonce,
      lastPingTime: this.#ping.sentAt,
      lastPingMicros: this.#ping.micros,
      bestPingMicros: this.#ping.bestMicros,
      queuedBytes: connection.queuedBytes,
      bufferedBytes: connection.bufferedBytes,
    };
  }

  #now(): number {
    return Math.floor(this.#deps.world.clock.now() / 1000);
  }

  #sendVersion(): void {
    const nonce = versionNonce(this.#deps.world.random);
    this.#deps.nonces.add(nonce);
    this.#connection.sendFirst(
      versionMessage(this.#options, {
        protocolVersion: this.#ownVersion,
        remote: this.netAddress,
        time: this.#now(),
        nonce,
        height: this.#deps.newestHeight(),
      }),
    );
  }

  #message(message: Message): void | Promise<void> {
    if (!this.versionKnown) return this.#negotiate(message);
    this.#stalls.received(message.command);
    this.#stalls.readingStopped();
    const handling = this.#dispatch(message);
    if (handling) return handling.finally(() => this.#stalls.readingResumed());
    this.#stalls.readingResumed();
    return undefined;
  }

  /** The first message: an acceptable version, or the connection ends. */
  #negotiate(message: Message): void | Promise<void> {
    if (message.command !== 'version') {
      this.#refuse(notAVersion(message.command, this.#options.params.generation));
      return undefined;
    }
    const refusal = checkVersion(message, this.#options, this.#deps.nonces);
    if (refusal) {
      this.#refuse(refusal);
      return undefined;
    }
    this.introduce(message, this.#deps.nextId(), this.#now());
    this.#connection.negotiate(this.protocolVersion, this.witnessEnabled ? 'witness' : 'base');
    const handling = this.#deps.handlers.version?.(this, message);
    if (handling) return handling.then(() => this.#run());
    this.#run();
    return undefined;
  }

  #refuse({ reason, reject }: Refusal): void {
    if (!reject) {
      this.#connection.end(reason);
      return;
    }
    this.#connection.sendFirst(reject);
    this.#connection.finish(reason);
  }

  /** Both versions are known: begins to write, trickle, ping and watch. */
  #run(): void {
    if (!this.connected) return;
    if (this.inbound) this.#sendVersion();
    this.#connection.open();
    this.send({ command: 'verack' });
    const { world } = this.#deps;
    const interval = this.#options.trickleInterval ?? 0;
    this.#announcer.start(world, interval > 0 ? interval : DEFAULT_TRICKLE_INTERVAL);
    this.#timers.push(
      world.timers.every(this.#limits.pingInterval, () => this.ping()),
      world.timers.every(this.#limits.stallTick, () => this.#checkStalls()),
    );
  }

  #dispatch(message: Message): void | Promise<void> {
    switch (message.command) {
      case 'version':
        void this.pushReject('version', RejectCode.duplicate, 'duplicate version message');
        this.#connection.finish('duplicate version');
        return undefined;
      case 'verack':
        if (this.verackReceived) {
          this.#connection.end('duplicate verack');
          return undefined;
        }
        this.noteVerack();
        break;
      case 'ping':
        if (this.protocolVersion > ProtocolGate.bip31) this.send({ command: 'pong', nonce: message.nonce });
        break;
      case 'pong':
        if (this.protocolVersion > ProtocolGate.bip31) this.#ping.answered(message.nonce);
        break;
      case 'sendheaders':
        this.noteSendHeaders();
        break;
    }
    return callHandler(this.#deps.handlers.messages, this, message.command, message);
  }

  /** Answers input that cannot be decoded: with a reject where the protocol foresees one, then with the end. */
  #undecodable(error: WireError): boolean {
    const reason = `Can't read message from ${this}: ${error.message}`;
    this.#deps.logger.debug(printable(reason));
    // The text names what the remote sent.
    const end = printable(error.message);
    if (!this.versionKnown || error.kind === 'eof') this.#connection.end(end);
    else if (error.kind === 'message' && this.#tolerant()) return true;
    else {
      void this.pushReject('malformed', RejectCode.malformed, reason);
      this.#connection.finish(end);
    }
    return false;
  }

  /** Regression tests on one machine may send nonsense and go on. */
  #tolerant(): boolean {
    return this.#options.params.name === 'regtest' && isLoopbackText(this.address);
  }

  #written({ command, nonce }: Outgoing): void {
    this.#stalls.sent(command);
    if (nonce !== undefined && this.protocolVersion > ProtocolGate.bip31) this.#ping.sent(nonce);
  }

  #checkStalls(): void {
    const command = this.#stalls.check();
    if (command) this.#connection.end(`no ${command} in time`);
  }

  #closed(reason: string): void {
    this.#deps.logger.debug(`${this}: ${reason}`);
    for (const timer of this.#timers) timer.cancel();
    this.#announcer.stop();
    this.#deps.handlers.closed?.(this, reason);
    this.#resolveClosed(reason);
  }
}

/** Calls the handler of a command, if there is one. */
function callHandler<C extends Exclude<Command, 'version'>>(
  handlers: MessageHandlers | undefined,
  peer: Peer,
  command: C,
  message: MessageOf<C>,
): void | Promise<void> {
  return handlers?.[command]?.(peer, message);
}
