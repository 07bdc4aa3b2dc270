import type { Logger } from '../util/log.ts';
import type { Timer, World } from '../util/ports.ts';
import {
  type Command,
  encodeFrame,
  encodeMessage,
  FrameDecoder,
  type Generation,
  type Message,
  type TxEncoding,
  type WireContext,
  WireError,
} from '../wire/index.ts';
import { Deadline } from './deadline.ts';
import { Input } from './input.ts';
import type { PeerLimits } from './limits.ts';
import { type Outgoing, Output } from './output.ts';
import type { Transport } from './transport.ts';

/** What a connection reports to the peer that owns it. */
export interface ConnectionEvents {
  /** A message. The next one is not read before the promise resolves; an exception is a defect of ours. */
  message(message: Message): void | Promise<void>;
  /** An exception of `message`; the connection has already ended. */
  messageFailed(error: unknown, command: Command): void;
  /** Undecodable input. @returns true to skip the message and go on; otherwise the connection has been ended. */
  undecodable(error: WireError): boolean;
  /** A queued message was handed to the network. */
  written(message: Outgoing): void;
  /** Nothing is read because too much output waits (true), or that is over (false). */
  backlog(full: boolean): void;
  /** A message came in, so many bytes long; without a command if it could not be decoded. */
  received(bytes: number, command: Command | undefined): void;
  /** A message went out. */
  sent(bytes: number, command: Command): void;
  /** The connection has ended; called once. */
  closed(reason: string): void;
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly transport: Transport;
  readonly world: World;
  readonly logger: Logger;
  readonly limits: PeerLimits;
  readonly magic: number;
  readonly generation: Generation;
  readonly protocolVersion: number;
}

/**
 * `opening` during the handshake, `closing` while a last message is being written, `left` when the remote has ended the
 * stream and what it sent before is still being handled.
 */
type State = 'new' | 'opening' | 'open' | 'closing' | 'left' | 'closed';

