import { createSocket } from 'node:dgram';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { routerIn } from './nat-find.ts';
import { pmpGateway } from './nat-pmp.ts';
import { findUpnpGateway } from './nat-upnp.ts';
import { NatRouter, type RouterBehaviour } from './testing/nat-router.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const never = (): AbortSignal => new AbortController().signal;
/** Waits for something that the sockets of this machine bring about, however busy it is. */
const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 60_000 });

async function router(behaviour: RouterBehaviour = {}): Promise<NatRouter> {
  const started = await NatRouter.start(behaviour);
  cleanups.push(() => started.stop());
  return started;
}

describe('UPnP', () => {
  test.each([
    ['InternetGatewayDevice:1', 'WANIPConnection:1'],
    ['InternetGatewayDevice:2', 'WANIPConnection:2'],
    ['InternetGatewayDevice:1', 'WANPPPConnection:1'],
  ])('%s with %s: maps, tells its address, unmaps', async (device, service) => {
    const found = await router({ device, service });
    const gateway = await findUpnpGateway(never(), found.search());
    expect(gateway?.name).toBe('UPnP router 127.0.0.1');
    expect(await gateway?.externalAddress(never())).toBe('93.184.35.19');
    expect(await gateway?.map(5070, 1200, never())).toBe(5070);
    await gateway?.unmap(5070, never());
    expect(found.actions).toEqual([
      'GetExternalIPAddress',
      'AddPortMapping NewRemoteHost= NewExternalPort=5070 NewProtocol=TCP NewInternalPort=5070 NewInternalClient=127.0.0.1 NewEnabled=1 NewPortMappingDescription=soterd listen port NewLeaseDuration=1200',
      'DeletePortMapping NewRemoteHost= NewExternalPort=5070 NewProtocol=TCP',
    ]);
  });

  test('a router that knows permanent mappings only gets one', async () => {
    const found = await router({ permanentOnly: true });
    const gateway = await findUpnpGateway(never(), found.search());
    expect(await gateway?.map(5070, 1200, never())).toBe(5070);
    expect(found.actions.at(-1)).toContain('NewLeaseDuration=0');
  });

  test('says why it refuses', async () => {
    const found = await router({ refuse: true });
    const gateway = await findUpnpGateway(never(), found.search());
    await expect(gateway?.map(5070, 1200, never())).rejects.toThrow('error 718 ConflictInMappingEntry');
  });

  test.each<[string, RouterBehaviour]>([
    ['nothing there', { web: (_, response) => response.writeHead(404).end() }],
    ['another device', { device: 'MediaServer:1' }],
    ['no service', { service: 'Other:1' }],
    ['nonsense', { description: '\0<service><serviceType>' }],
    ['too long', { description: 'x'.repeat(300_000) }],
    [
      'a location elsewhere',
      { searchAnswer: 'HTTP/1.1 200 OK\r\nST: InternetGatewayDevice:1\r\nLOCATION: http://127.0.0.2:PORT/\r\n\r\n' },
    ],
    ['no location', { searchAnswer: 'HTTP/1.1 200 OK\r\nST: InternetGatewayDevice:1\r\n\r\n' }],
    [
      'a file',
      { searchAnswer: 'HTTP/1.1 200 OK\r\nST: InternetGatewayDevice:1\r\nLOCATION: file:///etc/passwd\r\n\r\n' },
    ],
    ['other text', { searchAnswer: 'FOO * HTTP/1.1\r\n\r\n' }],
    [
      'control elsewhere',
      {
        description:
          '<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>http://127.0.0.2/</controlURL></service>',
      },
    ],
  ])('is no router: %s', async (_, behaviour) => {
    const found = await router(behaviour);
    expect(await findUpnpGateway(never(), found.search(150))).toBeUndefined();
    expect(found.actions).toEqual([]);
  });

  test('a redirection is not followed, neither to another host nor to another port', async () => {
    let visits = 0;
    const victim = createServer((_, response) => {
      visits++;
      response.end('<service></service>');
    });
    await new Promise<void>((resolve) => victim.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => victim.close());
    const { port } = victim.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost', '127.0.0.2']) {
      const found = await router({
        web: (_, response) => response.writeHead(302, { location: `http://${host}:${port}/private` }).end(),
      });
      expect(await findUpnpGateway(never(), found.search(150))).toBeUndefined();
    }
    expect(visits).toBe(0);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    [
      'endless',
      (response) => {
        const more = () => {
          while (!response.destroyed && response.write('<service>'.repeat(1000)));
        };
        response.on('drain', more);
        more();
      },
    ],
    [
      'a bomb',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(64 << 20))),
    ],
    [
      'cut off',
      (response) => response.writeHead(200, { 'content-length': '1000' }).write('<service>', () => response.destroy()),
    ],
    [
      'without end of its head',
      (response) => response.socket?.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(50_000)}`),
    ],
  ])('a description that is %s', async (_, respond) => {
    const found = await router({ web: (_request, response) => respond(response) });
    expect(await findUpnpGateway(never(), found.search(150))).toBeUndefined();
  });

  test('a description that never comes ends with the search', async () => {
    let asked = 0;
    let gone = 0;
    const found = await router({
      web: (request) => {
        asked++;
        request.socket.on('close', () => gone++);
      },
    });
    const controller = new AbortController();
    const search = findUpnpGateway(controller.signal, found.search());
    await until(() => asked > 0);
    controller.abort();
    expect(await search).toBeUndefined();
    await until(() => gone === asked);
  });

  test('URLBase leads to no other host', async () => {
    const service = 'urn:schemas-upnp-org:service:WANIPConnection:1';
    const found = await router({
      description: `<URLBase>http://127.0.0.2/</URLBase><service><serviceType>${service}</serviceType><controlURL>/c</controlURL></service>`,
    });
    expect(await findUpnpGateway(never(), found.search(150))).toBeUndefined();
  });

  test('many services that lead nowhere are read fast', async () => {
    const service = 'urn:schemas-upnp-org:service:WANIPConnection:1';
    const one = `<service><serviceType>${service}</serviceType><controlURL>ftp:</controlURL>`;
    const found = await router({ description: one.repeat(Math.floor(250_000 / one.length)) });
    expect(await findUpnpGateway(never(), found.search(150))).toBeUndefined();
  });

  test('documents made to take long are read fast', async () => {
    const found = await router({ description: `${'<service> '.repeat(20_000)}${' '.repeat(50_000)}` });
    expect(await findUpnpGateway(never(), found.search(150))).toBeUndefined();
  });

  test('can be given up', async () => {
    const found = await router();
    await found.stop();
    cleanups.length = 0;
    const controller = new AbortController();
    const search = findUpnpGateway(controller.signal, { host: '127.0.0.1', port: 9, milliseconds: 60_000 });
    controller.abort();
    expect(await search).toBeUndefined();
    expect(
      await findUpnpGateway(controller.signal, { host: '127.0.0.1', port: 9, milliseconds: 60_000 }),
    ).toBeUndefined();
  });
});

