import { WebSocket } from 'ws';

/** A message as it came, and parsed. */
export interface ReceivedMessage {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** How a connection ended; the code is null if there was no close frame. */
export interface ClosedSocket {
  readonly code: number | null;
  readonly reason: string;
}

/** Items that arrive and are taken one by one. */
class Inbox<T> {
  readonly #items: T[] = [];
  readonly #takers: ((item: T | undefined) => void)[] = [];
  #ended = false;

  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  /** The next one, undefined if no more will come. */
  take(): Promise<T | undefined> {
    const item = this.#items.shift();
    if (item !== undefined || this.#ended) return Promise.resolve(item);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  end(): void {
    this.#ended = true;
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }
}

/** No code arrived, says the library. */
const ABNORMAL = 1006;

/** A WebSocket client of a node, for tests and measurements. Answers and notifications are taken apart from each other. */
export class SocketUser {
  readonly socket: WebSocket;
  /** Answers to requests, in the order of arrival. */
  readonly answers = new Inbox<ReceivedMessage>();
  readonly notifications = new Inbox<ReceivedMessage>();
  readonly closed: Promise<ClosedSocket>;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const text = String(data);
      const value = JSON.parse(text);
      if ('method' in value) this.notifications.put({ text, value });
      else this.answers.put({ text, value });
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.answers.end();
        this.notifications.end();
        resolve({ code: code === ABNORMAL ? null : code, reason: String(reason) });
      });
    });
    socket.on('error', () => socket.terminate());
  }

  /**
   * Connects to a local port.
   * @param credentials `user:password` for the header of the upgrade request, or null for none.
   * @returns the client, or the HTTP status with which the upgrade was refused.
   */
  static connect(port: number, credentials: string | null): Promise<SocketUser | number> {
    const headers =
      credentials === null ? {} : { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers, perMessageDeflate: false });
    return new Promise((resolve, reject) => {
      const user = new SocketUser(socket);
      socket.once('open', () => resolve(user));
      socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      });
      socket.once('error', reject);
    });
  }

  /** Connects; throws if the upgrade is refused. */
  static async open(port: number, credentials: string | null): Promise<SocketUser> {
    const user = await SocketUser.connect(port, credentials);
    if (typeof user === 'number') throw new Error(`the upgrade was refused with ${user}`);
    return user;
  }

  /** Sends a request and waits for the next answer; throws its error. One at a time. */
  async call<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    this.socket.send(JSON.stringify({ jsonrpc: '1.0', id: ++this.#lastId, method, params }));
    const answer = await this.answers.take();
    if (!answer) throw new Error(`the connection was closed before ${method} was answered`);
    const { result, error } = answer.value as { result: T; error: { code: number; message: string } | null };
    if (error) throw new Error(`${error.code}: ${error.message}`);
    return result;
  }

  /** Waits until everything that the node sent before has arrived. */
  async settle(): Promise<void> {
    const answered = new Promise((resolve) => this.socket.once('pong', resolve));
    this.socket.ping();
    await answered;
  }

  /** Ends the connection. */
  close(): void {
    this.socket.terminate();
  }
}
