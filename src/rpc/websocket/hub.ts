import type { Logger } from '../../util/log.ts';
import type { Random, Timers } from '../../util/ports.ts';
import type { RpcUser } from '../dispatcher.ts';
import { DagFeed } from '../notifications/dag-feed.ts';
import { Notifier } from '../notifications/notifier.ts';
import type { RpcPorts } from '../ports.ts';
import type { MessageChannel } from './channel.ts';
import { type ClientDeps, SocketClient } from './client.ts';

/** Settings of the WebSocket side. */
export interface HubOptions {
  /** Clients at a time; more are refused. */
  readonly maxClients: number;
  /** Requests of one client that run at a time. */
  readonly maxRequests: number;
}

/** What the hub works with. */
export interface HubDeps extends Pick<ClientDeps, 'logIn' | 'answer'> {
  readonly ports: RpcPorts;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

/** All WebSocket clients of the node, and who tells them what happens. */
export class SocketHub {
  readonly #options: HubOptions;
  readonly #deps: HubDeps;
  readonly #notifier: Notifier;
  readonly #dagFeed: DagFeed;
  readonly #clients = new Set<SocketClient>();
  #subscriptions: (() => void)[] = [];
  #stopping = false;
  #emptied: (() => void) | undefined;

  constructor(options: HubOptions, deps: HubDeps) {
    this.#options = options;
    this.#deps = deps;
    const { ports, timers, random } = deps;
    const { params, mempool, dag, events } = ports;
    this.#notifier = new Notifier({ params, poolSpender: (outpoint) => mempool?.spenderOf(outpoint) });
    this.#dagFeed = new DagFeed({ dag, events, timers, random });
  }

  /** Clients that are connected. */
  get count(): number {
    return this.#clients.size;
  }

  /** Begins to follow what happens in the node. */
  start(): void {
    const { events } = this.#deps.ports;
    if (!events) return;
    this.#subscriptions = [
      events.onBlock((block) => this.#notifier.blockConnected(block)),
      events.onTransaction((transaction) => this.#notifier.transactionAccepted(transaction)),
    ];
  }

  /** Takes a new connection. @param user known if the upgrade request carried credentials. */
  accept(channel: MessageChannel, user: RpcUser | undefined): void {
    const { timers, random, logger, logIn, answer } = this.#deps;
    const { maxClients, maxRequests } = this.#options;
    if (this.#stopping || this.#clients.size >= maxClients) {
      if (!this.#stopping)
        logger.info(`Max websocket clients exceeded [${maxClients}] - disconnecting client ${channel.address}`);
      channel.cut();
      return;
    }
    const id = Buffer.from(random.bytes(8)).readBigUInt64LE();
    const client = new SocketClient(
      channel,
      { id, maxRequests, user },
      {
        timers,
        logger,
        notifier: this.#notifier,
        dagFeed: this.#dagFeed,
        logIn,
        answer,
        left: (gone) => this.#left(gone),
      },
    );
    this.#clients.add(client);
    logger.info(`New websocket client ${channel.address}`);
    client.start();
  }

  /** Takes no more clients and lets those there are finish what runs; resolves when all have gone. */
  stop(): Promise<void> {
    this.#stopping = true;
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    this.#dagFeed.stop();
    const gone = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const client of [...this.#clients]) client.stop();
    if (this.#clients.size === 0) this.#emptied?.();
    return gone;
  }

  /** Ends all connections, whatever still runs. */
  cutAll(): void {
    for (const client of [...this.#clients]) client.cut();
  }

  #left(client: SocketClient): void {
    this.#clients.delete(client);
    this.#deps.logger.info(`Disconnected websocket client ${client.address}`);
    if (this.#clients.size === 0) this.#emptied?.();
  }
}
