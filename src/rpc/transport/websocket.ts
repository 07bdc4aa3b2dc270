import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { joinHostPort } from '../../util/host-port.ts';
import type { Logger } from '../../util/log.ts';
import type { RpcUser } from '../dispatcher.ts';
import type { ChannelHandlers, MessageChannel } from '../websocket/channel.ts';
import type { Authenticator } from './auth.ts';
import { MAX_BODY_SIZE } from './http-handler.ts';
import { splitTarget } from './paths.ts';

/** The only path with WebSockets. */
const PATH = '/ws';
/** Bytes that may arrive before a client has logged in. */
const STRANGER_BYTES = 64 * 1024;

/** What {@link WebSocketEndpoint} needs. */
export interface WebSocketEndpointDeps {
  readonly authenticator: Authenticator;
  readonly logger: Logger;
  /** Takes a connection. @param user known if the request carried credentials. */
  accept(channel: MessageChannel, user: RpcUser | undefined): void;
}

/** Turns upgrade requests into message channels (RFC 6455 version 13; no subprotocols, no compression, any origin). */
export class WebSocketEndpoint {
  readonly #deps: WebSocketEndpointDeps;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_BODY_SIZE,
  });

  constructor(deps: WebSocketEndpointDeps) {
    this.#deps = deps;
    this.#server.on('wsClientError', (_error, socket) => refuse(socket, '400 Bad Request'));
  }

  /** Whether a request asks for this endpoint. */
  handles(request: IncomingMessage): boolean {
    return splitTarget(request.url ?? '/').path === PATH;
  }

  /** Serves a request for an upgrade. @param head what arrived behind it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { authenticator, logger, accept } = this.#deps;
    const { authorization } = request.headers;
    const user = authenticator.check(authorization);
    const { remoteAddress = '', remotePort = 0 } = request.socket;
    const address = joinHostPort(remoteAddress, remotePort);
    if (authorization !== undefined && !user) {
      logger.warn(`RPC authentication failure from ${address}`);
      refuse(socket, '401 Unauthorized', 'WWW-Authenticate: Basic realm="soterd RPC"\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      accept(new WebSocketChannel(webSocket, socket, address), user),
    );
  }
}

/** A connection of the library as a message channel. */
class WebSocketChannel implements MessageChannel {
  readonly address: string;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  #strangerBytes = 0;

  constructor(webSocket: WebSocket, socket: Duplex, address: string) {
    this.address = address;
    this.#webSocket = webSocket;
    this.#socket = socket;
    socket.on('data', this.#countBytes);
    // Whatever goes wrong closes the connection, and that is reported.
    webSocket.on('error', () => webSocket.terminate());
  }

  setHandlers(handlers: ChannelHandlers): void {
    const webSocket = this.#webSocket;
    webSocket.on('message', (data) => handlers.message(textOf(data)));
    webSocket.on('ping', () => handlers.alive());
    webSocket.on('pong', () => handlers.alive());
    webSocket.on('close', () => handlers.closed());
  }

  send(text: string, taken: () => void): void {
    this.#webSocket.send(text, taken);
  }

  ping(): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.ping();
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  trust(): void {
    this.#socket.off('data', this.#countBytes);
  }

  close(code: number, reason: string): void {
    // The answer to the close frame must be read.
    this.#webSocket.resume();
    this.#webSocket.close(code, reason);
  }

  cut(): void {
    this.#webSocket.terminate();
  }

  readonly #countBytes = (chunk: Buffer): void => {
    this.#strangerBytes += chunk.length;
    if (this.#strangerBytes > STRANGER_BYTES) this.cut();
  };
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (Buffer.isBuffer(data) ? data : Buffer.from(data)).toString('utf8');
}

/** Answers with a status and closes the connection. */
function refuse(socket: Duplex, status: string, headers = ''): void {
  const body = `${status}.\n`;
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n${headers}X-Content-Type-Options: nosniff\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
