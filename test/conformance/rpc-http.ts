import { deepStrictEqual, match, ok, strictEqual } from 'node:assert';
import { request as httpsRequest } from 'node:https';
import { TEST_IDENTITY } from '../../src/rpc/testing/identity.ts';
import { idlePorts } from '../../src/rpc/testing/idle-ports.ts';
import { basicAuth, callRpc, type HttpAnswer, type HttpRequest, sendHttp, sendRaw } from './rpc-client.ts';
import { compareAnswer, type RecordedAnswer } from './rpc-compare.ts';
import { ADMIN, type RpcNode, startRpcNode } from './rpc-node.ts';
import type { Suite, SuiteContext } from './suite.ts';

/** An entry of the recording of transport behaviour. */
interface RecordedExchange extends RecordedAnswer {
  readonly http?: HttpRequest & { readonly bodyIsDescription?: boolean };
  readonly rawRequest?: string;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly connectionClosedWithoutResponse?: boolean;
  /** How the node differs from the one of the other entries. */
  readonly server?: string;
}

/** Headers that are compared where the recording has them. */
const COMPARED_HEADERS = ['Content-Type', 'Www-Authenticate', 'X-Content-Type-Options', 'Location'];

const CALL = '{"jsonrpc":"1.0","id":1,"method":"getblockcount","params":[]}';

