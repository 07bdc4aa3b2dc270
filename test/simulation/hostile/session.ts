import { type NetworkParams, PROTOCOL_VERSION } from '../../../src/params/index.ts';
import type { Transport } from '../../../src/peer/index.ts';
import {
  encodeMessage,
  FrameDecoder,
  type Message,
  Services,
  UNKNOWN_IP,
  type VersionMessage,
  type WireContext,
  WireError,
} from '../../../src/wire/index.ts';
import { SIM_PARAMS } from '../sim-params.ts';

/** What the user of a session is told. */
export interface SessionEvents {
  /** Both versions are known. */
  opened(): void;
  /** @returns true if the message was dealt with; otherwise it gets the answer of a node that has nothing. */
  received(message: Message): boolean;
  closed(): void;
}

/** How a session introduces itself. */
export interface SessionManners {
  readonly version: Partial<VersionMessage>;
  /** Does not introduce itself at all. */
  readonly silent: boolean;
  /** Default: the network of simulations. */
  readonly params?: NetworkParams;
}

function contextOf({ magic, generation }: NetworkParams): WireContext {
  return { magic, generation, encoding: 'witness', protocolVersion: PROTOCOL_VERSION };
}

/** A connection to a node whose every message is decided by its user: it can send what no honest node would. */
export class Session {
  /** IP of the node at the other end. */
  readonly target: string;
  readonly inbound: boolean;
  readonly #transport: Transport;
  readonly #events: SessionEvents;
  readonly #manners: SessionManners;
  readonly #params: NetworkParams;
  readonly #decoder: FrameDecoder;
  #remote: VersionMessage | undefined;
  #closed = false;

  /** @param inbound true if the node dialled. */
  constructor(transport: Transport, inbound: boolean, manners: SessionManners, events: SessionEvents) {
    this.target = transport.remoteAddress.slice(0, transport.remoteAddress.lastIndexOf(':'));
    this.inbound = inbound;
    this.#transport = transport;
    this.#manners = manners;
    this.#params = manners.params ?? SIM_PARAMS;
    this.#decoder = new FrameDecoder(contextOf(this.#params));
    this.#events = events;
    transport.setHandlers({
      data: (chunk) => this.#data(chunk),
      drain: () => undefined,
      close: () => this.#ended(),
    });
    if (!inbound && !manners.silent) this.introduce();
  }

  /** True once both versions are known, until the end. */
  get isOpen(): boolean {
    return this.#remote !== undefined && !this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Height that the node stated. */
  get remoteHeight(): number {
    return this.#remote?.lastBlock ?? 0;
  }

  /** Sends version and verack. */
  introduce(): void {
    this.send(versionMessage({ genesisHash: this.#params.genesisHash, ...this.#manners.version }));
    this.send({ command: 'verack' });
  }

  /** Sends a message, witness data included. */
  send(message: Message): void {
    this.raw(frame(message, this.#params));
  }

  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void {
    if (!this.#closed) this.#transport.write(bytes);
  }

  /** Reads no more. */
  stopReading(): void {
    this.#transport.pause();
  }

  close(): void {
    this.#transport.close();
    this.#ended();
  }

  #data(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    for (;;) {
      let message: Message | undefined;
      try {
        message = this.#decoder.next();
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        this.close();
      }
      if (!message || this.#closed) return;
      this.#message(message);
    }
  }

  #message(message: Message): void {
    if (message.command === 'version' && !this.#remote) {
      this.#remote = message;
      if (this.inbound && !this.#manners.silent) this.introduce();
      this.#events.opened();
      return;
    }
    if (!this.#events.received(message)) this.#answer(message);
  }

  /** What a node without any block would answer. */
  #answer(message: Message): void {
    if (message.command === 'ping') this.send({ command: 'pong', nonce: message.nonce });
    else if (message.command === 'getblocks') this.send({ command: 'inv', inventory: [] });
    else if (message.command === 'getdata') this.send({ command: 'notfound', inventory: message.inventory });
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.closed();
  }
}

/** The frame of a message. */
export function frame(message: Message, params: NetworkParams = SIM_PARAMS): Uint8Array {
  return encodeMessage(message, contextOf(params));
}

/** A version that nodes accept; fields can be replaced. */
export function versionMessage(fields: Partial<VersionMessage>): VersionMessage {
  return {
    command: 'version',
    protocolVersion: PROTOCOL_VERSION,
    services: Services.network | Services.bloom | Services.witness,
    timestamp: 0n,
    receiver: { services: 1n, ip: UNKNOWN_IP, port: 0 },
    sender: { services: 13n, ip: UNKNOWN_IP, port: 0 },
    nonce: 0n,
    userAgent: '/soterwire:0.6.0/soterd:2.1.1/',
    genesisHash: SIM_PARAMS.genesisHash,
    lastBlock: 0,
    relay: true,
    ...fields,
  };
}
