import { FRAME_HEADER_SIZE } from '../../../src/wire/index.ts';

/** A message as it went over the wire. */
export interface WireMessage {
  readonly command: string;
  readonly payload: Uint8Array;
}

/** Cuts a stream of bytes into messages. It knows frames and nothing else: no code of the node that it listens to. */
export class FrameCollector {
  #buffer = Buffer.alloc(0);

  /** Takes bytes in. @returns the messages that are complete now. */
  push(chunk: Uint8Array): WireMessage[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    const messages: WireMessage[] = [];
    for (;;) {
      if (this.#buffer.length < FRAME_HEADER_SIZE) return messages;
      const size = FRAME_HEADER_SIZE + this.#buffer.readUInt32LE(16);
      if (this.#buffer.length < size) return messages;
      const command = this.#buffer.toString('latin1', 4, 16).replace(/\0+$/u, '');
      messages.push({ command, payload: this.#buffer.subarray(FRAME_HEADER_SIZE, size) });
      this.#buffer = this.#buffer.subarray(size);
    }
  }
}
