import { FRAME_HEADER_SIZE } from '../../src/wire/index.ts';

/** Takes the lines of a readable log. */
export type LineSink = (line: string) => void;

/**
 * Everything that happens in a simulation, in order. Each event enters a running hash, so that two runs can be compared
 * by one number; lines of text are made only when somebody reads them.
 */
export class EventLog {
  readonly #now: () => number;
  readonly #sink: LineSink | undefined;
  #first = 0x811c9dc5;
  #second = 0x9e3779b9;
  #count = 0;

  /**
   * @param now virtual milliseconds since the start.
   * @param sink absent: nobody reads along.
   */
  constructor(now: () => number, sink?: LineSink) {
    this.#now = now;
    this.#sink = sink;
  }

  /** True if lines are read: expensive texts need to be made only then. */
  get tracing(): boolean {
    return this.#sink !== undefined;
  }

  /** Events so far. */
  get count(): number {
    return this.#count;
  }

  /** Hash of all events so far, 16 hex digits. Not for cryptography. */
  get hash(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#first) + hex(this.#second);
  }

  /** Something worth a line happened to `actor`. */
  note(actor: string, text: string): void {
    this.#begin();
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
    if (this.#sink) this.#print(actor, text);
  }

  /** Bytes were written to a connection. Frame headers hold a checksum, so the start of the bytes stands for all. */
  traffic(connection: number, label: string, bytes: Uint8Array): void {
    this.#begin();
    this.#mix(connection);
    this.#mix(bytes.length);
    const end = Math.min(bytes.length, FRAME_HEADER_SIZE);
    for (let i = Math.max(0, end - 8); i < end; i++) this.#mix(bytes[i]!);
    if (this.#sink) this.#print(label, describeBytes(bytes));
  }

  /** A line for readers only. */
  detail(actor: string, text: () => string): void {
    if (this.#sink) this.#print(actor, text());
  }

  #begin(): void {
    this.#count++;
    const now = this.#now();
    this.#mix(Math.floor(now * 1000));
  }

  #mix(value: number): void {
    this.#first = Math.imul(this.#first ^ value, 0x01000193);
    this.#second = Math.imul(this.#second + value, 0x85ebca6b) ^ (this.#second >>> 15);
  }

  #print(actor: string, text: string): void {
    this.#sink?.(`${timeText(this.#now())}  ${actor.padEnd(14)} ${text}`);
  }
}

/** `mm:ss.mmm`. */
export function timeText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const seconds = ((milliseconds % 60_000) / 1000).toFixed(3);
  return `${String(minutes).padStart(3, '0')}:${seconds.padStart(6, '0')}`;
}

/** The command at the start of a frame, as far as it looks like one. */
function describeBytes(bytes: Uint8Array): string {
  const command = Buffer.from(bytes.subarray(4, 16)).toString('latin1').replaceAll('\0', '');
  return /^[a-z]{2,12}$/.test(command) ? `${command} (${bytes.length} bytes)` : `${bytes.length} bytes`;
}
