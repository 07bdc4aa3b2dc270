import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { defineMethod } from './methods/define.ts';
import { rpcMethods } from './methods/index.ts';
import type { RpcServer } from './server.ts';
import { idlePorts } from './testing/idle-ports.ts';
import { startServer } from './testing/running-server.ts';

const AUTH = `Basic ${Buffer.from('user:pass').toString('base64')}`;
const CALL = '{"id":1,"method":"getblockcount"}';

const servers: RpcServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const start: typeof startServer = async (...args) => {
  const running = await startServer(...args);
  servers.push(running.server);
  return running;
};

async function ask(port: number, body = CALL, authorization = AUTH): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { authorization }, body });
  return answer.text();
}

/** Sends bytes and waits until the server closes the connection. */
function sendBytes(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.end(bytes);
  });
}

describe('RpcServer', () => {
  test('serves several requests on one connection, and stops', async () => {
    const { server, port } = await start();
    for (let i = 0; i < 3; i++) expect(await ask(port)).toBe('{"result":1,"error":null,"id":1}\n');
    await server.stop();
    await server.stop();
    await expect(ask(port)).rejects.toThrow();
  });

  test('the answer to stop goes out before the connection is cut', async () => {
    let stopping: Promise<void> | undefined;
    const started = await start(
      {},
      { control: { uptime: () => 0, requestShutdown: () => (stopping = started.server.stop()) } },
    );
    expect(await ask(started.port, '{"id":1,"method":"stop"}')).toContain('"soterd stopping."');
    await stopping;
  });

  test('stopping does not wait for ever for what runs', async () => {
    const { miner } = idlePorts();
    const { server, port } = await start({}, { miner: { ...miner, generate: () => new Promise(() => undefined) } });
    const answer = ask(port, '{"id":1,"method":"generate","params":[1]}');
    const cut = expect(answer).rejects.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    await server.stop();
    await cut;
  });

  test('garbage gets at most one error and leaves the server as it was', async () => {
    const { port } = await start();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async (bytes) => {
        const answer = await sendBytes(port, bytes);
        expect(answer === '' || answer.startsWith('HTTP/1.1 4')).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect(await ask(port)).toContain('"result":1');
  });

  test('requests that are nearly right do no harm either', async () => {
    const { port } = await start();
    const lines = fc.constantFrom(
      'POST / HTTP/1.1',
      'GET /ws HTTP/1.1',
      'Host: x',
      `Authorization: ${AUTH}`,
      'Content-Length: 5',
      'Content-Length: -1',
      'Transfer-Encoding: chunked',
      'Upgrade: websocket',
      'Connection: upgrade',
      'Expect: 100-continue',
      '',
      '5',
      CALL,
      '\u0000',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(lines, { maxLength: 12 }), async (parts) => {
        await sendBytes(port, Buffer.from(`${parts.join('\r\n')}\r\n\r\n`, 'latin1'));
      }),
      { numRuns: 100 },
    );
    expect(await ask(port)).toContain('"result":1');
  });

  test('an announced length costs no memory, and a body above the limit is refused', async () => {
    const { port } = await start();
    const head = (length: number) =>
      `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH}\r\nContent-Length: ${length}\r\n\r\n`;
    const before = process.memoryUsage().arrayBuffers;
    await Promise.all(Array.from({ length: 9 }, () => sendBytes(port, Buffer.from(head(2 ** 31)))));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    const tooLarge = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { authorization: AUTH },
      body: Buffer.alloc(33 * 1024 * 1024, 0x20),
    }).then(
      ({ status }) => status,
      () => 413,
    );
    expect(tooLarge).toBe(413);
    expect(await ask(port)).toContain('"result":1');
  });

  test('a client that does not read its answer loses its place', async () => {
    const large = defineMethod({ name: 'large', run: () => 'x'.repeat(30_000_000) });
    const { port } = await start(
      { maxClients: 1, writeTimeLimit: 100 },
      {},
      new Map([['large', large], ...rpcMethods]),
    );
    const body = '{"id":1,"method":"large"}';
    const socket = connect(port, '127.0.0.1');
    const cut = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    while ((await ask(port)).startsWith('{"result":1')) await new Promise((resolve) => setTimeout(resolve, 5));
    while ((await ask(port)).startsWith('503')) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await ask(port)).toContain('"result":1');
    socket.resume();
    await cut;
  });

  test('describes itself to those who may call it', async () => {
    const { port } = await start();
    const get = (authorization: string) =>
      fetch(`http://127.0.0.1:${port}/openrpc.json`, { headers: { authorization } });
    const answer = await get(AUTH);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toMatchObject({ info: { title: 'soterd', version: '2.1.1' } });
    expect((await get('Basic eA==')).status).toBe(401);
    const call = await fetch(`http://127.0.0.1:${port}/openrpc.json`, {
      method: 'POST',
      headers: { authorization: AUTH },
      body: CALL,
    });
    expect(await call.json()).toMatchObject({ result: 1 });
  });

  test('what gets no answer gets an empty one of HTTP', async () => {
    const { port } = await start();
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { authorization: AUTH },
      body: '{"jsonrpc":"2.0","method":"getblockcount"}',
    });
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  });

  test('refuses strangers before it reads what they send', async () => {
    const { port } = await start();
    expect(await ask(port, CALL, 'Basic eA==')).toBe('401 Unauthorized.\n');
  });

  test('says what is wrong with its addresses', async () => {
    await expect(start({ listen: ['localhost:0'] })).rejects.toThrow("'localhost' is not a valid IP address");
    const { port } = await start();
    await expect(start({ listen: [`127.0.0.1:${port}`] })).rejects.toThrow('RPCS: No valid listen address');
  });
});