/**
 * A stream of messages over a transport: decoding, flow control, bounded output, and every timeout that needs no
 * knowledge of what the messages mean. One message is handled at a time.
 */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #events: ConnectionEvents;
  /** How messages are decoded; the decoder sees changes from the next message on. */
  readonly #incoming: { magic: number; generation: Generation; protocolVersion: number; encoding: TxEncoding };
  readonly #input: Input;
  readonly #output: Output;
  readonly #idle: Deadline;
  readonly #hung: Deadline;
  #state: State = 'new';
  #timer: Timer | undefined;
  #bytesSent = 0;
  #bytesReceived = 0;
  #lastSend = 0;
  #lastReceive = 0;

  constructor(parts: ConnectionParts, events: ConnectionEvents) {
    const { transport, world, limits } = parts;
    this.#parts = parts;
    this.#events = events;
    const { magic, generation, protocolVersion } = parts;
    this.#incoming = { magic, generation, protocolVersion, encoding: 'witness' };
    const decoder = new FrameDecoder(this.#incoming, { maxPayload: limits.payload });
    this.#input = new Input(transport, decoder, limits, world, {
      message: (message, bytes) => this.#message(message, bytes),
      undecodable: (error, bytes) => this.#undecodable(error, bytes),
      ended: () => this.end('closed by the remote'),
      stalled: () => this.end('message does not get on'),
    });
    this.#output = new Output(transport, limits, world, {
      written: (message) => this.#written(message),
      progress: () => this.#progress(),
      backlog: (full) => this.#backlog(full),
      failed: (reason) => this.end(reason),
    });
    this.#idle = new Deadline(world, () => this.end('no message for too long'));
    this.#hung = new Deadline(world, () => this.end('handler does not finish'));
  }

  /** True from the start until the connection begins to end. */
  get connected(): boolean {
    return this.#state === 'opening' || this.#state === 'open';
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** Unix seconds of the last queued message that was written, 0 if none. */
  get lastSend(): number {
    return this.#lastSend;
  }

  /** Unix seconds of the last message, 0 if none. */
  get lastReceive(): number {
    return this.#lastReceive;
  }

  /** Bytes waiting to be written. */
  get queuedBytes(): number {
    return this.#output.queuedBytes;
  }

  /** Bytes received and not yet decoded. */
  get bufferedBytes(): number {
    return this.#input.buffered;
  }

  /** Begins to read. Until {@link open}, output waits and everything must happen within the negotiation timeout. */
  start(): void {
    if (this.#state !== 'new') return;
    const { transport, world, limits } = this.#parts;
    this.#state = 'opening';
    this.#timer = world.timers.after(limits.negotiationTimeout, () => this.end('handshake took too long'));
    transport.setHandlers({
      data: (chunk) => this.#data(chunk),
      drain: () => this.#output.drained(),
      close: (error) => this.#transportClosed(error),
    });
  }

  /** Sets how messages are decoded and encoded from the next one on. */
  negotiate(protocolVersion: number, incoming: TxEncoding): void {
    this.#incoming.protocolVersion = protocolVersion;
    this.#incoming.encoding = incoming;
  }

  /** The handshake is done: writes what was queued meanwhile and begins to watch for silence. */
  open(): void {
    this.#state = 'open';
    this.#timer?.cancel();
    this.#output.open();
    this.#watchIdle();
  }

  /** Queues a message; `done` is called once, also if it never will be written. */
  send(message: Message, encoding: TxEncoding, done?: () => void): void {
    const { command } = message;
    const bytes = this.#framed(command, (context) => encodeMessage(message, { ...context, encoding }));
    if (!bytes) {
      done?.();
      return;
    }
    const nonce = command === 'ping' ? { nonce: message.nonce } : undefined;
    this.#output.add({ command, bytes, ...nonce, ...(done && { done }) });
  }

  /** Queues a message whose payload is encoded already; otherwise as {@link send}. */
  sendEncoded(command: Command, payload: Uint8Array, done: () => void): void {
    const bytes = this.#framed(command, (context) => encodeFrame(command, payload, context));
    if (bytes) this.#output.add({ command, bytes, done });
    else done();
  }

  /** Writes a message of the handshake, before everything that is queued. */
  sendFirst(message: Message): void {
    const bytes = this.#framed(message.command, (context) =>
      encodeMessage(message, { ...context, encoding: 'witness' }),
    );
    if (!bytes) return;
    this.#countSent(bytes.length, message.command);
    this.#output.writeFirst(bytes);
  }

  /** Ends the connection at once. Does nothing if it has ended. */
  end(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#release();
    this.#parts.transport.destroy();
    this.#events.closed(reason);
    this.#output.abort();
  }

  /** Reads no more, writes what is queued, then ends the connection, within the linger timeout. */
  finish(reason: string): void {
    if (!this.connected) return;
    const { world, limits, transport } = this.#parts;
    this.#state = 'closing';
    this.#release();
    this.#timer = world.timers.after(limits.lingerTimeout, () => this.end(reason));
    this.#output.finish(() => {
      this.#state = 'closed';
      this.#timer?.cancel();
      transport.close();
      this.#events.closed(reason);
      this.#output.abort();
    });
  }

  #release(): void {
    this.#timer?.cancel();
    this.#idle.stop();
    this.#hung.stop();
    this.#input.stop();
  }

  /** The bytes of a message; undefined if the connection has ended, or must end because it cannot carry the message. */
  #framed(command: Command, encode: (context: WireContext) => Uint8Array): Uint8Array | undefined {
    if (!this.connected) return undefined;
    try {
      return encode(this.#incoming);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#parts.logger.warn(`cannot send ${command}: ${error.message}`);
      this.end(`cannot send ${command}`);
      return undefined;
    }
  }

  #countReceived(bytes: number, command: Command | undefined): void {
    this.#bytesReceived += bytes;
    this.#events.received(bytes, command);
  }

  #countSent(bytes: number, command: Command): void {
    this.#bytesSent += bytes;
    this.#events.sent(bytes, command);
  }

  #now(): number {
    return Math.floor(this.#parts.world.clock.now() / 1000);
  }

  #data(chunk: Uint8Array): void {
    this.#input.data(chunk);
    // Whoever has not introduced himself cannot make us collect a large message.
    const { handshakePayload } = this.#parts.limits;
    if (this.#state === 'opening' && this.#input.waiting && this.#input.buffered > handshakePayload) {
      this.end('large message before version');
    }
  }

  /** One message: the silence ends, a handler that takes time is watched, its failure ends the connection. */
  #message(message: Message, bytes: number): void | Promise<void> {
    this.#idle.clear();
    this.#lastReceive = this.#now();
    this.#countReceived(bytes, message.command);
    let handling: void | Promise<void>;
    try {
      handling = this.#events.message(message);
    } catch (error) {
      this.#messageFailed(error, message.command);
      return undefined;
    }
    if (!handling) {
      this.#watchIdle();
      return undefined;
    }
    this.#hung.set(this.#parts.limits.handlerTimeout);
    return handling.then(
      () => this.#handled(),
      (error: unknown) => this.#messageFailed(error, message.command),
    );
  }

  #handled(): void {
    this.#hung.clear();
    // The input still counts as blocked by the handler that has just ended.
    if (this.#state === 'open' && !this.#input.held) this.#idle.set(this.#parts.limits.idleTimeout);
  }

  #messageFailed(error: unknown, command: Command): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#parts.logger.critical(`handler of ${command} failed: ${text}`);
    this.end(`handler of ${command} failed`);
    this.#events.messageFailed(error, command);
  }

  #undecodable(error: WireError, bytes: number): boolean {
    this.#countReceived(bytes, undefined);
    const skip = this.#events.undecodable(error);
    if (skip) this.#watchIdle();
    return skip;
  }

  #watchIdle(): void {
    if (this.#state === 'open' && !this.#input.blocked) this.#idle.set(this.#parts.limits.idleTimeout);
  }

  #written(message: Outgoing): void {
    this.#lastSend = this.#now();
    this.#countSent(message.bytes.length, message.command);
    this.#events.written(message);
  }

  /** A handler that waits for its output to be written is not hung while the remote takes some. */
  #progress(): void {
    if (this.#hung.armed) this.#hung.set(this.#parts.limits.handlerTimeout);
  }

  /** We do not read while too much waits to be written: the remote's silence is then our own doing. */
  #backlog(full: boolean): void {
    this.#events.backlog(full);
    this.#input.hold(full);
    if (full) this.#idle.clear();
    else this.#watchIdle();
  }

  #transportClosed(error: Error | undefined): void {
    if (error) {
      this.end(`connection lost: ${error.message}`);
      return;
    }
    if (!this.connected) {
      this.end('closed by the remote');
      return;
    }
    // Blocks and transactions that came last are still taken, but nobody is there to be answered any more.
    this.#state = 'left';
    this.#output.abort();
    this.#input.hold(false);
    this.#input.end();
  }
}
