import type { Transport } from '../../../src/peer/index.ts';
import { type Command, encodeFrame, type WireContext } from '../../../src/wire/index.ts';
import { FrameCollector, type WireMessage } from './frame-collector.ts';

/** A message with the moment at which it came. */
export interface ReceivedMessage extends WireMessage {
  /** The turn of the conversation. */
  readonly turn: number;
}

/** The recorded side of a conversation in virtual time: sends what was recorded, and collects what comes. */
export class VirtualRemote {
  readonly received: ReceivedMessage[] = [];
  /** Virtual time at which the node hung up; undefined while it has not. */
  closedAt: number | undefined;
  readonly #transport: Transport;
  readonly #context: WireContext;

  /**
   * @param magic of the network.
   * @param now virtual time.
   * @param turn see {@link ReceivedMessage}.
   */
  constructor(transport: Transport, magic: number, now: () => number, turn: () => number) {
    this.#transport = transport;
    this.#context = { magic, generation: 2, encoding: 'witness', protocolVersion: 70_013 };
    const frames = new FrameCollector();
    transport.setHandlers({
      data: (chunk) => {
        for (const message of frames.push(chunk)) this.received.push({ ...message, turn: turn() });
      },
      drain: () => undefined,
      close: () => {
        this.closedAt ??= now();
      },
    });
  }

  /** Sends a message of any command, also one that does not exist or breaks a limit. */
  send(command: string, payload: Uint8Array): void {
    // Framing a command without limits and renaming it afterwards gets around the limits of the encoder.
    const bytes = encodeFrame('alert' satisfies Command, payload, this.#context);
    bytes.set(Buffer.from(command.padEnd(12, '\0'), 'latin1'), 4);
    this.#transport.write(bytes);
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array): void {
    this.#transport.write(bytes);
  }

  /** Hangs up. */
  close(): void {
    this.#transport.close();
  }
}
