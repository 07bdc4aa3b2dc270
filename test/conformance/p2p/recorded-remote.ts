import { connect, createServer, type Socket } from 'node:net';
import { bytesToHex, hexToBytes } from '../../../src/util/bytes.ts';
import { type Command, encodeFrame, type WireContext } from '../../../src/wire/index.ts';
import { FrameCollector, type WireMessage } from './frame-collector.ts';
import { PARAMS } from './test-node.ts';

/** Longest wait for something that must happen, milliseconds: a node that does not do it fails the case. */
const PATIENCE_MS = 20_000;

const context: WireContext = { magic: PARAMS.magic, protocolVersion: 70_013, encoding: 'witness', generation: 2 };

/**
 * The recorded side of a conversation: a socket that sends what was recorded and collects what comes. It knows frames
 * and nothing else, so that it shares no code of a peer with the node it talks to.
 */
export class RecordedRemote {
  readonly #socket: Socket;
  /** Received and not yet matched with the recording. */
  readonly received: WireMessage[] = [];
  readonly #frames = new FrameCollector();
  #closed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Dials the node. */
  static dial(address: string): Promise<RecordedRemote> {
    const [host, port] = address.split(':');
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port: Number(port) }, () => resolve(new RecordedRemote(socket)));
      socket.once('error', reject);
    });
  }

  /** Waits to be dialled by the node. @param dial makes the node dial an address. */
  static accept(dial: (address: string) => void): Promise<RecordedRemote> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        server.close();
        resolve(new RecordedRemote(socket));
      });
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const bound = server.address();
        if (typeof bound === 'object' && bound) dial(`127.0.0.1:${bound.port}`);
      });
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(command: string, payload: Uint8Array): void {
    // Recordings hold only the commands of the protocol.
    this.#socket.write(encodeFrame(command as Command, payload, context));
  }

  /** Sends recorded bytes. */
  sendHex(command: string, payloadHex: string): void {
    this.send(command, hexToBytes(payloadHex));
  }

  /** Takes the first received message that fits, waiting for it. @param wanted names it in the error. */
  async take(fits: (message: WireMessage) => boolean, wanted: string): Promise<WireMessage> {
    for (let checked = 0; ; ) {
      for (; checked < this.received.length; checked++) {
        const message = this.received[checked]!;
        if (!fits(message)) continue;
        this.received.splice(checked, 1);
        return message;
      }
      if (this.#closed) throw new Error(`connection was closed before ${wanted}; ${this.describe()}`);
      if (!(await this.#something())) throw new Error(`no ${wanted}; ${this.describe()}`);
    }
  }

  /** Waits until the node has dealt with everything that was sent: it answers a ping. */
  async barrier(): Promise<void> {
    const nonce = hexToBytes('00112233445566ff');
    this.send('ping', nonce);
    await this.take(({ command, payload }) => command === 'pong' && Buffer.compare(payload, nonce) === 0, 'pong');
  }

  /** Waits for the node to hang up. */
  async untilClosed(): Promise<void> {
    while (!this.#closed) if (!(await this.#something())) throw new Error('the node does not hang up');
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  /** What was received and not matched, for error messages. */
  describe(): string {
    const texts = this.received.map(({ command, payload }) => `${command} ${bytesToHex(payload).slice(0, 400)}`);
    return `unmatched: [${texts.slice(0, 8).join(', ')}]`;
  }

  /** Waits for a message or the end. @returns false if neither comes. */
  #something(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), PATIENCE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #data(chunk: Buffer): void {
    this.received.push(...this.#frames.push(chunk));
    this.#wake();
  }
}
