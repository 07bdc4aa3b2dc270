/** What a transport tells its user. Callbacks never run inside a call of the user to the transport. */
export interface TransportHandlers {
  /** Bytes arrived. The array belongs to the receiver from now on. Not called while paused, nor after `close`. */
  data(chunk: Uint8Array): void;
  /** What was written has been taken over by the network; writing may go on after `write` had returned false. */
  drain(): void;
  /** The stream has ended, for whatever reason, exactly once. `error` is absent if it ended in an orderly way. */
  close(error?: Error): void;
}

/**
 * One byte stream to a remote node, with back-pressure in both directions. `src/node/` implements it over sockets,
 * `testing.ts` in memory, a simulation over its virtual links.
 */
export interface Transport {
  /** Remote endpoint as `ip:port`, IPv6 as `[ip]:port`. */
  readonly remoteAddress: string;
  /** Local endpoint in the same form. */
  readonly localAddress: string;
  /** Sets the callbacks. Nothing is delivered, and nothing lost, before. */
  setHandlers(handlers: TransportHandlers): void;
  /**
   * Writes bytes, which must not be changed afterwards.
   * @returns false if the buffer is full: the bytes are accepted, but the writer should wait for `drain`.
   * Ignored after the end of the stream.
   */
  write(bytes: Uint8Array): boolean;
  /** Stops delivering data; the remote is slowed down once the buffers in between are full. */
  pause(): void;
  /** Goes on delivering data. */
  resume(): void;
  /** Ends the stream after what was written has been sent; arriving data is dropped. */
  close(): void;
  /** Ends the stream at once; what was not yet sent is lost. */
  destroy(): void;
}
