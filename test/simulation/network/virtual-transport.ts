import type { Transport, TransportHandlers } from '../../../src/peer/index.ts';
import type { Timer } from '../../../src/util/ports.ts';
import type { Attachment } from './attachment.ts';
import type { VirtualInternet } from './virtual-internet.ts';

/** Bytes on the way or unread from which on a writer has to wait: the buffers of two operating systems. */
const BUFFER = 128 * 1024;

/** Bytes on their way; no chunk: the end of the stream. */
interface Segment {
  readonly at: number;
  readonly chunk: Uint8Array | undefined;
}

/**
 * One end of a simulated byte stream. Like a TCP connection it delays and never loses or reorders bytes: what a
 * partition holds back arrives when it is over, and a writer whose bytes are not taken is told to wait.
 */
export class VirtualTransport implements Transport {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly owner: Attachment;
  /** Number of the connection, the same on both ends. */
  readonly connection: number;
  /** True on the side that made the connection. */
  readonly dialled: boolean;
  readonly #internet: VirtualInternet;
  #other: VirtualTransport = this;
  #handlers: TransportHandlers | undefined;
  #inbox: (Uint8Array | undefined)[] = [];
  #paused = false;
  #delivering = false;
  /** Sent by this end and not yet arrived, in order. */
  #onTheWay: Segment[] = [];
  #flight: Timer | undefined;
  #lineFreeAt = 0;
  #lastArrival = 0;
  /** Written by this end and not yet known to be taken by the other side's user. */
  #outstanding = 0;
  /** Taken by this end's user, while the way back is cut and the writer cannot know it. */
  #unacknowledged = 0;
  #wantsDrain = false;
  /** This end was closed by its user. */
  #closed = false;
  #ended = false;
  #lost = false;

  constructor(
    internet: VirtualInternet,
    owner: Attachment,
    connection: number,
    dialled: boolean,
    local: string,
    remote: string,
  ) {
    this.#internet = internet;
    this.owner = owner;
    this.connection = connection;
    this.dialled = dialled;
    this.localAddress = local;
    this.remoteAddress = remote;
  }

  /** Joins two ends. */
  static join(a: VirtualTransport, b: VirtualTransport): void {
    a.#other = b;
    b.#other = a;
  }

  /** The other end. */
  get other(): VirtualTransport {
    return this.#other;
  }

  /** True once nothing more will happen on this end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** True while bytes of both sides can arrive, partitions left aside. */
  get alive(): boolean {
    return !this.#ended && !this.#closed && !this.#lost && this.owner.alive;
  }

  setHandlers(handlers: TransportHandlers): void {
    this.#handlers = handlers;
    if (this.#inbox.length > 0) this.#soon(() => this.#deliver());
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#ended || !this.owner.alive) return false;
    this.#internet.log.traffic(this.connection, `${this.owner.host.name}>${this.#other.owner.host.name}`, bytes);
    this.#outstanding += bytes.length;
    for (let start = 0; start < bytes.length; ) {
      const size = this.#internet.fragment(bytes.length - start);
      this.#send(start === 0 && size === bytes.length ? bytes : bytes.slice(start, start + size));
      start += size;
    }
    if (this.#outstanding < BUFFER) return true;
    this.#wantsDrain = true;
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#inbox.length > 0) this.#soon(() => this.#deliver());
  }

  close(): void {
    if (this.#closed || this.#ended) return;
    this.#closed = true;
    this.#inbox = [];
    this.#send(undefined);
    this.#soon(() => this.end());
  }

  destroy(): void {
    this.close();
  }

  /** The connection breaks on this end: its user is told, what was on the way is lost. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#inbox = [];
    this.#release();
    if (this.owner.alive) this.#handlers?.close(error);
  }

  /** From now on nothing that this end sends arrives, and nobody is told: a forgetful router in between. */
  lose(): void {
    this.#lost = true;
    this.#onTheWay = [];
    this.#release();
  }

  /** A partition between this end and the other is over. */
  healed(): void {
    this.#fly();
    const taken = this.#other.#unacknowledged;
    this.#other.#unacknowledged = 0;
    if (taken > 0) this.#taken(taken);
  }

  #soon(callback: () => void): void {
    this.#internet.timers.soon(callback);
  }

  #send(chunk: Uint8Array | undefined): void {
    if (this.#lost) return;
    const { elapsed } = this.#internet;
    const from = this.owner.host;
    const to = this.#other.owner.host;
    const size = chunk?.length ?? 0;
    this.#lineFreeAt =
      Math.max(this.#lineFreeAt, elapsed) + (size * 1000) / Math.min(from.line.bandwidth, to.line.bandwidth);
    this.#lastArrival = Math.max(this.#lastArrival, this.#lineFreeAt + this.#internet.delay(from, to));
    this.#onTheWay.push({ at: this.#lastArrival, chunk });
    this.#fly();
  }

  /** Waits for the first segment on the way, unless the way is cut. */
  #fly(): void {
    const [first] = this.#onTheWay;
    if (this.#flight || !first || this.#isCut()) return;
    this.#flight = this.#internet.timers.after(Math.max(0, first.at - this.#internet.elapsed), () => this.#land());
  }

  #land(): void {
    this.#flight = undefined;
    if (this.#isCut()) return;
    // A rounding error of the clock must not leave a segment for a second landing.
    const due = this.#internet.elapsed + 0.001;
    let count = 0;
    while (count < this.#onTheWay.length && this.#onTheWay[count]!.at <= due) count++;
    for (const { chunk } of this.#onTheWay.splice(0, count)) this.#other.#arrive(chunk);
    this.#release();
    this.#fly();
  }

  /** Lets the machine forget this end, but not before all of it is sent: a partition must not swallow the end of the stream. */
  #release(): void {
    if (this.#ended && this.#onTheWay.length === 0) this.owner.released(this);
  }

  #isCut(): boolean {
    return this.#internet.isCut(this.owner.host, this.#other.owner.host);
  }

  #arrive(chunk: Uint8Array | undefined): void {
    if (!this.owner.alive) {
      // A machine that is up again does not know the connection and says so; one that is down says nothing.
      if (this.owner.host.attachment) this.#internet.reset(this.#other);
      return;
    }
    if (this.#ended || this.#closed) {
      if (chunk) this.#acknowledge(chunk.length);
      return;
    }
    this.#inbox.push(chunk);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#handlers && !this.#paused && !this.#ended && !this.#closed && this.#inbox.length > 0) {
        const chunk = this.#inbox.shift();
        if (!chunk) {
          this.end();
          return;
        }
        this.#acknowledge(chunk.length);
        this.#handlers.data(chunk);
      }
    } finally {
      this.#delivering = false;
    }
  }

  #acknowledge(bytes: number): void {
    if (this.#isCut()) this.#unacknowledged += bytes;
    else this.#other.#taken(bytes);
  }

  #taken(bytes: number): void {
    this.#outstanding -= bytes;
    if (!this.#wantsDrain || this.#outstanding >= BUFFER || this.#ended) return;
    this.#wantsDrain = false;
    this.#soon(() => {
      if (!this.#ended && !this.#closed && this.owner.alive) this.#handlers?.drain();
    });
  }
}
