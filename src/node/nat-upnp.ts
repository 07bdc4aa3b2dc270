import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Gateway } from './nat.ts';

/** Where devices listen for searches (UPnP Device Architecture 1.0, section 1), and how long one lasts. */
const SEARCH = { host: '239.255.255.250', port: 1900, milliseconds: 3_000 };
const DEVICE = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';
/** Requests of a search. */
const SEARCHES = 3;
/** Answering devices whose descriptions are read. */
const MAX_DEVICES = 8;
/** Longest answer that is read, bytes. */
const MAX_DOCUMENT = 256 * 1024;
/** Longest time for one request to the router, milliseconds. */
const REQUEST_TIMEOUT = 5_000;
const DESCRIPTION = 'soterd listen port';
/** The router keeps mappings only for ever. */
const ONLY_PERMANENT = 725;

/** The router refused an action. */
class UpnpError extends Error {
  override name = 'UpnpError';
  readonly code: number;

  constructor(code: number, description: string) {
    super(`error ${code} ${description}`.trim());
    this.code = code;
  }
}

/**
 * Searches the local network for a router that forwards ports by UPnP.
 * @param search where to and how long; otherwise than usual in tests.
 * @returns undefined if none answers in three seconds.
 */
export async function findUpnpGateway(signal: AbortSignal, search = SEARCH): Promise<Gateway | undefined> {
  for await (const location of locations(signal, search)) {
    const gateway = await gatewayAt(location, signal).catch(() => undefined);
    if (gateway) return gateway;
  }
  return undefined;
}

/** Addresses of the descriptions of routers that answer, each once. */
async function* locations(signal: AbortSignal, { host, port, milliseconds }: typeof SEARCH): AsyncGenerator<URL> {
  const found: URL[] = [];
  const seen = new Set<string>();
  let wake: (() => void) | undefined;
  let over = false;
  const end = () => {
    over = true;
    wake?.();
  };
  const socket = createSocket('udp4');
  socket.on('error', end);
  socket.on('message', (message, { address }) => {
    const location = locationIn(message.toString('latin1'), address);
    if (!location || seen.has(location.href) || seen.size >= MAX_DEVICES) return;
    seen.add(location.href);
    found.push(location);
    wake?.();
  });
  const request = `M-SEARCH * HTTP/1.1\r\nHOST: ${host}:${port}\r\nST: ${DEVICE}\r\nMAN: "ssdp:discover"\r\nMX: 2\r\n\r\n`;
  // A network that cannot be reached is no router; the search ends with its time.
  const send = () => socket.send(request, port, host, (error) => error && end());
  const timers = Array.from({ length: SEARCHES }, (_, i) => setTimeout(send, (i * milliseconds) / SEARCHES));
  timers.push(setTimeout(end, milliseconds));
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    for (;;) {
      const next = found.shift();
      if (next) yield next;
      else if (over) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', end);
    socket.close();
  }
}

/** The description's address in an answer to a search. It must be at the host that answers: nobody names another one. */
function locationIn(answer: string, sender: string): URL | undefined {
  if (!answer.startsWith('HTTP/1.1 200') || !/InternetGatewayDevice/u.test(answer)) return undefined;
  const text = /^location:[ \t]*(\S+)/imu.exec(answer)?.[1];
  if (text === undefined || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' && url.hostname === sender ? url : undefined;
}

/** The router that a description is about; undefined if it forwards no ports. */
async function gatewayAt(location: URL, signal: AbortSignal): Promise<Gateway | undefined> {
  const text = await request(location, { signal });
  const base = elementText(text, 'URLBase') ?? location;
  for (const service of text.split('<service>').slice(1)) {
    const type = elementText(service, 'serviceType');
    const path = elementText(service, 'controlURL');
    if (path === undefined || !type || !/^urn:schemas-upnp-org:service:WAN(IP|PPP)Connection:\d$/u.test(type)) continue;
    const control = new URL(path, base);
    if (control.protocol !== 'http:' || control.hostname !== location.hostname) continue;
    return upnpGateway(control, type);
  }
  return undefined;
}

function upnpGateway(control: URL, service: string): Gateway {
  const act = (action: string, args: readonly (readonly [string, string | number])[], signal: AbortSignal) =>
    call(control, service, action, args, signal);
  return {
    name: `UPnP router ${control.hostname}`,
    async externalAddress(signal) {
      const answer = await act('GetExternalIPAddress', [], signal);
      return elementText(answer, 'NewExternalIPAddress') ?? '';
    },
    async map(port, seconds, signal) {
      const client = await ownAddress(control, signal);
      const add = (lease: number) =>
        act(
          'AddPortMapping',
          [
            ['NewRemoteHost', ''],
            ['NewExternalPort', port],
            ['NewProtocol', 'TCP'],
            ['NewInternalPort', port],
            ['NewInternalClient', client],
            ['NewEnabled', 1],
            ['NewPortMappingDescription', DESCRIPTION],
            ['NewLeaseDuration', lease],
          ],
          signal,
        );
      try {
        await add(seconds);
      } catch (error) {
        if (!(error instanceof UpnpError) || error.code !== ONLY_PERMANENT) throw error;
        await add(0);
      }
      return port;
    },
    async unmap(port, signal) {
      const args = [
        ['NewRemoteHost', ''],
        ['NewExternalPort', port],
        ['NewProtocol', 'TCP'],
      ] as const;
      await act('DeletePortMapping', args, signal);
    },
  };
}

/** Calls an action of the router's service by SOAP. @throws {UpnpError} if it is refused. */
function call(
  control: URL,
  service: string,
  action: string,
  args: readonly (readonly [string, string | number])[],
  signal: AbortSignal,
): Promise<string> {
  const members = args.map(([name, value]) => `<${name}>${value}</${name}>`).join('');
  const body =
    '<?xml version="1.0"?>\r\n' +
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">' +
    `<s:Body><u:${action} xmlns:u="${service}">${members}</u:${action}></s:Body></s:Envelope>`;
  const headers = { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${service}#${action}"` };
  return request(control, { method: 'POST', headers, body, signal });
}

/** The body of an answer. @throws {UpnpError} for a refusal, Error for anything else than success. */
async function request(url: URL, init: RequestInit & { readonly signal: AbortSignal }): Promise<string> {
  const signal = AbortSignal.any([init.signal, AbortSignal.timeout(REQUEST_TIMEOUT)]);
  // A redirection would lead to a host that nobody has checked.
  const response = await fetch(url, { ...init, signal, redirect: 'error' });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_DOCUMENT) throw new Error('the answer is too long');
  }
  const text = Buffer.concat(chunks).toString();
  if (response.ok) return text;
  const code = elementText(text, 'errorCode');
  if (code !== undefined) throw new UpnpError(Number(code), elementText(text, 'errorDescription') ?? '');
  throw new Error(`HTTP status ${response.status}`);
}

/** The text of the first element of this name; these documents are flat enough for that. */
function elementText(xml: string, name: string): string | undefined {
  return new RegExp(`<(?:\\w{1,20}:)?${name}(?:\\s[^<>]*)?>([^<]*)</`, 'u').exec(xml)?.[1]?.trim();
}

/** The address of this machine as the router sees it. */
function ownAddress(router: URL, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host: router.hostname, port: Number(router.port || 80) });
    const abort = () => socket.destroy(new Error('no answer in time'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      resolve(socket.localAddress ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => signal.removeEventListener('abort', abort));
  });
}
