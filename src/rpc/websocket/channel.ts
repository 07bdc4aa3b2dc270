/** What a {@link MessageChannel} reports. */
export interface ChannelHandlers {
  /** A whole message, text or binary alike. */
  message(text: string): void;
  /** Something arrived, be it only the answer to a ping. */
  alive(): void;
  /** The connection has ended; nothing is reported afterwards. */
  closed(): void;
}

/** One WebSocket connection, as whoever talks through it sees it. The real one is in `transport/`. */
export interface MessageChannel {
  /** Remote address, `ip:port`. */
  readonly address: string;
  /** To be called at once, before anything can arrive. */
  setHandlers(handlers: ChannelHandlers): void;
  /**
   * Sends a text message.
   * @param taken called when the system has taken all of it, or when it never will.
   */
  send(text: string, taken: () => void): void;
  ping(): void;
  /** Stops reading; what has arrived already may still be reported. */
  pause(): void;
  resume(): void;
  /** Lifts the limit on what a stranger may send. */
  trust(): void;
  /** Says why with a close frame (RFC 6455, section 7.4), after what was sent, and ends the connection. */
  close(code: number, reason: string): void;
  /** Ends the connection at once. */
  cut(): void;
}
