import type { NetworkParams } from '../params/index.ts';
import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import type { Command, MessageOf, NetAddress, TxEncoding } from '../wire/index.ts';
import type { PeerLimits } from './limits.ts';
import type { SentNonces } from './nonces.ts';
import type { Transport } from './transport.ts';

/**
 * Called with each message of a peer after the handshake, one at a time and in order: the next message is not read
 * before the returned promise resolves. That is the flow control against floods of blocks and transactions. A handler
 * must not throw; if it does, the error goes to {@link PeerDepsOf.handlerFailed} and the connection ends.
 */
export type MessageHandlersOf<P> = {
  readonly [C in Exclude<Command, 'version'>]?: (peer: P, message: MessageOf<C>) => void | Promise<void>;
};

/** What a peer reports. All are optional; a message without handler is ignored. */
export interface PeerHandlersOf<P> {
  /**
   * The remote's version was accepted: id, services, heights and negotiated version are set, and messages may be
   * queued, but our own version may not have been sent yet (inbound). Disconnecting in here refuses the peer.
   */
  readonly version?: (peer: P, message: MessageOf<'version'>) => void | Promise<void>;
  readonly messages?: MessageHandlersOf<P>;
  /** The connection has ended; exactly once per started peer. No other handler is called afterwards. */
  readonly closed?: (peer: P, reason: string) => void;
  /** A message was received, so many bytes long with its header; without a command if it could not be decoded. */
  readonly received?: (peer: P, bytes: number, command: Command | undefined) => void;
  /** A message was sent, so many bytes long with its header. */
  readonly sent?: (peer: P, bytes: number, command: Command) => void;
}

/** Who we are to the remote, and which connection this is. */
export interface PeerOptions {
  /** The network: magic, genesis hash, generation of the rules. */
  readonly params: NetworkParams;
  /** True if the remote dialled us. */
  readonly inbound: boolean;
  /** Service bits that we offer. */
  readonly services: bigint;
  /** Our user agent, at most 240 bytes; its `soterd` part decides which major version is accepted. */
  readonly userAgent: string;
  /** The relay flag of our version: whether the remote should announce transactions to us. Default true. */
  readonly relay?: boolean;
  /** Highest protocol version that we speak. Default 70013. */
  readonly protocolVersion?: number;
  /** Address text by which the peer is known. Default: the transport's remote address. */
  readonly address?: string;
  /** Address of the remote as kept in tables. Default: from the transport, with our services, seen now. */
  readonly netAddress?: NetAddress;
  /** The connection goes through a proxy: the version names 0.0.0.0:0 instead of the remote. Default false. */
  readonly proxied?: boolean;
  /** Milliseconds between inventory batches. Default, and if not above 0: 10 s. */
  readonly trickleInterval?: number;
  /** Deviations from the usual limits. */
  readonly limits?: Partial<PeerLimits>;
}

/** What a peer needs. */
export interface PeerDepsOf<P> {
  readonly transport: Transport;
  readonly world: World;
  readonly logger: Logger;
  readonly handlers: PeerHandlersOf<P>;
  /** Nonces of our own version messages, shared by all peers of a node: recognises connections to ourselves. */
  readonly nonces: SentNonces;
  /** Gives out peer ids, 1, 2, … counted over all peers of a node. */
  nextId(): number;
  /** Height to put into our version: the greatest height in the DAG. */
  newestHeight(): number;
  /** Told of an exception in a handler, which is a defect of this program. The connection ends in any case. */
  handlerFailed?(error: unknown, command: Command): void;
}

/** How a message is sent. */
export interface SendOptions {
  /** Form of transactions. Default `base`, which makes a difference only for `tx` and `block`. */
  readonly encoding?: TxEncoding;
  /** Called once when the message was written, or when it never will be because the connection ended. */
  readonly done?: () => void;
}

/** Point-in-time numbers of a connection. Times are Unix seconds unless stated otherwise; 0 means never. */
export interface PeerStats {
  readonly id: number;
  readonly address: string;
  /** Our end of the connection, `ip:port`. */
  readonly localAddress: string;
  readonly userAgent: string;
  /** Services of the remote. */
  readonly services: bigint;
  readonly inbound: boolean;
  /** Protocol version that the remote advertised, not the negotiated one. */
  readonly version: number;
  readonly connectedAt: number;
  readonly lastSend: number;
  readonly lastReceive: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Their clock minus ours at the handshake, seconds. */
  readonly timeOffset: number;
  readonly startHeight: number;
  /** Greatest height that the remote is believed to have. */
  readonly lastBlock: number;
  /** Nonce of the ping that has not been answered, 0 if there is none. */
  readonly lastPingNonce: bigint;
  /** When the last ping was written, milliseconds since the epoch. */
  readonly lastPingTime: number;
  /** Round trip of the last answered ping, microseconds. */
  readonly lastPingMicros: number;
  /** The shortest round trip of all pings, microseconds. */
  readonly bestPingMicros: number;
  /** Bytes waiting to be written. */
  readonly queuedBytes: number;
  /** Bytes received and not yet decoded. */
  readonly bufferedBytes: number;
}
