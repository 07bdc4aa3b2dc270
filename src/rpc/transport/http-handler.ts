import type { IncomingMessage, ServerResponse } from 'node:http';
import { joinHostPort } from '../../util/host-port.ts';
import type { Logger } from '../../util/log.ts';
import type { Timers } from '../../util/ports.ts';
import type { Answer, RpcUser } from '../dispatcher.ts';
import type { Caller } from '../methods/define.ts';
import type { Authenticator } from './auth.ts';
import { cleanPath, splitTarget } from './paths.ts';

/** Largest request body, bytes: three blocks of full size as hexadecimal text. */
export const MAX_BODY_SIZE = 32 * 1024 * 1024;
/** Where the description of all methods is found. */
const DOCUMENT_PATH = '/openrpc.json';

/** Limits of {@link HttpHandler}. */
export interface HttpHandlerOptions {
  /** Requests at a time; more are refused. */
  readonly maxClients: number;
  /** The body must arrive within this time after the head, milliseconds. */
  readonly bodyTimeLimit: number;
}

/** What {@link HttpHandler} needs. */
export interface HttpHandlerDeps {
  readonly authenticator: Authenticator;
  readonly logger: Logger;
  readonly timers: Timers;
  /** Answers one JSON-RPC request or batch; undefined for no answer. Never rejects. */
  answer(body: string, user: RpcUser, caller: Caller): Answer | Promise<Answer>;
  /** The OpenRPC document as JSON text. */
  document(): string;
}

/** A request body that was not read to its end, and how the client is told. */
class BodyError extends Error {
  readonly status: number;
  readonly text: string;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
    this.text = text;
  }
}

/** Carries JSON-RPC over HTTP: admission, authentication, limits of size and time, status codes. See docs/rpc.md. */
export class HttpHandler {
  readonly #options: HttpHandlerOptions;
  readonly #deps: HttpHandlerDeps;
  #running = 0;
  #closing = false;

  constructor(options: HttpHandlerOptions, deps: HttpHandlerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** From now on every answer closes its connection. */
  beginClosing(): void {
    this.#closing = true;
  }

  /** Serves one request. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    response.sendDate = false;
    request.on('error', () => response.destroy());
    const user = this.#admit(request, response);
    if (!user) return;
    if (request.method === 'GET' && request.url === DOCUMENT_PATH) {
      send(response, this.#deps.document());
      return;
    }
    this.#running++;
    response.once('close', () => this.#running--);
    void this.#serve(request, response, user);
  }

  /** The user of a request that may go on; any other one is answered here. The body has not been read yet. */
  #admit(request: IncomingMessage, response: ServerResponse): RpcUser | undefined {
    const { path, query } = splitTarget(request.url ?? '/');
    const clean = cleanPath(path);
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      refuse(response, 400, '400 Bad Request: missing required Host header');
    } else if (clean !== path) {
      response.writeHead(301, { Location: clean + query, 'Content-Length': 0 });
      response.end();
    } else if (path === '/ws') {
      this.#refuseWebSocket(request, response);
    } else if (this.#running >= this.#options.maxClients) {
      const { logger } = this.#deps;
      logger.info(
        `Max RPC clients exceeded [${this.#options.maxClients}] - disconnecting client ${remoteAddress(request)}`,
      );
      refuse(response, 503, '503 Too busy.  Try again later.\n');
    } else {
      const user = this.#deps.authenticator.check(request.headers.authorization);
      if (user) return user;
      this.#refuseUser(request, response);
    }
    return undefined;
  }

  async #serve(request: IncomingMessage, response: ServerResponse, user: RpcUser): Promise<void> {
    let body: string;
    try {
      body = await readBody(request, this.#options.bodyTimeLimit, this.#deps.timers);
    } catch (error) {
      if (error instanceof BodyError) refuse(response, error.status, error.text);
      else response.destroy();
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answer = await this.#deps.answer(body, user, { address: remoteAddress(request), signal: gone.signal });
    if (response.destroyed) return;
    if (this.#closing) response.setHeader('Connection', 'close');
    if (answer === undefined) {
      response.writeHead(204);
      response.end();
      return;
    }
    send(response, answer);
  }

  #refuseUser(request: IncomingMessage, response: ServerResponse): void {
    this.#deps.logger.warn(`RPC authentication failure from ${remoteAddress(request)}`);
    refuse(response, 401, '401 Unauthorized.\n', { 'WWW-Authenticate': 'Basic realm="soterd RPC"' });
  }

  #refuseWebSocket(request: IncomingMessage, response: ServerResponse): void {
    const { authorization } = request.headers;
    if (authorization !== undefined && !this.#deps.authenticator.check(authorization))
      this.#refuseUser(request, response);
    else refuse(response, 400, '400 Bad Request.\n');
  }
}

function remoteAddress({ socket }: IncomingMessage): string {
  return joinHostPort(socket.remoteAddress ?? '', socket.remotePort ?? 0);
}

/** Answers with a JSON text. */
function send(response: ServerResponse, text: string): void {
  const bytes = Buffer.from(`${text}\n`, 'utf8');
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
  response.end(bytes);
}

/** Answers with a text and closes the connection, whatever else the client meant to send. */
function refuse(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    ...headers,
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** The body as text. Memory grows with what has arrived, never with what was announced. */
function readBody(request: IncomingMessage, timeLimit: number, timers: Timers): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const limit = timers.after(timeLimit, () =>
      reject(new BodyError(400, '400 error reading JSON message: i/o timeout\n')),
    );
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_SIZE) {
        request.removeAllListeners('data');
        limit.cancel();
        reject(new BodyError(413, '413 Request Entity Too Large\n'));
        return;
      }
      chunks.push(chunk);
    });
    request.once('end', () => {
      limit.cancel();
      resolve(chunks.length === 1 ? chunks[0].toString('utf8') : Buffer.concat(chunks).toString('utf8'));
    });
    request.once('close', () => {
      limit.cancel();
      reject(new Error('connection closed'));
    });
  });
}
