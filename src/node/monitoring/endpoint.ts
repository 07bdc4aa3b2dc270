import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { joinHostPort, splitHostPort } from '../../util/host-port.ts';
import { listenErrorText } from '../../util/listen-error.ts';
import type { Logger } from '../../util/log.ts';
import type { Verdict } from './health.ts';

/** Connections of all listeners together; a monitoring system needs one. */
const MAX_CONNECTIONS = 50;
/** A request must arrive within this time, milliseconds. */
const REQUEST_TIME_LIMIT = 10_000;

/** What the endpoint shows. */
export interface EndpointDeps {
  readonly contentType: string;
  /** All metrics in the text format of Prometheus. */
  text(): Promise<string>;
  healthy(): Verdict;
  ready(): Verdict;
  readonly logger: Logger;
}

/**
 * Serves what monitoring asks for by HTTP, without authentication: `/metrics`, `/healthy` and `/ready`. Nothing can be changed by
 * it and nothing secret is in it.
 */
export class MonitoringEndpoint {
  readonly #deps: EndpointDeps;
  #servers: Server[] = [];

  constructor(deps: EndpointDeps) {
    this.#deps = deps;
  }

  /**
   * Listens.
   * @param addresses `ip:port`.
   * @returns where it listens, with real ports.
   * @throws {Error} if one of them can not be had.
   */
  async start(addresses: readonly string[]): Promise<readonly string[]> {
    const { logger } = this.#deps;
    const bound: string[] = [];
    for (const address of addresses) {
      const server = createServer(
        { headersTimeout: REQUEST_TIME_LIMIT, requestTimeout: REQUEST_TIME_LIMIT },
        (request, response) => void this.#serve(request, response),
      );
      server.maxConnections = MAX_CONNECTIONS;
      const place = await listen(server, address).catch((error: unknown) => {
        throw new Error(`--metricslisten=${address}: ${listenErrorText(error)}`, { cause: error });
      });
      this.#servers.push(server);
      bound.push(place);
      logger.info(`Metrics on http://${place}/metrics, health on /healthy and /ready`);
      if (!isLoopback(place)) logger.warn(`Whoever reaches ${place} can read the metrics of this node`);
    }
    return bound;
  }

  /** Closes all connections. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#servers.splice(0).map((server) => {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        return closed;
      }),
    );
  }

  async #serve({ method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') {
      answer(response, 405, 'text/plain; charset=utf-8', 'only GET is served\n');
      return;
    }
    const { contentType, logger } = this.#deps;
    switch (url.replace(/\?.*$/su, '')) {
      case '/metrics':
        try {
          answer(response, 200, contentType, await this.#deps.text());
        } catch (error) {
          logger.error(`The metrics can not be read: ${error instanceof Error ? error.stack : error}`);
          answer(response, 500, 'text/plain; charset=utf-8', 'the metrics can not be read, see the log\n');
        }
        return;
      case '/healthy':
        judge(response, this.#deps.healthy());
        return;
      case '/ready':
        judge(response, this.#deps.ready());
        return;
      default:
        answer(response, 404, 'text/plain; charset=utf-8', '/metrics, /healthy and /ready are served\n');
    }
  }
}

function judge(response: ServerResponse, { ok, reasons }: Verdict): void {
  answer(response, ok ? 200 : 503, 'application/json', `${JSON.stringify({ ok, reasons })}\n`);
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}

function listen(server: Server, address: string): Promise<string> {
  const { host, port } = splitHostPort(address);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: host === '' ? undefined : host, port: Number(port) }, () => {
      server.off('error', reject);
      const bound = server.address();
      resolve(typeof bound === 'object' && bound ? joinHostPort(bound.address, bound.port) : address);
    });
  });
}

function isLoopback(address: string): boolean {
  const { host } = splitHostPort(address);
  return host.startsWith('127.') || host === '::1';
}
