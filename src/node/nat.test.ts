import { describe, expect, test } from 'vitest';
import type { LogLevel } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { ipToString } from '../wire/index.ts';
import { type Gateway, PortForwarder } from './nat.ts';

const MINUTE = 60_000;

/** A router whose behaviour the test decides, and a forwarder that uses it. */
function setup() {
  const world = new VirtualWorld();
  const router = {
    found: true,
    external: '93.184.35.19',
    port: 5070,
    failure: undefined as Error | undefined,
    /** Thrown by the search. */
    lost: undefined as Error | undefined,
    /** Never answers: anything, or just this call. */
    silent: false as boolean | string,
    searches: 0,
    calls: [] as string[],
  };
  const act = <T>(call: string, result: () => T): Promise<T> => {
    router.calls.push(call);
    if (router.silent === true || router.silent === call.split(' ')[0]) return new Promise(() => undefined);
    return router.failure ? Promise.reject(router.failure) : Promise.resolve(result());
  };
  const gateway: Gateway = {
    name: 'test router',
    externalAddress: () => act('address', () => router.external),
    map: (port, seconds) => act(`map ${port} ${seconds}`, () => router.port),
    unmap: (port) => act(`unmap ${port}`, () => undefined),
  };
  const lines: string[] = [];
  const log = (level: LogLevel) => (message: string) => void lines.push(`${level}: ${message}`);
  const logger = {
    enabled: () => true,
    trace: log('trace'),
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    critical: log('critical'),
  };
  const changes: (string | undefined)[] = [];
  const forwarder = new PortForwarder(5070, {
    findGateway: () => {
      router.searches++;
      if (router.lost) return Promise.reject(router.lost);
      return router.silent === true
        ? new Promise(() => undefined)
        : Promise.resolve(router.found ? gateway : undefined);
    },
    world,
    logger,
    changed: (address) => changes.push(address && `${ipToString(address.ip)}:${address.port}`),
  });
  return { world, router, lines, changes, forwarder };
}

