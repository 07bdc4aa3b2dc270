import type { World } from '../util/ports.ts';
import { type FrameDecoder, type Message, WireError } from '../wire/index.ts';
import { Deadline } from './deadline.ts';
import type { PeerLimits } from './limits.ts';
import type { Transport } from './transport.ts';

/** What comes out of the input. */
export interface InputEvents {
  /** A message, `bytes` long with its header. The next one is not decoded before the promise resolves; it never rejects. */
  message(message: Message, bytes: number): void | Promise<void>;
  /** Undecodable input of which `bytes` were taken. @returns true to skip the message and go on. */
  undecodable(error: WireError, bytes: number): boolean;
  /** Everything received before the remote's end of the stream was handled. */
  ended(): void;
  /** A message was begun but does not get on. */
  stalled(): void;
}

/** Milliseconds of work after which the event loop has its turn: one read may bring hundreds of transactions. */
const TURN_MS = 5;

/**
 * The way into a peer: bytes to messages, strictly one after the other. While a handler runs, or while too much output
 * waits, a bounded amount is read ahead and then the transport is paused, which slows the remote down.
 */
export class Input {
  readonly #transport: Transport;
  /** Gone when stopped, and with it everything that was received but not handled. */
  #decoder: FrameDecoder | undefined;
  readonly #limits: PeerLimits;
  readonly #events: InputEvents;
  readonly #progress: Deadline;
  readonly #world: World;
  #busy = false;
  /** Others have their turn before the next message. */
  #resting = false;
  #held = false;
  #paused = false;
  #pumping = false;
  #remoteEnded = false;
  /** Bytes received, and that count when the current progress period began. */
  #received = 0;
  #receivedBefore = 0;

  constructor(transport: Transport, decoder: FrameDecoder, limits: PeerLimits, world: World, events: InputEvents) {
    this.#transport = transport;
    this.#decoder = decoder;
    this.#limits = limits;
    this.#events = events;
    this.#world = world;
    this.#progress = new Deadline(world, () => this.#checkProgress());
  }

  /** True while bytes are being waited for, false while our own work keeps us from reading. */
  get waiting(): boolean {
    return !this.blocked && !this.#resting;
  }

  /** True while a handler runs or too much output waits: nothing more is taken from the remote. */
  get blocked(): boolean {
    return this.#busy || this.#held;
  }

  /** True while too much output waits. */
  get held(): boolean {
    return this.#held;
  }

  /** Bytes received but not yet decoded. */
  get buffered(): number {
    return this.#decoder?.buffered ?? 0;
  }

  /** Bytes from the transport. */
  data(chunk: Uint8Array): void {
    if (!this.#decoder) return;
    this.#received += chunk.length;
    this.#decoder.push(chunk);
    this.#pump();
  }

  /** The remote will send no more. What has been received is still handled. */
  end(): void {
    this.#remoteEnded = true;
    this.#pump();
  }

  /** While held no further message is decoded. */
  hold(held: boolean): void {
    this.#held = held;
    this.#pump();
  }

  /** Drops everything received and everything that will be. */
  stop(): void {
    this.#decoder = undefined;
    this.#progress.stop();
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const { clock } = this.#world;
    const start = clock.monotonic();
    while (this.waiting && this.#decoder) {
      if (!this.#step(this.#decoder)) break;
      if (clock.monotonic() - start >= TURN_MS) this.#rest();
    }
    this.#pumping = false;
    if (!this.#decoder) return;
    if (this.#remoteEnded && this.waiting) this.#events.ended();
    else this.#regulate();
  }

  /** Handles at most one message. @returns whether there may be another one. */
  #step(decoder: FrameDecoder): boolean {
    let message: Message | undefined;
    try {
      message = decoder.next();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return this.#events.undecodable(error, decoder.frameSize);
    }
    if (!message) return false;
    this.#progress.clear();
    const handling = this.#events.message(message, decoder.frameSize);
    if (handling) {
      this.#busy = true;
      void handling.then(() => {
        this.#busy = false;
        this.#pump();
      });
    }
    return true;
  }

  #rest(): void {
    this.#resting = true;
    this.#world.timers.soon(() => {
      this.#resting = false;
      this.#pump();
    });
  }

  /** Pauses or resumes the transport, and watches a message that is only partly here. */
  #regulate(): void {
    const pause = !this.waiting && this.buffered > this.#limits.readAhead;
    if (pause !== this.#paused) {
      this.#paused = pause;
      if (pause) this.#transport.pause();
      else this.#transport.resume();
    }
    if (!this.waiting || this.buffered === 0) this.#progress.clear();
    else if (!this.#progress.armed) this.#watch();
  }

  #watch(): void {
    this.#receivedBefore = this.#received;
    this.#progress.set(this.#limits.progressPeriod);
  }

  #checkProgress(): void {
    if (this.#received - this.#receivedBefore < this.#limits.progressBytes) this.#events.stalled();
    else this.#watch();
  }
}
