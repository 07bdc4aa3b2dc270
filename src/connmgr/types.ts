import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';

/** What the manager needs of a byte stream. The rest is between dialer or listener and whoever takes the stream. */
export interface Stream {
  /** Remote endpoint, `ip:port`. */
  readonly remoteAddress: string;
  /** Ends the stream at once. */
  destroy(): void;
}

/** Makes outgoing connections. */
export interface Dialer<S extends Stream> {
  /**
   * Connects to `host:port`; the host may be a name.
   * @param signal aborted when the result is no longer wanted: the promise must then settle soon.
   * @returns the stream. Rejects with an Error if it cannot be had.
   */
  dial(address: string, signal: AbortSignal): Promise<S>;
}

/** One place where incoming connections arrive. */
export interface Listener<S extends Stream> {
  /** Where it listens, `ip:port` with the real port. */
  readonly address: string;
  /**
   * The next incoming connection. Called again only after the promise has settled.
   * Rejects if accepting failed, and for good once the listener is closed.
   */
  accept(): Promise<S>;
  /** Stops listening; a pending `accept` rejects. Idempotent. */
  close(): Promise<void>;
}

/** Looks names up. */
export interface Resolver {
  /**
   * IP addresses of a name, as text, best first.
   * @param signal aborted when the result is no longer wanted: the promise must then settle soon.
   */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** Where a connection request stands. */
export const RequestState = {
  /** Being dialled or about to be. */
  pending: 0,
  /** The last attempt failed, the next one waits. */
  failing: 1,
  /** Given up while it was not connected. */
  canceled: 2,
  established: 3,
  /** Was connected and is not wanted again. */
  disconnected: 4,
} as const;
export type RequestState = (typeof RequestState)[keyof typeof RequestState];

/** Why a request exists: to fill a slot, because the operator always wants it, or because it was asked for once. */
export type RequestKind = 'automatic' | 'permanent' | 'once';

/** A wish for an outgoing connection, as others see it at this moment. */
export interface ConnectionRequest {
  /** From 1, never used twice. */
  readonly id: number;
  readonly kind: RequestKind;
  /** `host:port`; undefined while an automatic request has no address yet. */
  readonly address: string | undefined;
  readonly state: RequestState;
  /** Failed attempts since the last success. */
  readonly retries: number;
}

/** Numbers of the manager. Times in milliseconds. */
export interface ConnectionManagerOptions {
  /** Outgoing connections to keep up. Default, and if not above 0: 8. */
  readonly targetOutbound?: number;
  /** Step of the pause between attempts of a permanent request. Default, and if not above 0: 5 s. */
  readonly retryDuration?: number;
  /** Longest pause. Default 5 min. */
  readonly maxRetryDuration?: number;
  /** Give up dialling after this. Default 30 s. */
  readonly dialTimeout?: number;
}

/** What a manager needs. */
export interface ConnectionManagerDeps<S extends Stream> {
  readonly world: World;
  readonly logger: Logger;
  readonly dialer: Dialer<S>;
  readonly listeners?: readonly Listener<S>[];
  /**
   * Proposes the address of the next automatic connection, `host:port`; undefined if there is none now. Without this
   * there are no automatic connections.
   */
  newAddress?(): string | undefined;
  /** True if this address is connected in another way (an incoming connection, say) and must not be dialled. */
  inUse?(address: string): boolean;
  /** An outgoing connection is there. The receiver owns the stream and reports its end with `disconnected`. */
  connected(request: ConnectionRequest, stream: S): void;
  /** An incoming connection is there; the receiver owns the stream. Without this nothing is accepted. */
  accepted?(stream: S): void;
}
