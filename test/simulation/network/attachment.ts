import type { Dialer, Listener } from '../../../src/connmgr/index.ts';
import type { Transport } from '../../../src/peer/index.ts';
import type { Host } from './host.ts';
import type { VirtualInternet } from './virtual-internet.ts';
import type { VirtualTransport } from './virtual-transport.ts';

/** How a program leaves the network. */
export type Departure =
  /** The operating system closes its connections. */
  | 'process'
  /** The machine is gone: nobody is told, until it is up again and denies the old connections. */
  | 'power';

/** A listener of a simulated machine. */
export class VirtualListener implements Listener<Transport> {
  readonly address: string;
  readonly #closed: () => void;
  readonly #waiting: Transport[] = [];
  #accept: { readonly resolve: (stream: Transport) => void; readonly reject: (error: Error) => void } | undefined;
  #open = true;

  constructor(address: string, closed: () => void) {
    this.address = address;
    this.#closed = closed;
  }

  /** A connection has come in. */
  push(stream: Transport): void {
    const accept = this.#accept;
    this.#accept = undefined;
    if (accept) accept.resolve(stream);
    else this.#waiting.push(stream);
  }

  accept(): Promise<Transport> {
    if (!this.#open) return Promise.reject(new Error('listener is closed'));
    const stream = this.#waiting.shift();
    if (stream) return Promise.resolve(stream);
    return new Promise((resolve, reject) => {
      this.#accept = { resolve, reject };
    });
  }

  close(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      this.#closed();
      for (const stream of this.#waiting.splice(0)) stream.destroy();
      this.#accept?.reject(new Error('listener is closed'));
    }
    return Promise.resolve();
  }
}

/** One running program's hold on the network: its connections and listeners, and the way to make more. */
export class Attachment {
  readonly #internet: VirtualInternet;
  readonly host: Host;
  readonly dialer: Dialer<Transport>;
  readonly transports = new Set<VirtualTransport>();
  readonly listeners = new Map<number, VirtualListener>();
  #alive = true;

  constructor(internet: VirtualInternet, host: Host) {
    this.#internet = internet;
    this.host = host;
    this.dialer = { dial: (address, signal) => internet.dial(this, address, signal) };
  }

  /** False once the program has left. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Listens on a port of the machine. */
  listen(port: number): VirtualListener {
    const listener = new VirtualListener(`${this.host.ip}:${port}`, () => this.listeners.delete(port));
    this.listeners.set(port, listener);
    return listener;
  }

  /** A transport has ended. */
  released(transport: VirtualTransport): void {
    this.transports.delete(transport);
  }

  /** The program has gone. Nothing of it is called any more. */
  leave(how: Departure): void {
    if (!this.#alive) return;
    this.#alive = false;
    if (this.host.attachment === this) this.host.attachment = undefined;
    this.listeners.clear();
    const transports = [...this.transports];
    this.transports.clear();
    for (const transport of transports) {
      transport.lose();
      if (how === 'process') this.#internet.reset(transport.other);
    }
  }
}
