import Denque from 'denque';
import type { World } from '../util/ports.ts';
import type { Command } from '../wire/index.ts';
import { Deadline } from './deadline.ts';
import type { PeerLimits } from './limits.ts';
import type { Transport } from './transport.ts';

/** An encoded message on its way out. */
export interface Outgoing {
  readonly command: Command;
  /** The whole frame. */
  readonly bytes: Uint8Array;
  /** Nonce of a ping. */
  readonly nonce?: bigint;
  /** Called once: when written, or when it never will be. */
  readonly done?: () => void;
}

/** What happens to outgoing messages. */
export interface OutputEvents {
  /** A message was handed to the network. */
  written(message: Outgoing): void;
  /** Some output was taken by the network. */
  progress(): void;
  /** So much output is waiting that no more requests should be read (true), or that is over (false). */
  backlog(full: boolean): void;
  /** Output cannot go on; the connection should end. */
  failed(reason: string): void;
}

/** Bytes that a waiting message costs beyond its content: keeps floods of tiny messages inside the limit. */
const OVERHEAD = 128;

/**
 * The way out of a peer: first in, first out, bounded in bytes. Large messages are written in slices, so that a remote
 * that stops reading is noticed and costs no more than the bound. Nothing is written before {@link open}.
 */
export class Output {
  readonly #transport: Transport;
  readonly #limits: PeerLimits;
  readonly #events: OutputEvents;
  readonly #stuck: Deadline;
  readonly #queue = new Denque<Outgoing>();
  /** Bytes of the queue's first message that have been written. */
  #offset = 0;
  #queuedBytes = 0;
  #open = false;
  #blocked = false;
  #flushing = false;
  #backlog = false;
  #finished: (() => void) | undefined;
  #aborted = false;

  constructor(transport: Transport, limits: PeerLimits, world: World, events: OutputEvents) {
    this.#transport = transport;
    this.#limits = limits;
    this.#events = events;
    this.#stuck = new Deadline(world, () => events.failed('remote does not read'));
  }

  /** Bytes waiting to be handed to the network, overhead included. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Writes a frame at once, before everything that waits. For messages of the handshake. */
  writeFirst(bytes: Uint8Array): void {
    if (!this.#aborted && !this.#transport.write(bytes)) this.#block();
  }

  /** Begins to write what is queued. */
  open(): void {
    this.#open = true;
    this.#flush();
  }

  /** Queues a message; after the end of the connection it is dropped and its `done` called. */
  add(message: Outgoing): void {
    if (this.#aborted || this.#finished) {
      message.done?.();
      return;
    }
    this.#queue.push(message);
    this.#queuedBytes += message.bytes.length + OVERHEAD;
    this.#flush();
    if (this.#queuedBytes > this.#limits.outputLimit) this.#events.failed('too much output waits for a slow reader');
    else if (!this.#backlog && this.#queuedBytes > this.#limits.outputPause) this.#setBacklog(true);
  }

  /** Takes no more messages and calls `finished` when everything queued has been written. */
  finish(finished: () => void): void {
    if (this.#aborted) return;
    this.#finished = finished;
    this.#open = true;
    this.#flush();
  }

  /** Drops everything and calls every outstanding `done`. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#stuck.stop();
    const dropped = this.#queue.toArray();
    this.#queue.clear();
    this.#queuedBytes = 0;
    for (const message of dropped) message.done?.();
  }

  /** The transport can take more. */
  drained(): void {
    if (this.#aborted || !this.#blocked) return;
    this.#blocked = false;
    this.#stuck.clear();
    this.#events.progress();
    this.#flush();
  }

  #block(): void {
    this.#blocked = true;
    this.#stuck.set(this.#limits.outputTimeout);
  }

  /** Writes until the transport is full or nothing is left. Not entered again from callbacks. */
  #flush(): void {
    if (this.#flushing || !this.#open) return;
    this.#flushing = true;
    while (!this.#blocked && !this.#aborted) {
      const message = this.#queue.peekFront();
      if (!message) break;
      const size = message.bytes.length;
      if (this.#offset >= size) this.#complete(message);
      else this.#writeSlice(message, size);
    }
    this.#flushing = false;
    if (this.#aborted) return;
    if (this.#backlog && this.#queuedBytes < this.#limits.outputPause / 2) this.#setBacklog(false);
    if (this.#finished && !this.#blocked && this.#queue.length === 0) this.#finished();
  }

  #writeSlice(message: Outgoing, size: number): void {
    const end = Math.min(size, this.#offset + this.#limits.outputSlice);
    const slice = this.#offset === 0 && end === size ? message.bytes : message.bytes.subarray(this.#offset, end);
    this.#queuedBytes -= end - this.#offset;
    this.#offset = end;
    if (!this.#transport.write(slice)) this.#block();
    if (end === size) this.#events.written(message);
  }

  /** The last slice has gone: only now is the message done, so that waiting for it follows the remote's pace. */
  #complete(message: Outgoing): void {
    this.#queue.shift();
    this.#offset = 0;
    this.#queuedBytes -= OVERHEAD;
    message.done?.();
  }

  #setBacklog(full: boolean): void {
    this.#backlog = full;
    this.#events.backlog(full);
  }
}
