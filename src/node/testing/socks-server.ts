import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** One request that a proxy got. */
export interface SocksRequest {
  /** 1 connect, 0xf0 resolve. */
  readonly command: number;
  /** 1 IPv4, 3 name, 4 IPv6. */
  readonly type: number;
  readonly host: string;
  readonly port: number;
  /** Undefined if the client was not asked for it. */
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
}

/** What a proxy answers. */
export interface SocksBehaviour {
  /** Where connections really go: a local port. */
  readonly forwardTo?: number;
  /** Wants user name and password: true if they are offered, 'only' always. */
  readonly authenticate?: boolean | 'only';
  /** Refuses them. */
  readonly refuseCredentials?: boolean;
  /** Status byte of the answer. */
  readonly status?: number;
  /** The whole answer to a request instead of the usual one; an empty one is silence. */
  readonly answer?: Uint8Array;
  /** Address that names resolve to. */
  readonly resolved?: Uint8Array;
  /** Sends every answer byte by byte. */
  readonly dribble?: boolean;
  /** Never answers anything. */
  readonly silent?: boolean;
  /** Comes right behind the answer to a connect, in the same write. */
  readonly greeting?: Uint8Array;
}

/** A small SOCKS5 proxy for tests; it can also look names up as Tor does. */
export class SocksServer {
  readonly requests: SocksRequest[] = [];
  /** Connections that were accepted, and those of them that are open. */
  accepted = 0;
  readonly open = new Set<Socket>();
  behaviour: SocksBehaviour;
  readonly #server: Server;

  private constructor(server: Server, behaviour: SocksBehaviour) {
    this.#server = server;
    this.behaviour = behaviour;
    server.on('connection', (socket) => {
      this.accepted++;
      this.open.add(socket);
      socket.on('close', () => this.open.delete(socket));
      socket.on('error', () => socket.destroy());
      void this.#serve(socket);
    });
  }

  static async start(behaviour: SocksBehaviour = {}): Promise<SocksServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new SocksServer(server, behaviour);
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(socket: Socket): Promise<void> {
    const { authenticate = false, refuseCredentials = false, silent = false } = this.behaviour;
    const take = taker(socket);
    const [, count = 0] = await take(2);
    const methods = await take(count);
    if (silent) return;
    const password = authenticate === 'only' || (authenticate && methods.includes(2));
    await this.#send(socket, Uint8Array.of(5, password ? 2 : 0));
    let credentials: SocksRequest['credentials'];
    if (password) {
      const [, userLength = 0] = await take(2);
      const user = Buffer.from(await take(userLength)).toString();
      const [passwordLength = 0] = await take(1);
      credentials = { user, password: Buffer.from(await take(passwordLength)).toString() };
      await this.#send(socket, Uint8Array.of(1, refuseCredentials ? 1 : 0));
    }
    const [, command = 0, , type = 0] = await take(4);
    const host = await hostOf(type, take);
    const port = Buffer.from(await take(2)).readUInt16BE();
    this.requests.push({ command, type, host, port, credentials });
    await this.#answer(socket, command);
  }

  async #answer(socket: Socket, command: number): Promise<void> {
    const { forwardTo, status = 0, answer, resolved = Uint8Array.of(203, 0, 113, 7), greeting } = this.behaviour;
    if (answer) {
      await this.#send(socket, answer);
      return;
    }
    const bound = command === 0xf0 ? resolved : Uint8Array.of(0, 0, 0, 0);
    const reply = Uint8Array.of(5, status, 0, bound.length === 4 ? 1 : 4, ...bound, 0, 0);
    if (command === 1 && status === 0 && forwardTo !== undefined) {
      const onward = connect({ host: '127.0.0.1', port: forwardTo });
      onward.on('error', () => socket.destroy());
      socket.on('close', () => onward.destroy());
      onward.on('close', () => socket.destroy());
      await this.#send(socket, reply);
      socket.pipe(onward);
      onward.pipe(socket);
      return;
    }
    await this.#send(socket, greeting ? Buffer.concat([reply, greeting]) : reply);
  }

  async #send(socket: Socket, bytes: Uint8Array): Promise<void> {
    if (!this.behaviour.dribble) {
      socket.write(bytes);
      return;
    }
    socket.setNoDelay(true);
    for (const byte of bytes) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

async function hostOf(type: number, take: (length: number) => Promise<Uint8Array>): Promise<string> {
  if (type === 1) return (await take(4)).join('.');
  if (type === 4) return Buffer.from(await take(16)).toString('hex');
  const [length = 0] = await take(1);
  return Buffer.from(await take(length)).toString();
}

/** Reads exactly so many bytes, and leaves the rest in the socket. Never resolves if the socket ends before. */
function taker(socket: Socket): (length: number) => Promise<Uint8Array> {
  return (length) =>
    new Promise((resolve) => {
      const attempt = () => {
        const bytes: Buffer | null = length === 0 ? Buffer.alloc(0) : socket.read(length);
        if (!bytes) return;
        socket.off('readable', attempt);
        resolve(bytes);
      };
      socket.on('readable', attempt);
      attempt();
    });
}
