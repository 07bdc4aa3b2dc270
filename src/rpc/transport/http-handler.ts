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
  /** A client must take something of its answer within this time, milliseconds. */
  readonly writeTimeLimit: number;
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

/** What becomes of a request body; one of them is called, once. */
interface BodyOutcome {
  read(body: string): void;
  /** It is not read to its end; how the client is told. */
  refused(status: number, text: string): void;
  /** The client has gone. */
  closed(): void;
}

/** Who sent a request. Most methods ask for nothing of this, so it is made when it is asked for. */
class HttpCaller implements Caller {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #gone: AbortController | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  get address(): string {
    return remoteAddress(this.#request);
  }

  get signal(): AbortSignal {
    if (!this.#gone) {
      const gone = new AbortController();
      this.#gone = gone;
      if (this.#response.destroyed) gone.abort();
      else this.#response.once('close', () => gone.abort());
    }
    return this.#gone.signal;
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
      send(response, this.#deps.document(), this.#options.writeTimeLimit);
      return;
    }
    this.#running++;
    response.once('close', () => this.#running--);
    void this.#serve(request, response, user);
  }

  /** The user of a request that may go on; any other one is answered here. The body has not been read yet. */
  #admit(request: IncomingMessage, response: ServerResponse): RpcUser | undefined {
    const { path, query } = splitTarget(request.url ?? '/');
    const clean = path === '/' ? path : cleanPath(path);
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

  /** Reads the body, answers. Nothing here waits for a promise unless the method does: that is a third of the cost of a small request. */
  #serve(request: IncomingMessage, response: ServerResponse, user: RpcUser): void {
    const { bodyTimeLimit } = this.#options;
    const { timers, answer } = this.#deps;
    readBody(request, bodyTimeLimit, timers, {
      read: (body) => {
        const answered = answer(body, user, new HttpCaller(request, response));
        if (answered instanceof Promise) void answered.then((text) => this.#send(response, text));
        else this.#send(response, answered);
      },
      refused: (status, text) => refuse(response, status, text),
      closed: () => response.destroy(),
    });
  }

  #send(response: ServerResponse, answer: Answer): void {
    if (response.destroyed) return;
    if (this.#closing) response.setHeader('Connection', 'close');
    if (answer === undefined) {
      response.writeHead(204);
      response.end();
    } else {
      send(response, answer, this.#options.writeTimeLimit);
    }
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

/** Answers with a JSON text. As a text it leaves together with the head, in one call of the system. */
function send(response: ServerResponse, text: string, timeLimit: number): void {
  const line = `${text}\n`;
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(line) });
  response.end(line);
  // A client that does not read its answer must not keep its place; only the socket knows whether the system takes more.
  if (response.writableLength > 0) response.setTimeout(timeLimit);
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

/** Reads the body as text. Memory grows with what has arrived, never with what was announced. */
function readBody(request: IncomingMessage, timeLimit: number, timers: Timers, outcome: BodyOutcome): void {
  let chunks: Buffer[] | undefined = [];
  let size = 0;
  const end = (): readonly Buffer[] | undefined => {
    limit.cancel();
    const read = chunks;
    chunks = undefined;
    return read;
  };
  const limit = timers.after(timeLimit, () => {
    if (end()) outcome.refused(400, '400 error reading JSON message: i/o timeout\n');
  });
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY_SIZE) chunks?.push(chunk);
    else if (end()) outcome.refused(413, '413 Request Entity Too Large\n');
  });
  request.once('end', () => {
    const read = end();
    if (read) outcome.read((read.length === 1 ? read[0] : Buffer.concat(read)).toString('utf8'));
  });
  request.once('close', () => {
    if (end()) outcome.closed();
  });
}