describe('PortForwarder', () => {
  test('forwards at the start, renews the lease before it ends, gives the port back at the end', async () => {
    const { world, router, lines, changes, forwarder } = setup();
    forwarder.start();
    forwarder.start();
    await world.advance(1);
    expect(changes).toEqual(['93.184.35.19:5070']);
    expect(lines).toEqual(['info: test router forwards 93.184.35.19 port 5070 to port 5070']);
    await world.advance(45 * MINUTE);
    expect(router.calls.filter((call) => call === 'map 5070 1200')).toHaveLength(4);
    expect(router.searches).toBe(1);
    expect(changes).toHaveLength(1);
    await world.waitFor(Promise.all([forwarder.stop(), forwarder.stop()]), 1);
    expect(router.calls.at(-1)).toBe('unmap 5070');
    expect(router.calls.filter((call) => call === 'unmap 5070')).toHaveLength(1);
    expect(world.pendingTimers).toBe(0);
  });

  test('without a router it says so once, and looks again from time to time', async () => {
    const { world, router, lines, changes, forwarder } = setup();
    router.found = false;
    forwarder.start();
    await world.advance(31 * MINUTE);
    expect(router.searches).toBe(3);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^warn: No router that forwards ports was found .* port 5070 is forwarded by hand$/u);
    router.found = true;
    await world.advance(15 * MINUTE);
    expect(changes).toEqual(['93.184.35.19:5070']);
    await world.waitFor(forwarder.stop(), 1);
  });

  test('a new external address replaces the old one; a router that fails is looked for anew', async () => {
    const { world, router, changes, forwarder } = setup();
    forwarder.start();
    await world.advance(1);
    router.external = '93.184.35.20';
    router.port = 6000;
    await world.advance(15 * MINUTE);
    expect(changes).toEqual(['93.184.35.19:5070', '93.184.35.20:6000']);
    router.failure = new Error('refused');
    await world.advance(15 * MINUTE);
    expect(changes.at(-1)).toBeUndefined();
    expect(router.searches).toBe(2);
    router.failure = undefined;
    await world.advance(15 * MINUTE);
    expect(changes.at(-1)).toBe('93.184.35.20:6000');
    await world.waitFor(forwarder.stop(), 1);
  });

  test('an unknown external address is a failure', async () => {
    const { world, router, lines, changes, forwarder } = setup();
    router.external = '';
    forwarder.start();
    await world.advance(1);
    expect(changes).toEqual([]);
    expect(lines[0]).toContain('the external address is unknown');
    await world.waitFor(forwarder.stop(), 1);
    expect(router.calls.at(-1)).toBe('unmap 5070');
  });

  test('a silent router delays nothing, the end included', async () => {
    const { world, router, forwarder } = setup();
    router.silent = true;
    forwarder.start();
    await world.advance(1);
    await world.waitFor(forwarder.stop(), 1);
    expect(world.pendingTimers).toBe(0);

    const other = setup();
    other.forwarder.start();
    await other.world.advance(1);
    other.router.silent = true;
    await other.world.waitFor(other.forwarder.stop(), 3_001);
    expect(other.router.calls.at(-1)).toBe('unmap 5070');
    expect(other.world.pendingTimers).toBe(0);
  });

  test('a node that ends while the router is being asked gives the port back: it may have been heard', async () => {
    const { world, router, lines, changes, forwarder } = setup();
    router.silent = 'map';
    forwarder.start();
    await world.advance(5_000);
    await world.waitFor(forwarder.stop(), 1);
    expect(router.calls).toEqual(['map 5070 1200', 'unmap 5070']);
    expect([changes, world.pendingTimers]).toEqual([[], 0]);
    expect(lines).toEqual(['info: Port 5070 is no longer forwarded by test router']);
  });

  test('a renewal that fails does not make it forget whom to give the port back to', async () => {
    const { world, router, lines, forwarder } = setup();
    forwarder.start();
    await world.advance(1);
    router.failure = new Error('busy');
    await world.advance(15 * MINUTE);
    router.failure = undefined;
    await world.waitFor(forwarder.stop(), 1);
    expect(router.calls.at(-1)).toBe('unmap 5070');
    expect(lines.at(-1)).toBe('info: Port 5070 is no longer forwarded by test router');
  });

  test('a router that refused is not asked to give anything back', async () => {
    const { world, router, forwarder } = setup();
    router.failure = new Error('no');
    forwarder.start();
    await world.advance(1);
    await world.waitFor(forwarder.stop(), 1);
    expect(router.calls).toEqual(['map 5070 1200']);
  });

  test('says what fails, and goes on', async () => {
    const { world, router, lines, changes, forwarder } = setup();
    router.lost = new Error('network is unreachable');
    forwarder.start();
    await world.advance(1);
    expect(lines).toEqual(['warn: Looking for a router that forwards ports: network is unreachable']);
    router.lost = undefined;
    await world.advance(15 * MINUTE);
    expect(changes).toEqual(['93.184.35.19:5070']);
    router.failure = new Error('busy');
    await world.waitFor(forwarder.stop(), 1);
    expect(lines.at(-1)).toBe('warn: test router did not give port 5070 back: busy');
  });

  test.each([0, -1, 65536, Number.NaN])('external port %d is a failure', async (port) => {
    const { world, router, changes, lines, forwarder } = setup();
    router.port = port;
    forwarder.start();
    await world.advance(1);
    expect(changes).toEqual([]);
    expect(lines[0]).toContain(`the external port is ${port}`);
    await world.waitFor(forwarder.stop(), 1);
  });

  test("a router's words are one short line of the log", async () => {
    const { world, router, lines, forwarder } = setup();
    router.external = `\n2027-01-01 [CRT] SRVR: \u001b[31m${'x'.repeat(100_000)}`;
    forwarder.start();
    await world.advance(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[\x20-\x7e]{1,300}$/u);
    await world.waitFor(forwarder.stop(), 1);
  });

  test('stop before start', async () => {
    const { world, router, forwarder } = setup();
    await world.waitFor(forwarder.stop(), 1);
    forwarder.start();
    await world.advance(20 * MINUTE);
    expect(router.searches).toBe(0);
  });
});
