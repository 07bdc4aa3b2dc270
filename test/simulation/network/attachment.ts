import type { Dialer } from '../../../src/connmgr/index.ts';
import type { Transport } from '../../../src/peer/index.ts';
import { MemoryListener } from '../../../src/server/testing/memory-listener.ts';
import type { Host } from './host.ts';
import type { VirtualInternet } from './virtual-internet.ts';
import type { VirtualTransport } from './virtual-transport.ts';

/** How a program leaves the network. */
export type Departure =
  /** The operating system closes its connections. */
  | 'process'
  /** The machine is gone: nobody is told, until it is up again and denies the old connections. */
  | 'power';

/** One running program's hold on the network: its connections and listeners, and the way to make more. */
export class Attachment {
  readonly #internet: VirtualInternet;
  readonly host: Host;
  readonly dialer: Dialer<Transport>;
  readonly transports = new Set<VirtualTransport>();
  readonly listeners = new Map<number, MemoryListener>();
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
  listen(port: number): MemoryListener {
    const listener = new MemoryListener(`${this.host.ip}:${port}`, () => this.listeners.delete(port));
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