/** Bodies that the recording only describes. */
const DESCRIBED_BODIES: Readonly<Record<string, () => string>> = {
  'deep nesting 20000': () => `{"id":1,"method":"getblockcount","params":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  '16 MiB body': () => `${CALL.slice(0, -1)},"pad":"${'a'.repeat(16 * 1024 * 1024)}"}`,
  'decodescript 1 MiB script': () =>
    JSON.stringify({ jsonrpc: '1.0', id: 1, method: 'decodescript', params: ['00'.repeat(1_048_576)] }),
};

/** Entries that are checked by code of their own, below. */
const SPECIAL: ReadonlySet<string> = new Set([
  'body shorter than content-length, connection left open',
  'headers never finished',
  'exact response bytes',
  'HEAD',
  'Expect 100-continue',
  'two pipelined requests',
  'decodescript 1 MiB script',
  'TLS request',
]);

/** The recordings keep texts as latin1. */
function asText(latin1: string | undefined): string {
  return Buffer.from(latin1 ?? '', 'latin1').toString('utf8');
}

function compareHeaders(entry: RecordedExchange, headers: Readonly<Record<string, unknown>>): void {
  for (const name of COMPARED_HEADERS) {
    const expected = entry.responseHeaders?.[name];
    if (expected !== undefined) strictEqual(headers[name.toLowerCase()], expected, `header ${name}`);
  }
  if (entry.httpStatus !== 200 && entry.responseHeaders?.Connection !== undefined)
    strictEqual(headers.connection, entry.responseHeaders.Connection);
}

async function compareExchange(entry: RecordedExchange, node: RpcNode): Promise<void> {
  if (entry.rawRequest !== undefined) return compareRaw(entry, await sendRaw(node.port, entry.rawRequest));
  if (!entry.http) throw new Error('an entry without request');
  const body = DESCRIBED_BODIES[entry.name]?.() ?? entry.http.body;
  const answer = await sendHttp(node.port, { ...entry.http, body });
  if (isVersion2(entry)) return compareVersion2(entry, answer);
  if (entry.connectionClosedWithoutResponse) {
    strictEqual(answer.status, 200);
    match(answer.body, /^\{"result":null,"error":\{"code":-32600,"message":"[^"]+"\},"id":null\}\n$/u);
    return;
  }
  compareHeaders(entry, answer.headers);
  if (entry.response === undefined) {
    strictEqual(answer.status, entry.httpStatus);
    strictEqual(answer.body, asText(entry.bodyText));
  } else {
    compareAnswer({ ...entry, bodyText: asText(entry.bodyText) }, answer.status, answer.body);
  }
}

/** True for a request that calls itself 2.0, which recorded nodes answer like any other. */
function isVersion2({ http }: RecordedExchange): boolean {
  return http?.body.includes('"jsonrpc":"2.0"') ?? false;
}

/** The recorded answer in the form of 2.0; a request without id is carried out and gets none. */
function compareVersion2(entry: RecordedExchange, answer: HttpAnswer): void {
  if (entry.connectionClosedWithoutResponse) {
    strictEqual(answer.status, 204);
    strictEqual(answer.body, '');
    return;
  }
  const recorded = entry.response as { readonly result: unknown; readonly id: unknown };
  // Parameters by name are an error only in 1.0.
  if (entry.name === 'params named') match(answer.body, /^\{"jsonrpc":"2\.0","result":\["[0-9a-f]{64}"\],"id":1\}\n$/u);
  else deepStrictEqual(JSON.parse(answer.body), { jsonrpc: '2.0', result: recorded.result, id: recorded.id });
}

function compareRaw(entry: RecordedExchange, answer: string): void {
  const [head, ...rest] = answer.split('\r\n\r\n');
  const [statusLine, ...lines] = head.split('\r\n');
  strictEqual(Number(statusLine.split(' ')[1]), entry.httpStatus);
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  compareHeaders(entry, { ...headers, location: headers.location });
  strictEqual(rest.join('\r\n\r\n'), asText(entry.bodyText));
}

/** A node whose `generate` runs until it is told to end, to fill its places. */
async function withBusyNode(body: (node: RpcNode, release: () => void) => Promise<void>): Promise<void> {
  let release: () => void = () => undefined;
  const running = new Promise<void>((resolve) => {
    release = resolve;
  });
  const base = idlePorts();
  let begun: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const generate = async () => {
    begun();
    await running;
    return [];
  };
  const node = await startRpcNode({ miner: { ...base.miner, generate } }, { maxClients: 1 });
  const call = callRpc(node.port, ADMIN, 'generate', [1]);
  try {
    await started;
    await body(node, release);
  } finally {
    release();
    await call;
    await node.stop();
  }
}

/** Runs entries against a node of their own. */
async function checkEntries(context: SuiteContext, entries: readonly RecordedExchange[], node: RpcNode): Promise<void> {
  for (const entry of entries) await context.check(entry.name, () => compareExchange(entry, node));
}

async function withNode(starting: Promise<RpcNode>, body: (node: RpcNode) => Promise<void>): Promise<void> {
  const node = await starting;
  try {
    await body(node);
  } finally {
    await node.stop();
  }
}

async function checkMaxClients(context: SuiteContext, entries: readonly RecordedExchange[]): Promise<void> {
  const refused = entries.filter((entry) => entry.httpStatus === 503);
  await withBusyNode(async (node, release) => {
    await checkEntries(context, refused, node);
    release();
  });
  await withNode(startRpcNode({}, { maxClients: 1 }), (node) =>
    checkEntries(
      context,
      entries.filter((entry) => entry.httpStatus !== 503),
      node,
    ),
  );
}

async function checkTls(context: SuiteContext, entries: readonly RecordedExchange[]): Promise<void> {
  await withNode(startRpcNode({}, { tls: TEST_IDENTITY }), async (node) => {
    await checkEntries(
      context,
      entries.filter((entry) => !SPECIAL.has(entry.name)),
      node,
    );
    await context.check('TLS request', async () => {
      const answer = await new Promise<string>((resolve, reject) => {
        const outgoing = httpsRequest(
          {
            host: '127.0.0.1',
            port: node.port,
            method: 'POST',
            ca: TEST_IDENTITY.certificate,
            agent: false,
            headers: { Authorization: basicAuth(ADMIN) },
          },
          (response) => {
            let text = '';
            response.on('data', (chunk: Buffer) => {
              text += chunk.toString('utf8');
            });
            response.on('end', () => resolve(text));
          },
        );
        outgoing.on('error', reject);
        outgoing.end(CALL);
      });
      strictEqual(answer, '{"result":1,"error":null,"id":1}\n');
    });
  });
}

/** Behaviour in time and on the byte level that the recording holds as prose. */
async function checkSpecials(context: SuiteContext): Promise<void> {
  const head = (extra = '', length = CALL.length) =>
    `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${basicAuth(ADMIN)}\r\n${extra}Content-Length: ${length}\r\n\r\n`;
  await withNode(startRpcNode({}, { readTimeLimit: 200 }), async (node) => {
    await context.check('body shorter than content-length, connection left open', async () => {
      const answer = await sendRaw(node.port, head('', 100) + CALL, 5000);
      match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/u);
      match(answer, /\r\n\r\n400 error reading JSON message: /u);
    });
    await context.check('headers never finished', async () => {
      strictEqual(await sendRaw(node.port, 'POST / HTTP/1.1\r\nHost: x\r\n', 5000), '');
      strictEqual(await sendRaw(node.port, '', 5000), '');
    });
  });
  await withNode(startRpcNode(), async (node) => {
    await context.check('exact response bytes', async () => {
      const answer = await sendRaw(node.port, head('Connection: close\r\n') + CALL);
      strictEqual(
        answer,
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 33\r\nConnection: close\r\n\r\n' +
          '{"result":1,"error":null,"id":1}\n',
      );
    });
    await context.check('Expect 100-continue', async () => {
      const answer = await sendRaw(node.port, head('Expect: 100-continue\r\n') + CALL);
      match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/u);
      ok(answer.endsWith('{"result":1,"error":null,"id":1}\n'));
    });
    await context.check('two pipelined requests', async () => {
      const answer = await sendRaw(node.port, head() + CALL + head() + CALL);
      deepStrictEqual(answer.match(/\{"result":1,"error":null,"id":1\}\n/gu)?.length, 2);
    });
    await context.check('HEAD', async () => {
      const answer = await sendRaw(
        node.port,
        head()
          .replace('POST', 'HEAD')
          .replace(/Content-Length: \d+/u, 'Content-Length: 0'),
      );
      match(answer, /^HTTP\/1\.1 200 OK\r\n/u);
    });
    await context.check('decodescript 1 MiB script', async () => {
      const body = DESCRIBED_BODIES['decodescript 1 MiB script']();
      const answer = await sendHttp(node.port, { method: 'POST', path: '/', auth: ADMIN, headers: {}, body });
      strictEqual(answer.status, 200);
      ok(answer.body.startsWith('{"result":{"asm":"0 0 0 0'));
      strictEqual(Buffer.byteLength(answer.body), 2_097_258);
    });
  });
}

/** Transport: authentication, HTTP methods, malformed JSON, ids, sizes, limits, TLS. */
export const httpSuite: Suite = {
  name: 'rpc/http',
  async run(context) {
    const { entries } = context.json<{ entries: readonly RecordedExchange[] }>('rpc/http.json');
    const ordinary = entries.filter((entry) => !SPECIAL.has(entry.name));
    const ofServer = (server: string | undefined) => ordinary.filter((entry) => entry.server === server);
    const closed = entries.filter((entry) => entry.connectionClosedWithoutResponse && !isVersion2(entry));
    context.deviation(`${closed.length} requests without a usable id`, 'answered with error -32600 instead of silence');
    context.deviation(
      `${entries.filter(isVersion2).length} requests that call themselves 2.0`,
      'answered in the form of 2.0, which knows parameters by name, and requests without answer',
    );
    context.deviation('two pipelined requests', 'both are answered: connections are kept alive');
    context.deviation('exact response bytes', 'Content-Length is sent');
    context.deviation('HEAD', 'HTTP allows no body in the answer');
    await withNode(startRpcNode(), (node) => checkEntries(context, ofServer(undefined), node));
    await withNode(startRpcNode({}, { quirks: true }), (node) => checkEntries(context, ofServer('--rpcquirks'), node));
    await withNode(startRpcNode({}, { admin: { user: '', password: '' } }), (node) =>
      checkEntries(context, ofServer('limited credentials only'), node),
    );
    await checkMaxClients(context, ofServer('--rpcmaxclients=1'));
    await checkTls(context, ofServer('TLS (no --notls)'));
    await checkSpecials(context);
    const known = [undefined, '--rpcquirks', 'limited credentials only', '--rpcmaxclients=1', 'TLS (no --notls)'];
    strictEqual(ordinary.filter((entry) => !known.includes(entry.server)).length, 0);
  },
};
