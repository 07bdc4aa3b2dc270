import type { DagFeed } from '../notifications/dag-feed.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { Subscriber } from '../notifications/subscriber.ts';

/** A WebSocket client, as far as methods may care. */
export interface SocketSession extends Subscriber {
  /** Random, unsigned 64 bits. */
  readonly id: bigint;
  readonly notifier: Notifier;
  readonly dagFeed: DagFeed;
  /** Resolves when the client has taken most of what waits for it, or has gone: for work that tells it much. */
  drained(): Promise<void>;
  /** Runs long work of this client, one piece after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Ends the connection without a word. */
  hangUp(reason: string): void;
}
