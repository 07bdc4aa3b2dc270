import type { Transport, TransportHandlers } from '../../../src/peer/index.ts';

/** A transport that loses some of what is written to it. */
export class FilteredTransport implements Transport {
  readonly #inner: Transport;
  readonly #drops: (bytes: Uint8Array) => boolean;

  /** @param drops tells of each write whether it shall be lost. */
  constructor(inner: Transport, drops: (bytes: Uint8Array) => boolean) {
    this.#inner = inner;
    this.#drops = drops;
  }

  get remoteAddress(): string {
    return this.#inner.remoteAddress;
  }

  get localAddress(): string {
    return this.#inner.localAddress;
  }

  setHandlers(handlers: TransportHandlers): void {
    this.#inner.setHandlers(handlers);
  }

  write(bytes: Uint8Array): boolean {
    return this.#drops(bytes) || this.#inner.write(bytes);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  close(): void {
    this.#inner.close();
  }

  destroy(): void {
    this.#inner.destroy();
  }
}
