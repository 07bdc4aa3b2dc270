import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { networkParams } from '../../params/index.ts';
import { hashToHex } from '../../util/hash.ts';
import { rpcMethods } from '../methods/index.ts';
import type { RpcPorts } from '../ports.ts';
import type { RpcServerOptions } from '../server.ts';
import { TEST_IDENTITY } from '../testing/identity.ts';
import { idlePorts } from '../testing/idle-ports.ts';
import { startServer } from '../testing/running-server.ts';
import { SocketUser } from '../testing/socket-user.ts';

const ADMIN = 'user:pass';
const GENESIS = hashToHex(networkParams('simnet').genesisHash);
const AUTH = `Basic ${Buffer.from(ADMIN).toString('base64')}`;
const CALL = '{"id":1,"method":"getblockcount"}';

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
});

async function start(options: Partial<RpcServerOptions> = {}, ports: Partial<RpcPorts> = {}) {
  const running = await startServer({ maxWebSockets: 3, ...options }, ports);
  cleanUp.push(() => running.server.stop());
  return running;
}

/** A client that the test does not have to close. */
async function open(port: number, credentials: string | null = ADMIN): Promise<SocketUser> {
  const user = await SocketUser.open(port, credentials);
  cleanUp.push(() => user.close());
  return user;
}

/** Sends a request that also asks for an upgrade to HTTP/2, as curl does. */
function askForHttp2(port: number, secure: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const ask = secure ? httpsRequest : httpRequest;
    const outgoing = ask(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/',
        agent: false,
        rejectUnauthorized: false,
        headers: {
          Authorization: AUTH,
          Connection: 'Upgrade, HTTP2-Settings',
          Upgrade: 'h2c',
          'HTTP2-Settings': 'AAMAAABkAAQCAAAAAAIAAAAA',
          'Content-Length': CALL.length,
        },
      },
      (answer) => {
        let body = '';
        answer.on('data', (chunk) => {
          body += chunk;
        });
        answer.on('end', () => resolve(`${answer.statusCode} ${body}`));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(CALL);
  });
}

/** Sends a head and returns all that comes back. */
function sendHead(port: number, ...lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}

const UPGRADE = [
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

describe('requests for an upgrade', () => {
  test('that is none of ours are served as if they had not asked', async () => {
    const { port } = await start();
    expect(await askForHttp2(port, false)).toBe('200 {"result":1,"error":null,"id":1}\n');
    const secure = await start({ tls: TEST_IDENTITY });
    expect(await askForHttp2(secure.port, true)).toBe('200 {"result":1,"error":null,"id":1}\n');
  });

  test('may come again and again on one connection', async () => {
    const { port } = await start();
    const head = `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: ${CALL.length}\r\n\r\n`;
    const answers = await new Promise<number>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(head + CALL));
      socket.on('error', reject);
      let count = 0;
      socket.on('data', (chunk) => {
        if (!String(chunk).includes('"result":1')) return;
        if (++count === 20) socket.destroy();
        else socket.write(head + CALL);
      });
      socket.on('close', () => resolve(count));
    });
    expect(answers).toBe(20);
  });

  test('at other paths find JSON-RPC, whoever asks', async () => {
    const { port } = await start();
    expect(await sendHead(port, 'GET /ws/ HTTP/1.1', ...UPGRADE)).toMatch(/^HTTP\/1\.1 401 /u);
  });

  test('that are wrong are refused', async () => {
    const { port } = await start();
    expect(await sendHead(port, 'GET /ws HTTP/1.1', ...UPGRADE.slice(0, -1))).toMatch(
      /^HTTP\/1\.1 400 .*\r\n\r\n400 Bad Request\.\n$/su,
    );
    expect(await sendHead(port, 'GET /ws HTTP/1.1', 'Host: x', 'Connection: close')).toMatch(/^HTTP\/1\.1 400 /u);
    expect(await sendHead(port, 'GET /ws HTTP/1.1', ...UPGRADE, 'Authorization: Basic eA==')).toMatch(
      /^HTTP\/1\.1 401 .*WWW-Authenticate: Basic realm="soterd RPC"\r\n.*401 Unauthorized\.\n$/su,
    );
  });

  test('work behind TLS', async () => {
    const { port } = await start({ tls: TEST_IDENTITY });
    const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, {
      headers: { Authorization: AUTH },
      rejectUnauthorized: false,
    });
    cleanUp.push(() => socket.terminate());
    const answer = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
    socket.once('open', () => socket.send(CALL));
    expect(await answer).toBe('{"result":1,"error":null,"id":1}');
  });
});

