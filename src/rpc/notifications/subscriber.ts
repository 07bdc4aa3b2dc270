/** A client that can be told something. */
export interface Subscriber {
  /** Queues a notification. A client that has too many waiting is disconnected. */
  notify(text: string): void;
  /** Ends the connection of a client that asks for more than the node keeps for one. */
  refuse(reason: string): void;
}

/** Addresses and outputs that one client may have in its filter, and again in its watches. */
export const MAX_WATCHED = 500_000;
