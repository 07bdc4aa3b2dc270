import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a router does. */
export interface RouterBehaviour {
  /** Kind of the device and of its service. Default: version 1 of both. */
  readonly device?: string;
  readonly service?: string;
  /** Instead of the answer to a search; `PORT` stands for the port of its web server. */
  readonly searchAnswer?: string;
  /** Instead of its description. */
  readonly description?: string;
  /** Instead of its web server. */
  readonly web?: RequestListener;
  /** Refuses leases that end. */
  readonly permanentOnly?: boolean;
  /** Refuses to map. */
  readonly refuse?: boolean | string;
}

/** A router of the local network for tests: UPnP at one UDP port and a web server, NAT-PMP at another UDP port. */
export class NatRouter {
  /** Actions by SOAP: name and arguments. */
  readonly actions: string[] = [];
  /** Requests by NAT-PMP, hexadecimal. */
  readonly requests: string[] = [];
  /** UDP ports they came from. */
  readonly clients: number[] = [];
  behaviour: RouterBehaviour;
  /** Instead of the answer to the next NAT-PMP requests. */
  pmpAnswers: (Uint8Array | 'silence')[] = [];
  readonly #web: Server;
  readonly #search: Socket;
  readonly #pmp: Socket;

  private constructor(behaviour: RouterBehaviour) {
    this.behaviour = behaviour;
    this.#web = createServer((request, response) => {
      if (this.behaviour.web) {
        this.behaviour.web(request, response);
        return;
      }
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        const [status, text] = request.method === 'POST' ? this.#act(body) : [200, this.#describe()];
        response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
      });
    });
    this.#search = createSocket('udp4', (message, remote) => this.#searched(message.toString(), remote));
    this.#pmp = createSocket('udp4', (message, remote) => this.#requested(message, remote));
  }

  static async start(behaviour: RouterBehaviour = {}): Promise<NatRouter> {
    const router = new NatRouter(behaviour);
    await new Promise<void>((resolve) => router.#web.listen(0, '127.0.0.1', resolve));
    for (const socket of [router.#search, router.#pmp]) {
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    }
    return router;
  }

  /** Where it listens for searches. @param milliseconds how long to search. */
  search(milliseconds = 60_000) {
    return { host: '127.0.0.1', port: this.#search.address().port, milliseconds };
  }

  /** Where it listens for NAT-PMP. @param firstPause milliseconds. */
  pmp(firstPause = 5_000) {
    return { port: this.#pmp.address().port, firstPause };
  }

  async stop(): Promise<void> {
    this.#search.close();
    this.#pmp.close();
    this.#web.closeAllConnections();
    await new Promise((resolve) => this.#web.close(resolve));
  }

  get #webPort(): number {
    return (this.#web.address() as AddressInfo).port;
  }

  #searched(message: string, { address, port }: RemoteInfo): void {
    const device = this.behaviour.device ?? 'InternetGatewayDevice:1';
    if (!message.startsWith('M-SEARCH * HTTP/1.1\r\n')) return;
    const usual = `HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:${device}\r\nLocation: http://127.0.0.1:PORT/desc.xml\r\n\r\n`;
    const answer = (this.behaviour.searchAnswer ?? usual).replaceAll('PORT', `${this.#webPort}`);
    this.#search.send(answer, port, address);
  }

  #describe(): string {
    const { description, device = 'InternetGatewayDevice:1', service = 'WANIPConnection:1' } = this.behaviour;
    return (
      description ??
      `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
        <deviceType>urn:schemas-upnp-org:device:${device}</deviceType>
        <serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
          <controlURL>/wrong</controlURL></service></serviceList>
        <deviceList><device><serviceList><service>
          <serviceType>urn:schemas-upnp-org:service:${service}</serviceType>
          <controlURL>/control</controlURL></service></serviceList></device></deviceList></device></root>`
    );
  }

  #act(body: string): [number, string] {
    const action = /<u:(\w+) /u.exec(body)?.[1] ?? '';
    const args = [...body.matchAll(/<(New\w+)>([^<]*)</gu)].map(([, name, value]) => `${name}=${value}`);
    this.actions.push([action, ...args].join(' '));
    const { permanentOnly = false, refuse = false } = this.behaviour;
    const fault = (code: number, text: string): [number, string] => [
      500,
      `<s:Envelope><s:Body><s:Fault><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>${code}</errorCode><errorDescription>${text}</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`,
    ];
    if (refuse !== false && action === 'AddPortMapping')
      return fault(718, refuse === true ? 'ConflictInMappingEntry' : refuse);
    if (permanentOnly && args.includes('NewLeaseDuration=1200')) return fault(725, 'OnlyPermanentLeasesSupported');
    const result = action === 'GetExternalIPAddress' ? '<NewExternalIPAddress>93.184.35.19</NewExternalIPAddress>' : '';
    return [200, `<s:Envelope><s:Body><u:${action}Response>${result}</u:${action}Response></s:Body></s:Envelope>`];
  }

  #requested(message: Buffer, { address, port }: RemoteInfo): void {
    this.requests.push(message.toString('hex'));
    this.clients.push(port);
    const special = this.pmpAnswers.shift();
    if (special === 'silence') return;
    const usual =
      message[1] === 0
        ? Uint8Array.of(0, 128, 0, 0, 0, 0, 0, 9, 93, 184, 35, 19)
        : Uint8Array.of(0, 130, 0, 0, 0, 0, 0, 9, ...message.subarray(4, 8), 0, 0, 4, 176);
    this.#pmp.send(special ?? usual, port, address);
  }
}
