import { lookup } from 'node:dns/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Dialer, Listener, Resolver } from '../connmgr/index.ts';
import type { Transport, TransportHandlers } from '../peer/index.ts';
import { joinHostPort, splitHostPort } from '../util/host-port.ts';
import { hostPort, ipFromString } from '../wire/index.ts';

/** How long an orderly end may take before the socket is cut, milliseconds. */
const LINGER = 2_000;
/** Accepted connections that nobody has taken yet; more are refused. */
const MAX_WAITING = 128;
/** Addresses of one name that are tried in turn. */
const MAX_ADDRESSES = 4;
/** How long one of them may take while others are left, milliseconds: all together must fit into one dial. */
const ADDRESS_TIMEOUT = 7_000;

/** `ip:port` as everywhere in this program: IPv4 dotted also on dual-stack sockets, no zone. */
function endpoint(address: string | undefined, port: number | undefined): string {
  const text = (address ?? '').replace(/%.*$/u, '');
  const ip = ipFromString(text);
  return ip ? hostPort(ip, port ?? 0) : joinHostPort(text, port ?? 0);
}

/** A TCP connection as a byte stream for a peer. */
export class TcpTransport implements Transport {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly #socket: Socket;
  #handlers: TransportHandlers | undefined;
  #error: Error | undefined;
  /** We end the stream; arriving data is dropped. */
  #closing = false;
  #ended = false;
  #corked = false;

  /**
   * Takes over a connected socket that has not been read from.
   * @param remoteAddress who is at the other end, if that is not who the socket is connected to: behind a proxy.
   */
  constructor(socket: Socket, remoteAddress?: string) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress ?? endpoint(socket.remoteAddress, socket.remotePort);
    this.localAddress = endpoint(socket.localAddress, socket.localPort);
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#end());
  }

  setHandlers(handlers: TransportHandlers): void {
    this.#handlers = handlers;
    const socket = this.#socket;
    if (socket.destroyed) {
      this.#ended = true;
      setImmediate(() => handlers.close(this.#error));
      return;
    }
    socket.on('data', (chunk: Buffer) => {
      if (!this.#ended && !this.#closing) handlers.data(chunk);
    });
    socket.on('drain', () => {
      if (!this.#ended && !this.#closing) handlers.drain();
    });
    // A remote that will send no more has left, whether or not it would still read.
    socket.on('end', () => {
      if (this.#closing) return;
      this.#end();
      this.destroy();
    });
    socket.resume();
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (this.#ended || this.#closing || socket.destroyed) return false;
    // Everything that is written in one turn of the event loop leaves in one system call.
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(() => this.#uncork());
    }
    return socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#ended) this.#socket.resume();
  }

  close(): void {
    const socket = this.#socket;
    if (socket.destroyed || this.#closing) return;
    this.#closing = true;
    this.#uncork();
    socket.end();
    // Data left unread would turn the end into a reset, and the remote would lose our last words: read and drop it.
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER).unref();
    socket.on('close', () => clearTimeout(timer));
  }

  destroy(): void {
    this.#uncork();
    this.#socket.destroy();
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  #end(): void {
    if (this.#ended || !this.#handlers) return;
    this.#ended = true;
    this.#handlers.close(this.#error);
  }
}

/** The system's name resolution. */
export const systemResolver: Resolver = {
  async resolve(host, signal) {
    const results = await unlessAborted(lookup(host, { all: true, verbatim: true }), signal);
    return results.map(({ address }) => address);
  },
};

/** What a promise gives, or a rejection as soon as `signal` is aborted: the system's lookups cannot be ended. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error('the lookup was given up'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Connects over TCP; names are looked up and their addresses tried in turn. */
export class TcpDialer implements Dialer<TcpTransport> {
  readonly #resolver: Resolver;
  readonly #open: typeof openSocket;
  readonly #addressTimeout: number;

  /** @param how sockets are opened and how long that may take; otherwise than usual in tests. */
  constructor(resolver: Resolver = systemResolver, how = { open: openSocket, addressTimeout: ADDRESS_TIMEOUT }) {
    this.#resolver = resolver;
    this.#open = how.open;
    this.#addressTimeout = how.addressTimeout;
  }

  async dial(address: string, signal: AbortSignal): Promise<TcpTransport> {
    const { host, port } = splitHostPort(address);
    const found = ipFromString(host) ? [host] : await this.#resolver.resolve(host, signal);
    const ips = found.slice(0, MAX_ADDRESSES);
    let failure = new Error(`no addresses found for ${host}`);
    for (const [index, ip] of ips.entries()) {
      signal.throwIfAborted();
      const isLast = index === ips.length - 1;
      const limited = isLast ? signal : AbortSignal.any([signal, AbortSignal.timeout(this.#addressTimeout)]);
      try {
        return new TcpTransport(await this.#open(ip, Number(port), limited));
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
      }
    }
    throw failure;
  }
}

/** Connects to an address of TCP; the socket is paused. Rejects soon after `signal` was aborted. */
export function openSocket(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host, port });
    const abort = () => socket.destroy(new Error('dialling was given up'));
    const failed = (error: Error) => {
      signal.removeEventListener('abort', abort);
      reject(error);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', failed);
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.removeListener('error', failed);
      resolve(socket.pause());
    });
  });
}

interface Waiter {
  resolve(transport: TcpTransport): void;
  reject(error: Error): void;
}

/** A TCP port at which connections are accepted. */
export class TcpListener implements Listener<TcpTransport> {
  readonly address: string;
  readonly #server: Server;
  readonly #arrived: TcpTransport[] = [];
  #error: Error | undefined;
  #waiter: Waiter | undefined;
  #closed = false;

  private constructor(server: Server) {
    this.#server = server;
    const bound = server.address();
    this.address = typeof bound === 'object' && bound ? endpoint(bound.address, bound.port) : String(bound);
    server.on('connection', (socket) => this.#connection(socket));
    server.on('error', (error) => this.#failure(error));
  }

  /**
   * Begins to listen at `ip:port`; port 0 takes any free one. An IPv6 wildcard does not include IPv4.
   * Rejects with the system's error if the address cannot be had.
   */
  static listen(address: string): Promise<TcpListener> {
    const { host, port } = splitHostPort(address);
    return new Promise((resolve, reject) => {
      const server = createServer({ pauseOnConnect: true });
      server.once('error', reject);
      server.listen({ host, port: Number(port), ipv6Only: host.includes(':') }, () => {
        server.removeListener('error', reject);
        resolve(new TcpListener(server));
      });
    });
  }

  accept(): Promise<TcpTransport> {
    if (this.#closed) return Promise.reject(new Error('listener is closed'));
    const error = this.#error;
    this.#error = undefined;
    if (error) return Promise.reject(error);
    const next = this.#arrived.shift();
    if (next) return Promise.resolve(next);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      // Connections that were taken live on; only the port is given back.
      this.#server.close();
      for (const transport of this.#arrived.splice(0)) transport.destroy();
      this.#takeWaiter()?.reject(new Error('listener is closed'));
    }
    return new Promise((resolve) => setImmediate(resolve));
  }

  #connection(socket: Socket): void {
    if (this.#closed || this.#arrived.length >= MAX_WAITING) {
      socket.destroy();
      return;
    }
    const transport = new TcpTransport(socket);
    const waiter = this.#takeWaiter();
    if (waiter) waiter.resolve(transport);
    else this.#arrived.push(transport);
  }

  #failure(error: Error): void {
    const waiter = this.#takeWaiter();
    if (waiter) waiter.reject(error);
    else this.#error = error;
  }

  #takeWaiter(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    return waiter;
  }
}
