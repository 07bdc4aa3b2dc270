import type { NetworkParams } from '../params/index.ts';
import { PROTOCOL_VERSION } from '../params/index.ts';
import {
  type Command,
  encodeMessage,
  FrameDecoder,
  type Message,
  type MessageOf,
  Services,
  UNKNOWN_IP,
  type WireContext,
} from '../wire/index.ts';
import type { Transport } from './transport.ts';

/**
 * A remote node whose every message is decided by a test: it decodes what it receives, answers nothing by itself, and
 * can send what no honest node would.
 */
export class ScriptedRemote {
  /** Everything received, in order. */
  readonly received: Message[] = [];
  /** Set when the other side has ended the connection. */
  closed = false;
  /** Called with each message as it arrives. */
  onMessage: ((message: Message) => void) | undefined;
  readonly transport: Transport;
  readonly #params: NetworkParams;
  readonly #context: WireContext;

  constructor(transport: Transport, params: NetworkParams) {
    this.transport = transport;
    this.#params = params;
    const { magic, generation } = params;
    this.#context = { magic, generation, encoding: 'witness', protocolVersion: PROTOCOL_VERSION };
    const decoder = new FrameDecoder(this.#context);
    transport.setHandlers({
      data: (chunk) => {
        decoder.push(chunk);
        for (let message = decoder.next(); message; message = decoder.next()) {
          this.received.push(message);
          this.onMessage?.(message);
        }
      },
      drain: () => undefined,
      close: () => {
        this.closed = true;
      },
    });
  }

  /** Commands received so far. */
  get commands(): Command[] {
    return this.received.map(({ command }) => command);
  }

  /** The messages of one command received so far. */
  all<C extends Command>(command: C): MessageOf<C>[] {
    return this.received.filter((message): message is MessageOf<C> => message.command === command);
  }

  /** The frame of a message, encoded for any protocol version. */
  frame(message: Message, context: Partial<WireContext> = {}): Uint8Array {
    return encodeMessage(message, { ...this.#context, ...context });
  }

  /** Sends a message. */
  send(message: Message, context: Partial<WireContext> = {}): void {
    this.transport.write(this.frame(message, context));
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array): void {
    this.transport.write(bytes);
  }

  /** A version message that is accepted; fields can be replaced. */
  version(fields: Partial<MessageOf<'version'>> = {}): MessageOf<'version'> {
    const { generation, genesisHash } = this.#params;
    return {
      command: 'version',
      protocolVersion: PROTOCOL_VERSION,
      services: Services.network | Services.bloom | Services.witness,
      timestamp: 1_800_000_000n,
      receiver: { services: 1n, ip: UNKNOWN_IP, port: 0 },
      sender: { services: 13n, ip: UNKNOWN_IP, port: 0 },
      nonce: 1234n,
      userAgent: generation === 2 ? '/soterwire:0.6.0/soterd:2.1.1/' : '/soterwire:0.6.0/soterd:4.2.0/',
      genesisHash,
      lastBlock: 0,
      relay: true,
      ...fields,
    };
  }

  /** Sends version and verack. */
  introduce(fields: Partial<MessageOf<'version'>> = {}): void {
    this.send(this.version(fields));
    this.send({ command: 'verack' });
  }
}
