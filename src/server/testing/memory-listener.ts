import type { Listener } from '../../connmgr/index.ts';
import type { Transport } from '../../peer/index.ts';

/** A listener that connections are pushed into. */
export class MemoryListener implements Listener<Transport> {
  readonly address: string;
  readonly #closed: () => void;
  readonly #waiting: Transport[] = [];
  #accept: { readonly resolve: (stream: Transport) => void; readonly reject: (error: Error) => void } | undefined;
  #open = true;

  /** @param closed called once, when the listener is closed. */
  constructor(address: string, closed: () => void = () => undefined) {
    this.address = address;
    this.#closed = closed;
  }

  get isOpen(): boolean {
    return this.#open;
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
