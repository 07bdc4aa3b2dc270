import { request } from 'node:http';
import { connect } from 'node:net';

/** An HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly body: string;
}

/** What to send. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** `user:password`, or null for none. */
  readonly auth: string | null;
  readonly headers: { readonly [name: string]: string | null };
  readonly body: string;
}

/** Header value of basic authentication. */
export function basicAuth(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** Sends one request to a local port; rejects if the connection ends without an answer. */
export function sendHttp(port: number, { method, path, auth, headers, body }: HttpRequest): Promise<HttpAnswer> {
  const given = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        host: '127.0.0.1',
        method,
        path,
        agent: false,
        headers: {
          ...(auth === null ? {} : { Authorization: basicAuth(auth) }),
          'Content-Length': Buffer.byteLength(body),
          ...given,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Calls a method as the recordings did. */
export function callRpc(port: number, credentials: string, method: string, params: unknown): Promise<HttpAnswer> {
  return callRpcText(port, credentials, method, JSON.stringify(params));
}

/** Like {@link callRpc} with the parameters as JSON text, for numbers that a double can not hold. */
export function callRpcText(port: number, credentials: string, method: string, params: string): Promise<HttpAnswer> {
  return sendHttp(port, {
    method: 'POST',
    path: '/',
    auth: credentials,
    headers: {},
    body: `{"jsonrpc":"1.0","id":1,"method":${JSON.stringify(method)},"params":${params}}`,
  });
}

/** Sends bytes and returns everything that comes back until the other side closes, or `quietFor` ms after the last byte. */
export function sendRaw(port: number, bytes: string, quietFor = 300): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(received);
    };
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(finish, quietFor);
    });
    socket.on('close', finish);
    socket.on('error', reject);
    socket.write(bytes, 'latin1');
  });
}
