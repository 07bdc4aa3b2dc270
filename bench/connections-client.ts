import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { networkParams, PROTOCOL_VERSION, userAgent } from '../src/params/index.ts';
import { encodeMessage, FRAME_HEADER_SIZE, type Message, Services, UNKNOWN_IP } from '../src/wire/index.ts';
import { NodeProcess, until } from '../test/e2e/process.ts';
import type { NodeSpan } from './connections-node.ts';

const params = networkParams('simnet');
/** Of compiled programs, or of sources when these are run as they are. */
const EXTENSION = import.meta.url.slice(-3);
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

/** A node in a process of its own that measures itself. */
export class MeasuredNode {
  readonly node: NodeProcess;
  readonly #reports: string;
  #taken = 0;

  private constructor(node: NodeProcess, reports: string) {
    this.node = node;
    this.#reports = reports;
  }

  /** @param home its folder, which the caller removes. */
  static async start(home: string, args: readonly string[]): Promise<MeasuredNode> {
    const reports = `${home}.jsonl`;
    const program = fileURLToPath(new URL(`./connections-node${EXTENSION}`, import.meta.url));
    const script = [...process.execArgv, '--expose-gc', program, reports];
    return new MeasuredNode(await NodeProcess.start(['--debuglevel=error', ...args], home, script), reports);
  }

  /** What the node measured since the last report. */
  async report(): Promise<NodeSpan> {
    this.node.program.child.kill('SIGUSR2');
    const line = await until(() => {
      const lines = existsSync(this.#reports) ? readFileSync(this.#reports, 'utf8').split('\n') : [];
      return lines.length > this.#taken + 1 && lines[this.#taken];
    });
    this.#taken++;
    return JSON.parse(line);
  }

  /** Ends the process. */
  async end(): Promise<void> {
    await this.node.program.end('SIGKILL');
  }
}
