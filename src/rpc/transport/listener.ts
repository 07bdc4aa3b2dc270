import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { joinHostPort } from '../../util/host-port.ts';
import type { Timers } from '../../util/ports.ts';

/** How long a connection may stay open between two requests, milliseconds. */
const IDLE_TIME_LIMIT = 60_000;
/** How often Node.js enforces its time limits, milliseconds. */
const CHECK_INTERVAL = 1000;
/** Open connections of one listener, requests running or not. */
const MAX_CONNECTIONS = 1000;
/** First byte of every TLS connection: a handshake record. */
const TLS_HANDSHAKE = 0x16;

/** Certificate and private key, PEM. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** Where to listen. An empty host means every address of the machine. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Who takes over connections that turn from HTTP to another protocol. */
export interface Upgrader {
  /** Whether this request may; others are served as if they had not asked. */
  handles(request: IncomingMessage): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Settings of {@link HttpListener}. Time limits are in milliseconds. */
export interface HttpListenerOptions {
  /** For the head of a request, and for the TLS handshake before it. */
  readonly headTimeLimit: number;
  /** Between two requests of a connection; default one minute. */
  readonly idleTimeLimit?: number;
  /** Default 1000. */
  readonly maxConnections?: number;
  /** Absent for plain HTTP. */
  readonly tls?: TlsIdentity;
}

/** What {@link HttpListener} needs. */
export interface HttpListenerDeps {
  readonly onRequest: RequestListener;
  readonly upgrader: Upgrader;
  readonly timers: Timers;
}

/** An HTTP or HTTPS server on one address. */
export class HttpListener {
  readonly #http: Server;
  readonly #front: NetServer;
  readonly #held = new Set<Socket>();
  readonly #headTimeLimit: number;
  readonly #timers: Timers;

  constructor(options: HttpListenerOptions, { onRequest, upgrader, timers }: HttpListenerDeps) {
    const { headTimeLimit, idleTimeLimit = IDLE_TIME_LIMIT, maxConnections = MAX_CONNECTIONS, tls } = options;
    this.#headTimeLimit = headTimeLimit;
    this.#timers = timers;
    const settings = {
      headersTimeout: headTimeLimit,
      requestTimeout: 0,
      keepAliveTimeout: idleTimeLimit,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL, headTimeLimit),
      requireHostHeader: false,
    };
    const secure = tls && {
      cert: tls.certificate,
      key: tls.key,
      minVersion: 'TLSv1.2' as const,
      handshakeTimeout: headTimeLimit,
    };
    this.#http = secure
      ? createHttpsServer({ ...settings, ...secure }, onRequest)
      : createHttpServer(settings, onRequest);
    this.#http.on('clientError', (error: Error & { code?: string }, socket: Socket) => answerGarbage(error, socket));
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (upgrader.handles(request)) upgrader.upgrade(request, socket, head);
      else this.#serveWithoutUpgrade(request, socket, head);
    });
    this.#front = tls ? createNetServer((socket) => this.#sortOut(socket)) : this.#http;
    this.#front.maxConnections = maxConnections;
  }

  /** Begins to listen; resolves with `host:port`, rejects with the system's error. */
  listen(address: ListenAddress): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#front.once('error', reject);
      this.#front.listen({ host: address.host === '' ? undefined : address.host, port: address.port }, () => {
        this.#front.off('error', reject);
        const bound = this.#front.address();
        resolve(
          typeof bound === 'object' && bound !== null
            ? joinHostPort(bound.address, bound.port)
            : joinHostPort(address.host, address.port),
        );
      });
    });
  }

  /** Takes no more connections and drops those without a running request; resolves when the rest has ended. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#front.close(() => resolve()));
    for (const socket of this.#held) socket.destroy();
    this.#http.closeIdleConnections();
    return closed;
  }

  /** Cuts every connection. */
  closeAll(): void {
    this.#http.closeAllConnections();
  }

  /**
   * Node.js gives up reading as soon as a request asks for an upgrade, be it one to HTTP/2 as curl sends it: such a request
   * is put back in front of what follows it, without the wish.
   */
  #serveWithoutUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
    this.#http.emit(this.#front === this.#http ? 'connection' : 'secureConnection', socket);
  }

  /** Tells a TLS handshake from a plain HTTP request, which gets an explanation instead of silence. */
  #sortOut(socket: Socket): void {
    const limit = this.#timers.after(this.#headTimeLimit, () => socket.destroy());
    this.#held.add(socket);
    socket.once('close', () => {
      limit.cancel();
      this.#held.delete(socket);
    });
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      if (first[0] === TLS_HANDSHAKE) {
        limit.cancel();
        this.#held.delete(socket);
        socket.pause();
        socket.unshift(first);
        this.#http.emit('connection', socket);
      } else {
        socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
      }
    });
  }
}

/** The head of a request as it was received, but without the headers that ask for an upgrade. */
function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase();
    if (name !== 'upgrade' && name !== 'connection') lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Errors of connections that are cut off without a word. */
const SILENT_ERRORS = new Set(['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_TLS_HANDSHAKE_TIMEOUT', 'ECONNRESET']);

/** What is no HTTP gets one line and is cut off. */
function answerGarbage(error: Error & { code?: string }, socket: Socket): void {
  if (SILENT_ERRORS.has(error.code ?? '') || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`,
    () => socket.destroy(),
  );
}
