import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { networkParams, userAgent } from '../params/index.ts';
import { Peer, SentNonces } from '../peer/index.ts';
import { ScriptedRemote } from '../peer/testing-remote.ts';
import { silentLogger } from '../util/log.ts';
import { systemWorld } from './system.ts';
import { openSocket, systemResolver, TcpDialer, TcpListener, type TcpTransport } from './tcp.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(address = '127.0.0.1:0'): Promise<TcpListener> {
  const listener = await TcpListener.listen(address);
  cleanups.push(() => listener.close());
  return listener;
}

async function pair(): Promise<[TcpTransport, TcpTransport]> {
  const listener = await listen();
  const dialled = new TcpDialer().dial(listener.address, new AbortController().signal);
  const ends: [TcpTransport, TcpTransport] = [await dialled, await listener.accept()];
  cleanups.push(() => {
    for (const end of ends) end.destroy();
  });
  return ends;
}

/** Collects what a transport delivers. */
function watch(transport: TcpTransport) {
  const log = { bytes: 0, drains: 0, last: Promise.resolve<Error | undefined>(undefined) };
  log.last = new Promise((resolve) => {
    transport.setHandlers({
      data: (chunk) => {
        log.bytes += chunk.length;
      },
      drain: () => log.drains++,
      close: resolve,
    });
  });
  return log;
}

describe('TcpTransport', () => {
  test('knows both endpoints', async () => {
    const [near, far] = await pair();
    expect(near.remoteAddress).toBe(far.localAddress);
    expect(near.localAddress).toBe(far.remoteAddress);
    expect(near.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/u);
  });

  test('an orderly end delivers everything, although the other side was still sending', async () => {
    const [near, far] = await pair();
    const heard = watch(far);
    const own = watch(near);
    far.write(new Uint8Array(200_000));
    for (let i = 0; i < 50; i++) near.write(new Uint8Array(10_000));
    near.close();
    near.write(new Uint8Array(10_000));
    expect(await heard.last).toBeUndefined();
    expect(heard.bytes).toBe(500_000);
    await own.last;
  });

  test('nothing that came before the handlers is lost, the end included', async () => {
    const [near, far] = await pair();
    near.write(new Uint8Array(1_000));
    near.close();
    const later = watch(far);
    await later.last;
    expect(later.bytes).toBe(1_000);
    const [gone] = await pair();
    gone.destroy();
    await watch(gone).last;
  });

  test('a full buffer asks for a wait and drains when the other side reads again', async () => {
    const [near, far] = await pair();
    const own = watch(near);
    const heard = watch(far);
    far.pause();
    let written = 0;
    const chunk = new Uint8Array(64 * 1024);
    while (near.write(chunk)) written++;
    written++;
    expect(written).toBeLessThan(4);
    // Fill the buffers of the system, too.
    for (; written < 400; written++) near.write(chunk);
    const before = own.drains;
    far.resume();
    near.close();
    await heard.last;
    expect(heard.bytes).toBe(400 * chunk.length);
    expect(before).toBe(0);
  });

  test('a remote that stops sending has left', async () => {
    const listener = await listen();
    const { port } = new URL(`tcp://${listener.address}`);
    const socket: Socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
    cleanups.push(() => socket.destroy());
    const accepted = await listener.accept();
    const heard = watch(accepted);
    socket.end(Buffer.from('bye'));
    expect(await heard.last).toBeUndefined();
    expect(heard.bytes).toBe(3);
  });

  test('a reset is an error', async () => {
    const listener = await listen();
    const { port } = new URL(`tcp://${listener.address}`);
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    const accepted = await listener.accept();
    const heard = watch(accepted);
    socket.resetAndDestroy();
    expect((await heard.last)?.message).toContain('ECONNRESET');
    expect(accepted.write(new Uint8Array(1))).toBe(false);
    accepted.close();
    accepted.destroy();
  });
});

