import { connect, type Socket } from 'node:net';
import { networkParams, PROTOCOL_VERSION, userAgent } from '../src/params/index.ts';
import { encodeMessage, FRAME_HEADER_SIZE, type Message, Services, UNKNOWN_IP } from '../src/wire/index.ts';

const params = networkParams('simnet');
const COMMAND_AT = 4;
const COMMAND_LENGTH = 12;
const LENGTH_AT = 16;

/** The bytes of a message. */
export function frame(message: Message): Uint8Array {
  const { magic, generation } = params;
  return encodeMessage(message, { magic, generation, encoding: 'witness', protocolVersion: PROTOCOL_VERSION });
}

/** What a client says at the beginning, both messages at once. */
function greeting(): Uint8Array {
  const version = frame({
    command: 'version',
    protocolVersion: PROTOCOL_VERSION,
    services: Services.witness,
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    receiver: { services: 1n, ip: UNKNOWN_IP, port: 0 },
    sender: { services: 0n, ip: UNKNOWN_IP, port: 0 },
    nonce: BigInt(Math.floor(Math.random() * 2 ** 52)),
    userAgent: userAgent(params.generation, ['bench']),
    genesisHash: params.genesisHash,
    lastBlock: 0,
    relay: true,
  });
  return Buffer.concat([version, frame({ command: 'verack' })]);
}

/**
 * The other end of a connection, which costs as little as it can: the node is what is measured. It cuts what it receives into
 * messages and decodes none.
 */
export class LightClient {
  readonly socket: Socket;
  /** Called with each message: its command and the payload, a view. */
  onMessage: ((command: string, payload: Buffer) => void) | undefined;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#received(chunk));
  }

  /** Connects and shakes hands; resolves when the node has answered with its verack. */
  static connect(port: number): Promise<LightClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port });
      const client = new LightClient(socket);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the node closed the connection')));
      socket.once('connect', () => socket.write(greeting()));
      client.onMessage = (command) => {
        if (command === 'verack') resolve(client);
      };
    });
  }

  /** Ends the connection at once, without a state that would block its port. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.resetAndDestroy();
    });
  }

  #received(chunk: Buffer): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (bytes.length >= FRAME_HEADER_SIZE) {
      const end = FRAME_HEADER_SIZE + bytes.readUInt32LE(LENGTH_AT);
      if (bytes.length < end) break;
      const name = bytes.toString('latin1', COMMAND_AT, COMMAND_AT + COMMAND_LENGTH);
      this.onMessage?.(name.slice(0, name.indexOf('\0')), bytes.subarray(FRAME_HEADER_SIZE, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }
}
