import { readFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileErrorText } from '../node/config/index.ts';
import { SocksProxy } from '../node/proxy.ts';
import { systemWorld } from '../node/system.ts';
import { HostPortError, splitHostPort } from '../util/host-port.ts';
import type { ClientConfig } from './soterctl-config.ts';

const MAX_PORT = 65_535;

/** A call that brought no JSON-RPC answer; the message is for the user. */
export class ClientError extends Error {
  override name = 'ClientError';
}

/**
 * Posts a JSON text to the server.
 * @returns the body of the answer.
 * @throws {ClientError} if the server can not be reached, is not who it should be, or answers with an error status.
 */
export async function post(config: ClientConfig, body: string): Promise<string> {
  const url = `${config.tls ? 'https' : 'http'}://${config.server}`;
  const { host, port } = serverOf(config, url);
  const explain = (error: Error) => `Post "${url}": ${reasonOf(error, config.server)}`;
  const certificate = config.tls ? readCertificate(config.certificateFile) : '';
  const proxied = await throughProxy(config, explain);
  const settings = {
    host,
    port,
    method: 'POST',
    path: '/',
    ...(!proxied && { agent: false }),
    headers: {
      Authorization: `Basic ${Buffer.from(`${config.user}:${config.password}`, 'utf8').toString('base64')}`,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    },
  };
  const security = { ca: certificate, rejectUnauthorized: config.verify };
  const outgoing = config.tls
    ? httpsRequest({
        ...settings,
        ...security,
        ...(proxied && { createConnection: () => secured(proxied, host, security) }),
      })
    : httpRequest({ ...settings, ...(proxied && { createConnection: () => proxied.resume() }) });
  const { status, text } = await exchange(outgoing, body, explain);
  if (status < 200 || status >= 300)
    throw new ClientError(text === '' ? `${status} ${STATUS_CODES[status] ?? ''}` : text);
  return text;
}

/** Host and port of the server; the messages are those of the reference tool. */
function serverOf({ server }: ClientConfig, url: string): { readonly host: string; readonly port: string } {
  try {
    const endpoint = splitHostPort(server);
    const { port } = endpoint;
    if (!/^\d+$/u.test(port)) throw new ClientError(`Post "${url}": dial tcp: lookup tcp/${port}: unknown port`);
    if (Number(port) > MAX_PORT) throw new ClientError(`Post "${url}": dial tcp: address ${port}: invalid port`);
    return endpoint;
  } catch (error) {
    if (error instanceof HostPortError) throw new ClientError(`Post "${url}": dial tcp: ${error.message}`);
    throw error;
  }
}

/** A connection to the server through the proxy, if there is one. */
async function throughProxy(
  { proxy, server }: ClientConfig,
  explain: (error: Error) => string,
): Promise<Socket | undefined> {
  if (!proxy) return undefined;
  const { host, port } = splitHostPort(server);
  try {
    return await new SocksProxy(proxy, systemWorld.random).connect(host, Number(port), new AbortController().signal);
  } catch (error) {
    throw new ClientError(explain(error instanceof Error ? error : new Error(String(error))));
  }
}

/** TLS over a connection that is there already. */
function secured(
  socket: Socket,
  host: string,
  security: { readonly ca: string; readonly rejectUnauthorized: boolean },
) {
  return connectTls({ ...security, socket, host, ...(isIP(host) === 0 && { servername: host }) });
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ClientError(fileErrorText('open', path, error));
  }
}

function exchange(
  outgoing: ClientRequest,
  body: string,
  explain: (error: Error) => string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new ClientError(explain(error)));
    outgoing.once('error', fail);
    outgoing.once('response', (answer: IncomingMessage) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', fail);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    outgoing.end(body);
  });
}

/** What the reference tool says about the common failures; otherwise the system's words. */
function reasonOf(error: Error & { code?: string }, server: string): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `dial tcp ${server}: connect: connection refused`;
    case 'ENOTFOUND':
      return `dial tcp: lookup ${splitHostPort(server).host}: no such host`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'http: server gave HTTP response to HTTPS client';
    case 'ECONNRESET':
      return 'EOF';
    default:
      return error.message;
  }
}