describe('TcpDialer', () => {
  test('says why it failed', async () => {
    const listener = await listen();
    const { address } = listener;
    await listener.close();
    const dialer = new TcpDialer();
    const signal = new AbortController().signal;
    await expect(dialer.dial(address, signal)).rejects.toThrow('ECONNREFUSED');
    const nobody = new TcpDialer({ resolve: () => Promise.resolve([]) });
    await expect(nobody.dial('node.example:1', signal)).rejects.toThrow('no addresses found for node.example');
  });

  test('tries the addresses of a name in turn', async () => {
    const listener = await listen();
    const port = listener.address.split(':')[1];
    const dialer = new TcpDialer({ resolve: () => Promise.resolve(['127.0.0.2', '127.0.0.1']) });
    const transport = await dialer.dial(`node.example:${port}`, new AbortController().signal);
    cleanups.push(() => transport.destroy());
    expect(transport.remoteAddress).toBe(`127.0.0.1:${port}`);
  });

  test('an address where nothing answers leaves time for the others', async () => {
    const listener = await listen();
    const port = listener.address.split(':')[1];
    const tried: string[] = [];
    const dialer = new TcpDialer(
      { resolve: () => Promise.resolve(['192.0.2.1', '192.0.2.2', '127.0.0.1']) },
      {
        addressTimeout: 1,
        open: (host, atPort, signal) => {
          tried.push(host);
          if (host === '127.0.0.1') return openSocket(host, atPort, signal);
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));
        },
      },
    );
    const transport = await dialer.dial(`node.example:${port}`, new AbortController().signal);
    cleanups.push(() => transport.destroy());
    expect(transport.remoteAddress).toBe(listener.address);
    expect(tried).toEqual(['192.0.2.1', '192.0.2.2', '127.0.0.1']);
  });

  test("a lookup by the system is given up at once, whatever the system's patience", async () => {
    const lookup = vi.spyOn(dns, 'lookup').mockReturnValue(new Promise(() => undefined));
    syncBuiltinESMExports();
    cleanups.push(() => {
      lookup.mockRestore();
      syncBuiltinESMExports();
    });
    const controller = new AbortController();
    const dial = new TcpDialer().dial('node.example:1', controller.signal);
    controller.abort();
    await expect(dial).rejects.toThrow('the lookup was given up');
    await expect(systemResolver.resolve('node.example', controller.signal)).rejects.toThrow('the lookup was given up');
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  test('can be given up', async () => {
    const controller = new AbortController();
    const hanging = new TcpDialer({
      resolve: (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    });
    const dial = hanging.dial('node.example:1', controller.signal);
    controller.abort();
    await expect(dial).rejects.toThrow('aborted');
    await expect(new TcpDialer().dial('127.0.0.1:1', controller.signal)).rejects.toThrow();
  });
});

describe('TcpListener', () => {
  test('refuses an address in use and gives it back when closed', async () => {
    const listener = await listen();
    await expect(TcpListener.listen(listener.address)).rejects.toThrow('EADDRINUSE');
    await listener.close();
    await listener.close();
    await expect(listener.accept()).rejects.toThrow('closed');
    await listen(listener.address);
  });

  test('an IPv6 wildcard leaves IPv4 alone', async () => {
    const six = await TcpListener.listen('[::]:0').catch(() => undefined);
    if (!six) return;
    cleanups.push(() => six.close());
    const port = six.address.slice(six.address.lastIndexOf(':') + 1);
    const four = await listen(`0.0.0.0:${port}`);
    expect([six.address, four.address]).toEqual([`[::]:${port}`, `0.0.0.0:${port}`]);
  });

  test('a pending accept ends with the listener', async () => {
    const listener = await listen();
    const pending = expect(listener.accept()).rejects.toThrow('closed');
    await listener.close();
    await pending;
  });
});

test('a peer over TCP: handshake, nonsense, the last word arrives', async () => {
  const params = networkParams('simnet');
  const [near, far] = await pair();
  const peer = new Peer(
    { params, inbound: true, services: 13n, userAgent: userAgent(2) },
    {
      transport: far,
      world: systemWorld,
      logger: silentLogger,
      nonces: new SentNonces(),
      nextId: () => 1,
      newestHeight: () => 0,
      handlers: {},
    },
  );
  peer.start();
  const remote = new ScriptedRemote(near, params);
  remote.introduce();
  const nonsense = remote.frame({ command: 'ping', nonce: 1n });
  nonsense.set([0x47], 7);
  remote.sendRaw(nonsense);
  for (let i = 0; i < 100; i++) remote.send({ command: 'getaddr' });
  expect(await peer.closed).toBe('ReadMessage: unhandled command [pinG]');
  while (!remote.closed) await new Promise((resolve) => setImmediate(resolve));
  expect(remote.commands).toEqual(['version', 'verack', 'reject']);
  expect(remote.all('reject')[0]?.reason).toBe(
    `Can't read message from ${far.remoteAddress} (inbound): ReadMessage: unhandled command [pinG]`,
  );
});
