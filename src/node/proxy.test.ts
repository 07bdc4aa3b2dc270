import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import type { ProxyConfig } from './config/index.ts';
import { type RouteConfig, routes } from './proxy-routes.ts';
import { systemResolver, type TcpTransport } from './tcp.ts';
import { type SocksBehaviour, SocksServer } from './testing/socks-server.ts';

const ONION = 'aasqaaaaaaaaaaab.onion';
/** No proxy, nothing forbidden. */
const EVERYTHING: RouteConfig = { proxy: undefined, onionProxy: undefined, onionAllowed: true };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const never = (): AbortSignal => new AbortController().signal;
/** Waits for something that the sockets of this machine bring about, however busy it is. */
const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 60_000 });

/** A server that says hello and then repeats what it hears. @returns its port. */
async function echo(): Promise<number> {
  const server = createServer((socket) => {
    socket.write('hello');
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function socks(behaviour: SocksBehaviour = {}): Promise<SocksServer> {
  const server = await SocksServer.start(behaviour);
  cleanups.push(() => server.stop());
  return server;
}

const proxyAt = (server: SocksServer, changes: Partial<ProxyConfig> = {}): ProxyConfig => ({
  address: server.address,
  user: '',
  password: '',
  isolate: false,
  ...changes,
});

/** The ways out under a configuration, and the names that the system was asked for. */
function ways(config: Partial<RouteConfig>) {
  const asked: string[] = [];
  const system = {
    resolve: (host: string) => {
      asked.push(host);
      return Promise.resolve(['127.0.0.1']);
    },
  };
  return { asked, ...routes({ ...EVERYTHING, ...config }, new SeededRandom(1), system) };
}

/** Waits until a transport has delivered so many bytes. */
function hear(transport: TcpTransport, length: number): Promise<string> {
  cleanups.push(() => transport.destroy());
  let text = '';
  return new Promise((resolve) => {
    transport.setHandlers({
      data: (chunk) => {
        text += Buffer.from(chunk).toString();
        if (text.length >= length) resolve(text);
      },
      drain: () => undefined,
      close: () => resolve(text),
    });
  });
}

describe('connections through a proxy', () => {
  test.each([false, true])('carry bytes both ways, the first ones included (byte by byte: %s)', async (dribble) => {
    const server = await socks({ forwardTo: await echo(), dribble });
    const { dialer } = ways({ proxy: proxyAt(server) });
    const transport = await dialer.dial('198.51.100.9:18555', never());
    expect(transport.remoteAddress).toBe('198.51.100.9:18555');
    const heard = hear(transport, 8);
    transport.write(Buffer.from('abc'));
    expect(await heard).toBe('helloabc');
    expect(server.requests).toEqual([
      { command: 1, type: 1, host: '198.51.100.9', port: 18555, credentials: undefined },
    ]);
  });

  test('what the host says in the same packet as the proxy is not lost', async () => {
    const server = await socks({ greeting: Buffer.from('early') });
    const { dialer } = ways({ proxy: proxyAt(server) });
    expect(await hear(await dialer.dial('[2001:db8::5]:1', never()), 5)).toBe('early');
    expect(server.requests[0]).toMatchObject({ type: 4, host: '20010db8000000000000000000000005' });
  });

  test('give the credentials, if the proxy wants them', async () => {
    const server = await socks({ authenticate: true });
    const { dialer } = ways({ proxy: proxyAt(server, { user: 'me', password: 'secret' }) });
    cleanups.push(
      (
        (transport) => () =>
          transport.destroy()
      )(await dialer.dial('198.51.100.9:1', never())),
    );
    expect(server.requests[0]?.credentials).toEqual({ user: 'me', password: 'secret' });
    server.behaviour = { authenticate: true, refuseCredentials: true };
    const refused = dialer.dial('198.51.100.9:1', never());
    await expect(refused).rejects.toThrow('Socks5 Authentication failed');
    await expect(refused).rejects.not.toHaveProperty('options');
  });

  test('are isolated by credentials of their own', async () => {
    const server = await socks({ authenticate: true });
    const { dialer } = ways({ proxy: proxyAt(server, { user: 'me', password: 'secret', isolate: true }) });
    for (let i = 0; i < 3; i++) (await dialer.dial('198.51.100.9:1', never())).destroy();
    const texts = server.requests.flatMap(({ credentials }) => [credentials?.user, credentials?.password]);
    expect(new Set(texts).size).toBe(6);
    for (const text of texts) expect(text).toMatch(/^[0-9a-f]{32}$/u);
  });

  test.each([
    [{ status: 4 }, 'HostUnreachable'],
    [{ status: 5 }, 'ConnectionRefused'],
    [{ answer: Uint8Array.of(4, 0, 0, 1, 0) }, 'rejected'],
    [{ authenticate: 'only' as const, refuseCredentials: true }, 'Authentication failed'],
  ])('fail with the reason: %j', async (behaviour, reason) => {
    const server = await socks(behaviour);
    await expect(ways({ proxy: proxyAt(server) }).dialer.dial('198.51.100.9:1', never())).rejects.toThrow(reason);
  });

  test('fail if there is no proxy, or no host that it could be given', async () => {
    const server = await socks();
    const { dialer } = ways({ proxy: proxyAt(server) });
    for (const host of [`${'a'.repeat(256)}`, 'bücher.example', '']) {
      await expect(dialer.dial(`${host}:1`, never())).rejects.toThrow('cannot be given this host');
    }
    const long = ways({ proxy: proxyAt(server, { user: 'x'.repeat(256) }) });
    await expect(long.dialer.dial('198.51.100.9:1', never())).rejects.toThrow('at most 255 bytes');
    await expect(dialer.dial('no port', never())).rejects.toThrow('missing port in address');
    await server.stop();
    await expect(dialer.dial('198.51.100.9:1', never())).rejects.toThrow('ECONNREFUSED');
  });

  test('can be given up at every stage and leave nothing open', async () => {
    const server = await socks({ silent: true });
    const { dialer } = ways({ proxy: proxyAt(server) });
    const controller = new AbortController();
    const dial = dialer.dial('198.51.100.9:1', controller.signal);
    await until(() => server.open.size === 1);
    controller.abort();
    await expect(dial).rejects.toThrow();
    await until(() => server.open.size === 0);
    await expect(dialer.dial('198.51.100.9:1', controller.signal)).rejects.toThrow();
    expect(server.accepted).toBe(1);
  });
});

describe('names', () => {
  test('without a proxy the system looks them up, but never a Tor service', async () => {
    const port = await echo();
    const { dialer, resolver, asked, onionReachable } = ways({});
    expect(await hear(await dialer.dial(`node.example:${port}`, never()), 5)).toBe('hello');
    expect(await resolver.resolve('node.example', never())).toEqual(['127.0.0.1']);
    for (const host of [ONION, `${'a'.repeat(56)}.onion`, 'x.ONION', `${ONION}.`]) {
      await expect(resolver.resolve(host, never())).rejects.toThrow(`attempt to resolve tor address ${host}`);
      await expect(dialer.dial(`${host}:1`, never())).rejects.toThrow(`attempt to resolve tor address ${host}`);
    }
    expect(asked).toEqual(['node.example', 'node.example']);
    expect(onionReachable).toBe(false);
  });

  test('with a proxy nobody but the proxy is told', async () => {
    const lookups = [vi.spyOn(dns, 'lookup'), vi.spyOn(dnsPromises, 'lookup')];
    syncBuiltinESMExports();
    cleanups.push(() => syncBuiltinESMExports());
    // The spies see what they should: this one is the system's.
    expect((await systemResolver.resolve('localhost', never())).length).toBeGreaterThan(0);
    expect(lookups[1]?.mock.calls).toHaveLength(1);
    const server = await socks({ forwardTo: await echo() });
    const other = await socks({ forwardTo: await echo() });
    const configs: Partial<RouteConfig>[] = [
      { proxy: proxyAt(server) },
      { proxy: proxyAt(server), onionProxy: proxyAt(other) },
      { proxy: proxyAt(server), onionAllowed: false },
    ];
    for (const config of configs) {
      const spied = ways(config);
      const real = routes({ ...EVERYTHING, ...config }, new SeededRandom(1), systemResolver);
      for (const { dialer, resolver } of [spied, real]) {
        (await dialer.dial('node.example:7', never())).destroy();
        (await dialer.dial('198.51.100.9:7', never())).destroy();
        await dialer.dial(`${ONION}:7`, never()).then((transport) => transport.destroy(), String);
        await resolver.resolve('seed.example', never()).catch(String);
        await resolver.resolve(ONION, never()).catch(String);
      }
      expect(spied.asked).toEqual([]);
    }
    const names = server.requests.filter(({ type, command }) => type === 3 && command === 1).map(({ host }) => host);
    expect(new Set(names)).toEqual(new Set(['node.example', ONION]));
    // What the system was asked for are at most literal addresses of the proxies themselves.
    const told = lookups.flatMap(({ mock }) => mock.calls.map(([host]) => String(host)));
    expect(told.filter((host) => host !== '127.0.0.1')).toEqual(['localhost']);
  });

  test('which proxy is asked', async () => {
    const general = await socks();
    const tor = await socks();
    const resolved = async (config: Partial<RouteConfig>) => {
      const { resolver } = ways(config);
      return resolver.resolve('seed.example', never()).catch((error: Error) => error.message);
    };
    expect(await resolved({ proxy: proxyAt(general) })).toEqual(['203.0.113.7']);
    expect(general.requests).toMatchObject([{ command: 0xf0, type: 3, host: 'seed.example' }]);
    expect(await resolved({ proxy: proxyAt(general), onionProxy: proxyAt(tor) })).toEqual(['203.0.113.7']);
    expect([general.requests.length, tor.requests.length]).toEqual([1, 1]);
    expect(await resolved({ proxy: proxyAt(general), onionAllowed: false })).toContain('is not looked up');
    expect(await resolved({ onionProxy: proxyAt(tor) })).toEqual(['127.0.0.1']);
    expect([general.requests.length, tor.requests.length]).toEqual([1, 1]);
  });
});

describe('Tor services', () => {
  test('go through the proxy for them, else through the general one; the others do not', async () => {
    const general = await socks();
    const tor = await socks();
    const dial = async (config: Partial<RouteConfig>, address: string) => {
      const transport = await ways(config).dialer.dial(address, never());
      transport.destroy();
      return transport.remoteAddress;
    };
    const both = { proxy: proxyAt(general), onionProxy: proxyAt(tor) };
    expect(await dial(both, `${ONION}:5`)).toBe(`${ONION}:5`);
    expect(await dial(both, '[fd87:d87e:eb43:25::1]:5')).toBe(`${ONION}:5`);
    expect(tor.requests.map(({ host }) => host)).toEqual([ONION, ONION]);
    await dial(both, '198.51.100.9:5');
    expect(general.requests.map(({ host }) => host)).toEqual(['198.51.100.9']);
    const v3 = `${'abcdefg2345672'.repeat(4)}.onion`;
    expect(await dial(both, `${v3}:5`)).toBe(`${v3}:5`);
    expect(tor.requests[2]).toMatchObject({ command: 1, type: 3, host: v3, port: 5 });
    await dial({ proxy: proxyAt(general) }, `${ONION}:5`);
    expect(general.requests[1]?.host).toBe(ONION);
    const port = await echo();
    await dial({ onionProxy: proxyAt(tor) }, `127.0.0.1:${port}`);
    expect(tor.requests).toHaveLength(3);
  });

  test('are out of reach with --noonion', async () => {
    const { dialer, onionReachable } = ways({ proxy: proxyAt(await socks()), onionAllowed: false });
    await expect(dialer.dial(`${ONION}:5`, never())).rejects.toThrow('tor has been disabled');
    expect(onionReachable).toBe(false);
  });
});

describe('looking a name up through Tor', () => {
  const lookup = async (behaviour: SocksBehaviour, credentials: Partial<ProxyConfig> = {}) => {
    const server = await socks(behaviour);
    const { resolver } = ways({ proxy: proxyAt(server, credentials) });
    return { server, result: await resolver.resolve('seed.example', never()).catch((error: Error) => error.message) };
  };

  test.each([
    [1, 'tor general error'],
    [2, 'tor not allowed'],
    [3, 'tor network is unreachable'],
    [4, 'tor host is unreachable'],
    [5, 'tor connection refused'],
    [6, 'tor TTL expired'],
    [7, 'tor command not supported'],
    [8, 'tor address type not supported'],
    [9, 'invalid proxy response'],
    [255, 'invalid proxy response'],
  ])('status %i', async (status, text) => {
    expect((await lookup({ status })).result).toBe(text);
  });

  test('answers in pieces, of both families', async () => {
    expect((await lookup({ dribble: true })).result).toEqual(['203.0.113.7']);
    const six = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9);
    expect((await lookup({ resolved: six })).result).toEqual(['2001:db8::9']);
  });

  test('nonsense', async () => {
    expect((await lookup({ answer: Uint8Array.of(4, 0, 0, 1, 1, 2, 3, 4, 0, 0) })).result).toBe(
      'invalid proxy response',
    );
    expect((await lookup({ answer: Uint8Array.of(5, 0, 0, 3, 1, 65, 0, 0) })).result).toBe('invalid address response');
    expect((await lookup({ authenticate: 'only' })).result).toBe('invalid proxy authentication method');
  });

  test('with credentials, isolated ones included', async () => {
    const { server, result } = await lookup({ authenticate: 'only' }, { user: 'u', password: 'p' });
    expect(result).toEqual(['203.0.113.7']);
    expect(server.requests[0]?.credentials).toEqual({ user: 'u', password: 'p' });
    const isolated = await lookup({ authenticate: true }, { isolate: true });
    expect(isolated.server.requests[0]?.credentials?.user).toMatch(/^[0-9a-f]{32}$/u);
    expect((await lookup({ authenticate: true, refuseCredentials: true }, { user: 'u' })).result).toContain('refused');
  });

  test('a proxy that goes away or never answers', async () => {
    const server = await socks({ silent: true });
    const { resolver } = ways({ proxy: proxyAt(server) });
    const first = resolver.resolve('seed.example', never());
    await until(() => server.open.size === 1);
    for (const socket of server.open) socket.destroy();
    await expect(first).rejects.toThrow('the proxy closed the connection');
    const controller = new AbortController();
    const second = resolver.resolve('seed.example', controller.signal);
    await until(() => server.open.size === 1);
    controller.abort();
    await expect(second).rejects.toThrow('given up');
    await until(() => server.open.size === 0);
  });
});
