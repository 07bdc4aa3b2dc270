import { joinHostPort, splitHostPort } from '../util/host-port.ts';
import { listenErrorText } from '../util/listen-error.ts';
import type { Logger } from '../util/log.ts';
import type { Random, Timers } from '../util/ports.ts';
import { ipFromString } from '../wire/index.ts';
import { RpcDispatcher } from './dispatcher.ts';
import { encodeJson } from './json/encode.ts';
import type { Method } from './methods/define.ts';
import { rpcMethods } from './methods/index.ts';
import { openRpcDocument } from './openrpc.ts';
import type { RpcPorts } from './ports.ts';
import { Authenticator, type Credentials } from './transport/auth.ts';
import { HttpHandler } from './transport/http-handler.ts';
import { HttpListener, type ListenAddress, type TlsIdentity } from './transport/listener.ts';
import { WebSocketEndpoint } from './transport/websocket.ts';
import type { LogIn } from './websocket/client.ts';
import { SocketHub } from './websocket/hub.ts';
import { readLogIn } from './websocket/log-in.ts';

/** How long running requests get to finish when the server stops, milliseconds. */
const DRAIN_TIME = 500;

/** The head of a request must arrive within this time, and the body within it again, milliseconds. */
const READ_TIME_LIMIT = 10_000;

/** A client must take something of its answer within this time, milliseconds. */
const WRITE_TIME_LIMIT = 60_000;

/** Settings of the RPC server. */
export interface RpcServerOptions {
  /** `ip:port`; an empty host means every address of the machine. */
  readonly listen: readonly string[];
  readonly admin: Credentials;
  readonly limited: Credentials;
  /** Requests at a time. */
  readonly maxClients: number;
  /** WebSocket clients at a time, beside those of HTTP. */
  readonly maxWebSockets: number;
  /** Requests of one WebSocket client at a time. */
  readonly maxConcurrentRequests: number;
  /** See {@link RpcDispatcher}. */
  readonly quirks: boolean;
  /** Absent for plain HTTP. */
  readonly tls?: TlsIdentity;
  /** Time for a client to send the head of a request, and again for the body, milliseconds; default ten seconds. */
  readonly readTimeLimit?: number;
  /** Time in which a client must take something of its answer, milliseconds; default a minute. */
  readonly writeTimeLimit?: number;
}

/** What the RPC server needs. */
export interface RpcServerDeps {
  readonly ports: RpcPorts;
  readonly logger: Logger;
  readonly timers: Timers;
  readonly random: Random;
  /** The methods to serve; default all. */
  readonly methods?: ReadonlyMap<string, Method>;
}

/** The manager of the JSON-RPC interface. */
export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #deps: RpcServerDeps;
  readonly #handler: HttpHandler;
  readonly #hub: SocketHub;
  readonly #webSockets: WebSocketEndpoint;
  #listeners: HttpListener[] = [];
  /** Made for the first client that asks for it. */
  #document: string | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: RpcServerOptions, deps: RpcServerDeps) {
    this.#options = options;
    this.#deps = deps;
    const { logger, ports, timers, random, methods = rpcMethods } = deps;
    const dispatcher = new RpcDispatcher({ quirks: options.quirks }, { methods, ports, logger });
    const authenticator = new Authenticator(options.admin, options.limited);
    this.#handler = new HttpHandler(
      {
        maxClients: options.maxClients,
        bodyTimeLimit: options.readTimeLimit ?? READ_TIME_LIMIT,
        writeTimeLimit: options.writeTimeLimit ?? WRITE_TIME_LIMIT,
      },
      {
        authenticator,
        logger,
        timers,
        answer: (body, user, caller) => dispatcher.handle(body, user, caller),
        document: () => {
          this.#document ??= encodeJson(openRpcDocument(methods, versionText(ports.settings.version)));
          return this.#document;
        },
      },
    );
    this.#hub = new SocketHub(
      { maxClients: options.maxWebSockets, maxRequests: options.maxConcurrentRequests },
      {
        ports,
        timers,
        random,
        logger,
        logIn: (text) => logIn(text, authenticator),
        answer: (text, user, caller, session) => dispatcher.handleMessage(text, user, caller, session),
      },
    );
    this.#webSockets = new WebSocketEndpoint({
      authenticator,
      logger,
      accept: (channel, user) => this.#hub.accept(channel, user),
    });
  }

  /** Clients that are connected by WebSocket. */
  get webSocketClients(): number {
    return this.#hub.count;
  }

  /**
   * Opens the listeners and returns their addresses. One that fails is a warning.
   * @throws {Error} if an address is no IP address, or no listener could be opened.
   */
  async start(): Promise<readonly string[]> {
    const { logger } = this.#deps;
    this.#hub.start();
    const opened: string[] = [];
    for (const address of this.#options.listen.map(parseListenAddress)) {
      const listener = new HttpListener(
        { headTimeLimit: this.#options.readTimeLimit ?? READ_TIME_LIMIT, tls: this.#options.tls },
        {
          onRequest: (request, response) => this.#handler.handle(request, response),
          upgrader: this.#webSockets,
          timers: this.#deps.timers,
        },
      );
      try {
        const bound = await listener.listen(address);
        this.#listeners.push(listener);
        opened.push(bound);
        logger.info(`RPC server listening on ${bound}`);
      } catch (error) {
        logger.warn(`Can't listen on ${joinHostPort(address.host, address.port)}: ${listenErrorText(error)}`);
      }
    }
    if (opened.length === 0) throw new Error('RPCS: No valid listen address');
    return opened;
  }

  /** Closes the listeners, lets running requests finish for a moment, then cuts what is left. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { logger, timers } = this.#deps;
    logger.warn('RPC server shutting down');
    this.#handler.beginClosing();
    const listeners = this.#listeners;
    this.#listeners = [];
    const limit = timers.after(DRAIN_TIME, () => {
      this.#hub.cutAll();
      for (const listener of listeners) listener.closeAll();
    });
    await Promise.all([this.#hub.stop(), ...listeners.map((listener) => listener.close())]);
    limit.cancel();
    logger.info('RPC server shutdown complete');
  }
}

/** Checks the first message of a WebSocket client. */
function logIn(text: string, authenticator: Authenticator): LogIn | undefined {
  const request = readLogIn(text);
  const user = request && authenticator.checkPair(request.user, request.password);
  return user && { user, answer: request.answer };
}

/** @param version `major*1000000 + minor*10000 + patch*100` */
function versionText(version: number): string {
  return [version / 1_000_000, (version / 10_000) % 100, (version / 100) % 100].map(Math.trunc).join('.');
}

/** An IPv6 address may have a zone, `fe80::1%eth0`. */
function parseListenAddress(address: string): ListenAddress {
  const { host, port } = splitHostPort(address);
  if (host !== '' && !ipFromString(host.replace(/%.+$/u, ''))) throw new Error(`'${host}' is not a valid IP address`);
  return { host, port: Number(port) };
}
