import type { Timers } from '../util/ports.ts';
import type { VirtualWorld } from '../util/testing/virtual-world.ts';
import type { Transport, TransportHandlers } from './transport.ts';

/** How a pair of in-memory transports behaves. */
export interface LinkOptions {
  /** Endpoint of the first transport, `ip:port`: what the second sees as remote. Default 192.0.2.1:40000. */
  readonly first?: string;
  /** Endpoint of the second transport. Default 192.0.2.2:18555. */
  readonly second?: string;
  /** Milliseconds that bytes travel. Default 0: they arrive in the next turn. */
  readonly latency?: number;
  /** Bytes per second of each direction. Default unlimited. */
  readonly bandwidth?: number;
  /** Bytes that may be on the way and unread before `write` returns false. Default 64 KiB. */
  readonly buffer?: number;
  /** Cuts what is written into chunks of this size; a function draws the next size. Default: as written. */
  readonly chunk?: number | (() => number);
}

/** One end of an in-memory byte stream. */
export class MemoryTransport implements Transport {
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Bytes that this end has written, and that its user has received. */
  bytesWritten = 0;
  bytesRead = 0;
  readonly #timers: Timers;
  readonly #options: LinkOptions;
  #other: MemoryTransport = this;
  #handlers: TransportHandlers | undefined;
  /** Received and not yet taken; `undefined` is the end of the stream. */
  #inbox: (Uint8Array | undefined)[] = [];
  #paused = false;
  /** Written and not yet taken by the other side's user. */
  #outstanding = 0;
  #wantsDrain = false;
  /** Virtual time, relative to now, until which the line is busy with earlier bytes. */
  #lineFreeAt = 0;
  readonly #now: () => number;
  #ending = false;
  #ended = false;
  #silent = false;

  constructor(world: VirtualWorld, localAddress: string, remoteAddress: string, options: LinkOptions) {
    this.#timers = world.timers;
    this.#now = () => world.elapsed;
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
    this.#options = options;
  }

  /** Joins two ends. */
  static join(a: MemoryTransport, b: MemoryTransport): void {
    a.#other = b;
    b.#other = a;
  }

  /** True once the user was told of the end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** True while the user does not want data. */
  get paused(): boolean {
    return this.#paused;
  }

  setHandlers(handlers: TransportHandlers): void {
    this.#handlers = handlers;
    this.#timers.soon(() => this.#deliver());
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ending || this.#ended) return false;
    this.bytesWritten += bytes.length;
    this.#outstanding += bytes.length;
    for (let start = 0; start < bytes.length; ) {
      const { chunk } = this.#options;
      const size = Math.max(1, typeof chunk === 'function' ? chunk() : (chunk ?? bytes.length));
      this.#travel(bytes.slice(start, start + size));
      start += size;
    }
    const free = this.#outstanding < (this.#options.buffer ?? 64 * 1024);
    if (!free) this.#wantsDrain = true;
    return free;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#timers.soon(() => this.#deliver());
  }

  close(): void {
    this.#finish();
  }

  destroy(): void {
    this.#finish();
  }

  /** Breaks the line: both users are told, what was on the way is lost. */
  cut(error = new Error('connection reset')): void {
    for (const end of [this, this.#other]) end.#timers.soon(() => end.#end(error));
  }

  /** From now on nothing that this end writes arrives, and nobody is told: a dead line. */
  silence(): void {
    this.#silent = true;
  }

  #finish(): void {
    if (this.#ending || this.#ended) return;
    this.#ending = true;
    this.#inbox = [];
    this.#travel(undefined);
    this.#timers.soon(() => this.#end());
  }

  /** Sends one chunk, or the end of the stream, on its way. */
  #travel(chunk: Uint8Array | undefined): void {
    if (this.#silent) return;
    const now = this.#now();
    const { bandwidth, latency = 0 } = this.#options;
    const duration = bandwidth && chunk ? (chunk.length * 1000) / bandwidth : 0;
    this.#lineFreeAt = Math.max(this.#lineFreeAt, now) + duration;
    this.#timers.after(this.#lineFreeAt - now + latency, () => this.#other.#arrive(chunk));
  }

  #arrive(chunk: Uint8Array | undefined): void {
    if (this.#ended) return;
    if (this.#ending) {
      if (chunk) this.#other.#taken(chunk.length);
      return;
    }
    this.#inbox.push(chunk);
    this.#deliver();
  }

  #deliver(): void {
    while (this.#handlers && !this.#paused && !this.#ended && this.#inbox.length > 0) {
      const chunk = this.#inbox.shift();
      if (!chunk) {
        this.#end();
        return;
      }
      this.bytesRead += chunk.length;
      this.#other.#taken(chunk.length);
      this.#handlers.data(chunk);
    }
  }

  #taken(bytes: number): void {
    this.#outstanding -= bytes;
    if (!this.#wantsDrain || this.#outstanding >= (this.#options.buffer ?? 64 * 1024)) return;
    this.#wantsDrain = false;
    this.#timers.soon(() => !this.#ended && !this.#ending && this.#handlers?.drain());
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#inbox = [];
    this.#handlers?.close(error);
  }
}

/** Two connected in-memory transports whose bytes travel in virtual time. */
export function transportPair(world: VirtualWorld, options: LinkOptions = {}): [MemoryTransport, MemoryTransport] {
  const { first = '192.0.2.1:40000', second = '192.0.2.2:18555' } = options;
  const a = new MemoryTransport(world, first, second, options);
  const b = new MemoryTransport(world, second, first, options);
  MemoryTransport.join(a, b);
  return [a, b];
}
