/** Protocol versions at which a message or field begins to exist; see docs/protocol.md. */
export const ProtocolGate = {
  /** Lowest version that is talked to. */
  minimum: 209,
  /** Above this a ping carries a nonce and is answered (BIP31). */
  bip31: 60000,
  /** From here reject messages exist. */
  reject: 70002,
} as const;

/** Most characters of a user agent: longer ones make a version message that other nodes refuse. Bytes of UTF-8. */
export const MAX_SENT_USER_AGENT = 240;

/** Entries of one trickled inv message. */
export const MAX_TRICKLED_INVENTORY = 1000;

/** Addresses in one addr or addrcache message. */
export const MAX_ADDRESSES = 1000;

/** Milliseconds between two batches of announced transactions. */
export const DEFAULT_TRICKLE_INTERVAL = 10_000;

/**
 * Bounds of one connection. Times in milliseconds. The first group is what soterd 2.1.1 does and peers rely on; the
 * second bounds what a hostile or broken remote can cost.
 */
export interface PeerLimits {
  /** The handshake must end within this time. */
  readonly negotiationTimeout: number;
  /** Between two pings. */
  readonly pingInterval: number;
  /** Without a message for this long the connection is given up. Time spent in handlers does not count. */
  readonly idleTimeout: number;
  /** How often overdue answers are looked for. */
  readonly stallTick: number;
  /** How long an answer may take; a getheaders has three times as long. */
  readonly stallTimeout: number;
  /** Items remembered as known to the remote. */
  readonly knownInventory: number;

  /** Inventory waiting for the trickle; beyond it the oldest entry is dropped. */
  readonly queuedInventory: number;
  /** Input that is read ahead while a handler runs, bytes. */
  readonly readAhead: number;
  /** Waiting output from which on no further message is read, bytes. */
  readonly outputPause: number;
  /** Waiting output that ends the connection, bytes. */
  readonly outputLimit: number;
  /** Output of one write to the transport, bytes: the unit in which progress is observed. */
  readonly outputSlice: number;
  /** A remote that takes no output for this long is given up. */
  readonly outputTimeout: number;
  /** Within each of these periods an unfinished message must be completed or grow by `progressBytes`. */
  readonly progressPeriod: number;
  /** See `progressPeriod`. */
  readonly progressBytes: number;
  /** Largest payload of any message: that of a block, though rarer messages could be larger. Bytes. */
  readonly payload: number;
  /** Largest payload before the remote's version was read, bytes. */
  readonly handshakePayload: number;
  /** A handler that neither returns nor gets output written for this long is taken for hung. */
  readonly handlerTimeout: number;
  /** How long a last message may take to be written before the connection is cut anyway. */
  readonly lingerTimeout: number;
}

/** The limits used unless stated otherwise. */
export const DEFAULT_LIMITS: PeerLimits = {
  negotiationTimeout: 30_000,
  pingInterval: 120_000,
  idleTimeout: 300_000,
  stallTick: 15_000,
  stallTimeout: 30_000,
  knownInventory: 1000,
  queuedInventory: 10_000,
  readAhead: 256 * 1024,
  outputPause: 1024 * 1024,
  outputLimit: 16 * 1024 * 1024,
  outputSlice: 64 * 1024,
  outputTimeout: 60_000,
  progressPeriod: 30_000,
  progressBytes: 8 * 1024,
  payload: 4_000_000,
  handshakePayload: 64 * 1024,
  handlerTimeout: 600_000,
  lingerTimeout: 10_000,
};
