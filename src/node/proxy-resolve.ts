import type { Socket } from 'node:net';
import { concatBytes } from '../util/bytes.ts';
import { ipToString } from '../wire/index.ts';
import { checkProxiedHost, type SocksProxy } from './proxy.ts';

/** A lookup is given up after this, milliseconds. */
const LOOKUP_TIMEOUT = 30_000;
/** Tor's extension of SOCKS5 (https://spec.torproject.org/socks-extensions.html): look a name up, connect to nothing. */
const RESOLVE = 0xf0;
const VERSION = 5;
const NO_AUTHENTICATION = 0;
const PASSWORD = 2;
const NAME = 3;
const IPV4 = 1;
const IPV6 = 4;

/** What the status byte of an answer means, from 1 on. */
const FAILURES = [
  'tor general error',
  'tor not allowed',
  'tor network is unreachable',
  'tor host is unreachable',
  'tor connection refused',
  'tor TTL expired',
  'tor command not supported',
  'tor address type not supported',
];

/**
 * Looks a name up through Tor. Tor gives one address.
 * @param signal ends the lookup; it ends by itself after 30 s.
 * @throws {Error} with soterd 2.1.1's texts for what Tor answers.
 */
export async function resolveThroughTor(
  proxy: SocksProxy,
  host: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  checkProxiedHost(host);
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LOOKUP_TIMEOUT)]);
  const socket = await proxy.open(limited);
  const abort = () => socket.destroy(new Error('the lookup was given up'));
  limited.addEventListener('abort', abort, { once: true });
  try {
    const replies = new Replies(socket);
    await authenticate(socket, replies, proxy.credentials());
    const name = Buffer.from(host, 'latin1');
    socket.write(concatBytes(Uint8Array.of(VERSION, RESOLVE, 0, NAME, name.length), name, Uint8Array.of(0, 0)));
    const [version, status = 0, , type] = await replies.take(4);
    if (version !== VERSION || status > FAILURES.length) throw new Error('invalid proxy response');
    if (status > 0) throw new Error(FAILURES[status - 1]);
    if (type !== IPV4 && type !== IPV6) throw new Error('invalid address response');
    const ip = await replies.take(type === IPV4 ? 4 : 16);
    return [type === IPV4 ? ip.join('.') : ipToString(ip)];
  } finally {
    limited.removeEventListener('abort', abort);
    socket.destroy();
  }
}

async function authenticate(
  socket: Socket,
  replies: Replies,
  { user, password }: ReturnType<SocksProxy['credentials']>,
): Promise<void> {
  const methods = user === '' && password === '' ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, PASSWORD];
  socket.write(Uint8Array.of(VERSION, methods.length, ...methods));
  const [version, method] = await replies.take(2);
  if (version !== VERSION) throw new Error('invalid proxy response');
  if (method === NO_AUTHENTICATION) return;
  if (method !== PASSWORD || methods.length === 1) throw new Error('invalid proxy authentication method');
  const texts = [user, password].flatMap((text) => [Uint8Array.of(Buffer.byteLength(text)), Buffer.from(text)]);
  socket.write(concatBytes(Uint8Array.of(1), ...texts));
  const [, refused] = await replies.take(2);
  if (refused !== 0) throw new Error('the proxy refused user name and password');
}

/** Takes answers of known length from a socket, however they are cut. What is not asked for waits in the socket. */
class Replies {
  readonly #socket: Socket;
  #received: Uint8Array = new Uint8Array(0);
  #failure: Error | undefined;
  #wanted: { readonly length: number; resolve(bytes: Uint8Array): void; reject(error: Error): void } | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = concatBytes(this.#received, chunk);
      socket.pause();
      this.#serve();
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the proxy closed the connection')));
  }

  /** The next bytes. Rejects if the socket ends before they have come. */
  take(length: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#wanted = { length, resolve, reject };
      this.#serve();
    });
  }

  #serve(): void {
    const wanted = this.#wanted;
    if (!wanted) return;
    if (this.#received.length >= wanted.length) {
      this.#wanted = undefined;
      wanted.resolve(this.#received.subarray(0, wanted.length));
      this.#received = this.#received.subarray(wanted.length);
    } else if (this.#failure) {
      this.#wanted = undefined;
      wanted.reject(this.#failure);
    } else this.#socket.resume();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#serve();
  }
}