describe('garbage', () => {
  test('in frames ends that connection alone', async () => {
    const { port } = await start();
    const upgrade = Buffer.from(`${['GET /ws HTTP/1.1', ...UPGRADE, `Authorization: ${AUTH}`].join('\r\n')}\r\n\r\n`);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        await new Promise<void>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => socket.end(Buffer.concat([upgrade, bytes])));
          socket.on('error', () => undefined);
          socket.on('close', () => resolve());
          socket.resume();
        });
      }),
      { numRuns: 100 },
    );
    expect(await (await open(port)).call('getblockcount')).toBe(1);
  });

  test('in requests is answered, whatever the method makes of it', async () => {
    const { port } = await start();
    const user = await open(port, 'lim:limpass');
    const names = [...rpcMethods.keys()].filter((name) => name !== 'authenticate');
    const outpoint = fc.record({ hash: fc.constantFrom('', '00', 'zz', 'ab'.repeat(32)), index: fc.nat() });
    const text = fc.constantFrom('', 'x', GENESIS, 'SYPRdtiAorV79MQnm1kzSUzDyJ58bRDAEj');
    const param = fc.oneof(text, fc.boolean(), fc.integer(), fc.array(text), fc.array(outpoint), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.array(param, { maxLength: 4 }), async (method, params) => {
        user.socket.send(JSON.stringify({ id: 7, method, params }));
        expect((await user.answers.take())?.value.id).toBe(7);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a client', () => {
  test('gets 2.0 answers to 2.0 requests and to batches of them', async () => {
    const { port } = await start();
    const user = await open(port);
    user.socket.send('{"jsonrpc":"2.0","id":1,"method":"getblockcount"}');
    expect((await user.answers.take())?.text).toBe('{"jsonrpc":"2.0","result":1,"id":1}');
    user.socket.send(
      '[{"jsonrpc":"2.0","id":2,"method":"getblockcount"},{"jsonrpc":"2.0","id":3,"method":"notifyblocks"},{"jsonrpc":"2.0","method":"ping"}]',
    );
    expect((await user.answers.take())?.text).toBe(
      '[{"jsonrpc":"2.0","result":1,"id":2},{"jsonrpc":"2.0","result":null,"id":3}]',
    );
  });

  test('that sends much before it has logged in is cut off', async () => {
    const { port } = await start();
    const user = await open(port, null);
    user.socket.send('x'.repeat(128 * 1024));
    expect(await user.closed).toEqual({ code: null, reason: '' });
  });

  test('may send much when it has, but not without limit', async () => {
    const { port } = await start();
    const user = await open(port, null);
    user.socket.send('{"id":1,"method":"authenticate","params":["lim","limpass"]}');
    expect((await user.answers.take())?.text).toBe('{"result":null,"error":null,"id":1}');
    user.socket.send(`${CALL}${' '.repeat(1024 * 1024)}`);
    expect((await user.answers.take())?.text).toBe('{"result":1,"error":null,"id":1}');
    user.socket.send(Buffer.alloc(33 * 1024 * 1024, 0x20));
    expect((await user.closed).code).toBe(1009);
  });

  test('above the limit is let in and dropped; one that leaves makes room', async () => {
    const { port } = await start();
    const users = [await open(port), await open(port), await open(port)];
    expect((await (await open(port)).closed).code).toBeNull();
    users[0].close();
    await users[0].closed;
    for (;;) {
      const user = await open(port);
      const alive = await Promise.race([user.settle().then(() => true), user.closed.then(() => false)]);
      if (alive) break;
    }
  });

  test('sees a goodbye when the server stops, after what runs', async () => {
    let finish: ((hashes: []) => void) | undefined;
    const { miner } = idlePorts();
    const generate = () =>
      new Promise<[]>((resolve) => {
        finish = resolve;
      });
    const { server, port } = await start({}, { miner: { ...miner, generate } });
    const user = await open(port);
    const mined = user.call('generate', 1);
    await user.settle();
    const stopped = server.stop();
    finish?.([]);
    expect(await mined).toEqual([]);
    expect(await user.closed).toEqual({ code: 1001, reason: 'soterd is stopping' });
    await stopped;
  });

  test('whose request never ends does not hold up the stop', async () => {
    const { miner } = idlePorts();
    const { server, port } = await start({}, { miner: { ...miner, generate: () => new Promise(() => undefined) } });
    const user = await open(port);
    user.socket.send('{"id":1,"method":"generate","params":[1]}');
    await user.settle();
    await server.stop();
    expect((await user.closed).code).toBeNull();
  });
});
