import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import { splitHostPort } from '../util/host-port.ts';
import type { Random } from '../util/ports.ts';
import type { ProxyConfig } from './config/index.ts';
import { openSocket } from './tcp.ts';

/** A proxy must have connected us within this time, milliseconds. The connection manager gives up as soon. */
const HANDSHAKE_TIMEOUT = 30_000;
/** Random bytes of a user name and of a password that exist for one connection. */
const CREDENTIAL_BYTES = 16;
/** Longest user name and password that SOCKS5 can carry. */
const MAX_CREDENTIAL = 255;
/** What SOCKS5 can carry as a host: a length in one byte, and no encoding is agreed for other characters. */
const HOST = /^[\x21-\x7e]{1,255}$/u;

/** User name and password at a proxy. Both empty: none are offered. */
export interface ProxyCredentials {
  readonly user: string;
  readonly password: string;
}

/** A SOCKS5 proxy (RFC 1928, RFC 1929). Names go to it as they are, so that nobody else is asked for them. */
export class SocksProxy {
  readonly #config: ProxyConfig;
  readonly #random: Random;

  constructor(config: ProxyConfig, random: Random) {
    this.#config = config;
    this.#random = random;
  }

  /** A connection to the proxy itself, paused. */
  open(signal: AbortSignal): Promise<Socket> {
    const { host, port } = splitHostPort(this.#config.address);
    return openSocket(host, Number(port), signal);
  }

  /** What to say at the proxy this time. */
  credentials(): ProxyCredentials {
    const { user, password, isolate } = this.#config;
    if (!isolate) return { user, password };
    const text = (): string => Buffer.from(this.#random.bytes(CREDENTIAL_BYTES)).toString('hex');
    return { user: text(), password: text() };
  }

  /**
   * Connects to a host through the proxy. The socket is paused and nothing of what the host sent is lost.
   * Rejects with the proxy's reason; soon after `signal` was aborted; and after 30 s.
   */
  async connect(host: string, port: number, signal: AbortSignal): Promise<Socket> {
    checkProxiedHost(host);
    const socket = await this.open(signal);
    let failure: Error | undefined;
    // The library listens for errors only while it works; afterwards the transport does.
    socket.on('error', (error) => {
      failure = error;
    });
    const abort = () => socket.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await this.#handshake(socket, host, port);
      await takeOver(socket);
      if (socket.destroyed) throw failure ?? new Error('the proxy closed the connection');
      return socket;
    } catch (error) {
      socket.destroy();
      // The library's error carries its options, password included: only the text goes on.
      throw new Error(error instanceof Error ? error.message : String(error));
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #handshake(socket: Socket, host: string, port: number): Promise<void> {
    const { user, password } = this.credentials();
    // The library would throw where nobody can catch it.
    if ([user, password].some((text) => Buffer.byteLength(text) > MAX_CREDENTIAL))
      throw new Error(`user name and password at a proxy have at most ${MAX_CREDENTIAL} bytes`);
    const proxy = splitHostPort(this.#config.address);
    const connected = SocksClient.createConnection({
      command: 'connect',
      destination: { host, port },
      proxy: { type: 5, host: proxy.host, port: Number(proxy.port), userId: user, password },
      timeout: HANDSHAKE_TIMEOUT,
      existing_socket: socket,
    });
    socket.resume();
    await connected;
  }
}

/** @throws {Error} if SOCKS5 cannot carry this host. */
export function checkProxiedHost(host: string): void {
  if (!HOST.test(host)) throw new Error('the proxy cannot be given this host: it is empty, too long or not ASCII');
}

/**
 * Takes a socket back from the library, which hands over what came behind the proxy's answer one turn later and lets it
 * flow from then on.
 */
async function takeOver(socket: Socket): Promise<void> {
  const early: Buffer[] = [];
  const collect = (chunk: Buffer) => early.push(chunk);
  socket.on('data', collect);
  await new Promise((resolve) => setImmediate(resolve));
  socket.pause();
  socket.removeListener('data', collect);
  if (!socket.destroyed) for (const chunk of early.reverse()) socket.unshift(chunk);
}
