import { COMMANDS, type Command } from '../wire/index.ts';

/** Messages of one command since the start, and their bytes, headers included. */
export interface CommandTraffic {
  /** A command of the protocol, or `other`: what was received and could not be decoded. */
  readonly command: string;
  readonly receivedMessages: number;
  readonly receivedBytes: number;
  readonly sentMessages: number;
  readonly sentBytes: number;
}

const OTHER = 'other';

/** Counts what goes in and out, by the commands of the protocol: a remote cannot make up more of them. */
export class Traffic {
  readonly #commands = new Map(
    [...COMMANDS, OTHER].map((command) => [
      command,
      { receivedMessages: 0, receivedBytes: 0, sentMessages: 0, sentBytes: 0 },
    ]),
  );

  /** A message came in. @param command undefined if it could not be decoded. */
  received(bytes: number, command: Command | undefined): void {
    const counts = this.#commands.get(command ?? OTHER);
    if (!counts) return;
    counts.receivedMessages++;
    counts.receivedBytes += bytes;
  }

  /** A message went out. */
  sent(bytes: number, command: Command): void {
    const counts = this.#commands.get(command);
    if (!counts) return;
    counts.sentMessages++;
    counts.sentBytes += bytes;
  }

  /** Bytes of all messages. */
  totals(): { readonly bytesReceived: number; readonly bytesSent: number } {
    let [bytesReceived, bytesSent] = [0, 0];
    for (const counts of this.#commands.values()) {
      bytesReceived += counts.receivedBytes;
      bytesSent += counts.sentBytes;
    }
    return { bytesReceived, bytesSent };
  }

  /** The counts of every command. */
  byCommand(): CommandTraffic[] {
    return Array.from(this.#commands, ([command, counts]) => ({ command, ...counts }));
  }
}
