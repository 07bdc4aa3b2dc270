import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemTimers } from '../../node/system.ts';
import { splitHostPort } from '../../util/host-port.ts';
import { TEST_IDENTITY } from '../testing/identity.ts';
import { HttpListener, type HttpListenerOptions } from './listener.ts';

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
});

/** A listener that answers every request; returns its port. */
async function listen(options: Partial<HttpListenerOptions> = {}): Promise<number> {
  const listener = new HttpListener(
    { headTimeLimit: 60_000, ...options },
    {
      onRequest: (_request, response) => response.end('served'),
      upgrader: { handles: () => false, upgrade: (_request, socket) => socket.destroy() },
      timers: systemTimers,
    },
  );
  const address = await listener.listen({ host: '127.0.0.1', port: 0 });
  cleanUp.push(() => {
    listener.closeAll();
    return listener.close();
  });
  return Number(splitHostPort(address).port);
}

/** A connection and all that was received over it. */
class Client {
  received = '';
  hasEnded = false;
  /** The listener has closed the connection. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;

  constructor(port: number) {
    // It does not leave because the listener would like it to.
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (chunk) => {
      this.received += chunk;
    });
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.hasEnded = true;
        resolve();
      };
      this.#socket.on('end', end);
      this.#socket.on('close', end);
    });
    cleanUp.push(() => this.leave());
  }

  send(bytes: string | Uint8Array): this {
    this.#socket.write(bytes);
    return this;
  }

  /** Sends a request. @returns whether it was answered: if not, the connection was closed. */
  ask(): Promise<boolean> {
    this.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    return new Promise((resolve) => {
      this.#socket.on('data', () => {
        if (this.received.endsWith('served')) resolve(true);
      });
      void this.ended.then(() => resolve(false));
    });
  }

  leave(): void {
    this.#socket.destroy();
  }
}

describe('a connection', () => {
  test('that asks nothing more is closed when its time is up, and not before', async () => {
    // More than the five seconds that Node.js has for it unless it is told.
    const patient = new Client(await listen());
    const hasty = new Client(await listen({ idleTimeLimit: 50 }));
    expect(await patient.ask()).toBe(true);
    expect(await hasty.ask()).toBe(true);
    await hasty.ended;
    expect(patient.hasEnded).toBe(false);
  });

  test('above the limit is closed; one that leaves makes room', async () => {
    const port = await listen({ maxConnections: 2 });
    const clients = [new Client(port), new Client(port)];
    for (const client of clients) expect(await client.ask()).toBe(true);
    expect(await new Client(port).ask()).toBe(false);
    clients[0].leave();
    while (!(await new Client(port).ask()));
    expect(clients[1].hasEnded).toBe(false);
  });
});

describe('behind TLS', () => {
  test.each([
    ['says nothing', ''],
    ['begins a handshake and does not go on', '\u0016'],
    ['speaks plain HTTP and stays', 'GET / HTTP/1.1\r\n'],
  ])('a client that %s does not keep its place', async (_what, text) => {
    const port = await listen({ headTimeLimit: 50, maxConnections: 1, tls: TEST_IDENTITY });
    new Client(port).send(text);
    let next: Client;
    do {
      next = new Client(port).send('GET / HTTP/1.1\r\n');
      await next.ended;
    } while (next.received === '');
    expect(next.received).toMatch(/^HTTP\/1\.0 400 Bad Request\r\n/u);
  });
});