describe('NAT-PMP', () => {
  test('maps, tells its address, unmaps', async () => {
    const found = await router();
    const gateway = pmpGateway('127.0.0.1', found.pmp());
    expect(await gateway.externalAddress(never())).toBe('93.184.35.19');
    expect(await gateway.map(5070, 1200, never())).toBe(5070);
    await gateway.unmap(5070, never());
    expect(found.requests).toEqual(['0000', '0002000013ce13ce000004b0', '0002000013ce000000000000']);
  });

  test('is asked again, and nonsense is not an answer', async () => {
    const found = await router();
    found.pmpAnswers = ['silence', Uint8Array.of(0), Uint8Array.of(0, 128, 0, 0), Uint8Array.of(0, 130, 0, 0)];
    const hasty = pmpGateway('127.0.0.1', found.pmp(20));
    await expect(hasty.externalAddress(never())).rejects.toThrow('no answer');
    expect(found.requests).toHaveLength(4);
    found.pmpAnswers = ['silence'];
    expect(await pmpGateway('127.0.0.1', found.pmp(500)).externalAddress(never())).toBe('93.184.35.19');
  });

  test('an answer from elsewhere, or to another question, is none', async () => {
    const found = await router();
    found.pmpAnswers = ['silence'];
    const asked = pmpGateway('127.0.0.1', found.pmp(200)).externalAddress(never());
    await until(() => found.clients.length === 1);
    const forger = createSocket('udp4');
    cleanups.push(() => forger.close());
    const forged = Uint8Array.of(0, 128, 0, 0, 0, 0, 0, 9, 6, 6, 6, 6);
    await new Promise((resolve) => forger.send(forged, found.clients[0], '127.0.0.1', resolve));
    expect(await asked).toBe('93.184.35.19');
    const otherPort = Uint8Array.of(0, 130, 0, 0, 0, 0, 0, 9, 0, 22, 0, 22, 0, 0, 4, 176);
    found.pmpAnswers = [otherPort, otherPort];
    expect(await pmpGateway('127.0.0.1', found.pmp(20)).map(5070, 1200, never())).toBe(5070);
  });

  test('says why it refuses', async () => {
    const found = await router();
    found.pmpAnswers = [Uint8Array.of(0, 130, 0, 2, 0, 0, 0, 0), Uint8Array.of(0, 130, 0, 77, 0, 0, 0, 0)];
    const gateway = pmpGateway('127.0.0.1', found.pmp());
    await expect(gateway.map(1, 1, never())).rejects.toThrow('not authorised');
    await expect(gateway.map(1, 1, never())).rejects.toThrow('error 77');
  });

  test('nobody there, and given up', async () => {
    const found = await router();
    const pmp = found.pmp();
    await found.stop();
    cleanups.length = 0;
    await expect(pmpGateway('127.0.0.1', pmp).externalAddress(never())).rejects.toThrow();
    const controller = new AbortController();
    const asked = pmpGateway('127.0.0.1', pmp).externalAddress(controller.signal);
    controller.abort();
    await expect(asked).rejects.toThrow('no answer in time');
    await expect(pmpGateway('127.0.0.1', pmp).externalAddress(controller.signal)).rejects.toThrow();
  });

  test('the router of the default route', () => {
    const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n';
    const lan = 'eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n';
    expect(routerIn(`${head}${lan}eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\n`)).toBe('192.168.1.1');
    expect(routerIn(`${head}${lan}`)).toBeUndefined();
    expect(routerIn('')).toBeUndefined();
  });
});
