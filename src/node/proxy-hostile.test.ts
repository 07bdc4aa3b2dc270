import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import type { ProxyConfig } from './config/index.ts';
import { routes } from './proxy-routes.ts';
import { systemResolver } from './tcp.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const never = (): AbortSignal => new AbortController().signal;
/** Waits for something that the sockets of this machine bring about, however busy it is. */
const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 60_000 });
const ways = ({ proxy }: { readonly proxy: ProxyConfig }) =>
  routes({ proxy, onionProxy: undefined, onionAllowed: true }, new SeededRandom(1), systemResolver);

/** A proxy that says these bytes, each when the client has said something, and then this for ever. */
async function hostileProxy(answers: readonly (readonly number[])[], endless?: Uint8Array) {
  const open = new Set<Socket>();
  let said = 0;
  const server = createServer((socket) => {
    open.add(socket);
    let step = 0;
    const flood = () => {
      while (endless && !socket.destroyed && socket.write(endless)) said += endless.length;
    };
    socket.on('data', () => {
      const answer = answers[step++];
      if (answer) socket.write(Uint8Array.from(answer));
      if (step >= answers.length) flood();
    });
    socket.on('drain', flood);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const config: ProxyConfig = { address: `127.0.0.1:${port}`, user: 'u', password: 'p', isolate: false };
  return { open, said: () => said, config };
}

describe('a hostile proxy', () => {
  const garbage = new Uint8Array(65_536).fill(0xa5);
  const STAGES: [string, number[][]][] = [
    ['at once', []],
    ['in place of the method', [[]]],
    ['after the method', [[5, 0]]],
    ['after it wanted a password', [[5, 2]]],
    [
      'after it took the password',
      [
        [5, 2],
        [1, 0],
      ],
    ],
    [
      'within its answer',
      [
        [5, 0],
        [5, 0, 0, 4, 255, 1, 2],
      ],
    ],
  ];

  test.each(STAGES)('that floods %s is left, and little of it is taken', async (_, answers) => {
    const proxy = await hostileProxy(answers, garbage);
    const { dialer, resolver } = ways({ proxy: proxy.config });
    // What looks like success is one for the dialer: who speaks then is the peer, which has limits of its own.
    const dialled = await dialer.dial('198.51.100.9:1', never()).catch((error: Error) => error);
    if (!(dialled instanceof Error)) dialled.destroy();
    await resolver.resolve('seed.example', never()).catch(String);
    await until(() => proxy.open.size === 0);
    // Buffers of the system, not of this program.
    expect(proxy.said()).toBeLessThan(32 << 20);
  });

  test.each(STAGES)('that falls silent %s is left when told', async (_, answers) => {
    const proxy = await hostileProxy(answers);
    const { dialer, resolver } = ways({ proxy: proxy.config });
    for (const begin of [
      (signal: AbortSignal) => dialer.dial('198.51.100.9:1', signal),
      (signal: AbortSignal) => resolver.resolve('seed.example', signal),
    ]) {
      const controller = new AbortController();
      const work = begin(controller.signal);
      await until(() => proxy.open.size === 1);
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await expect(work).rejects.toThrow();
      await until(() => proxy.open.size === 0);
    }
  });

  test('that falls silent is left after 30 s', async () => {
    const proxy = await hostileProxy([]);
    const { dialer } = ways({ proxy: proxy.config });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    cleanups.push(() => vi.useRealTimers());
    const dial = dialer.dial('198.51.100.9:1', never());
    const failure = expect(dial).rejects.toThrow('Proxy connection timed out');
    await until(() => proxy.open.size === 1);
    await vi.advanceTimersByTimeAsync(30_000);
    await failure;
    vi.useRealTimers();
    await until(() => proxy.open.size === 0);
  });

  test.each([
    ['another version', [[4, 0]]],
    ['a method that was not offered', [[5, 1]]],
    ['no method', [[5, 255]]],
    [
      'another version in its answer',
      [
        [5, 0],
        [4, 0, 0, 1, 1, 2, 3, 4, 0, 0],
      ],
    ],
    [
      'an unknown kind of address',
      [
        [5, 0],
        [5, 0, 0, 9, 1, 2, 3, 4, 0, 0],
      ],
    ],
  ])('that says %s', async (_, answers) => {
    const proxy = await hostileProxy(answers);
    const { dialer, resolver } = ways({ proxy: proxy.config });
    await expect(resolver.resolve('seed.example', never())).rejects.toThrow(/^invalid/u);
    const dialled = await dialer.dial('198.51.100.9:1', never()).catch((error: Error) => error);
    if (!(dialled instanceof Error)) dialled.destroy();
    await until(() => proxy.open.size === 0);
  });
});
