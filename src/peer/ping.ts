import type { Clock } from '../util/ports.ts';

/** Round trip of pings. A later ping replaces an earlier one; missing answers have no consequence. */
export class PingMeter {
  readonly #clock: Clock;
  #nonce = 0n;
  #sentAt = 0;
  #started = 0;
  #micros = 0;
  #bestMicros = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nonce of the unanswered ping, 0 if there is none. */
  get nonce(): bigint {
    return this.#nonce;
  }

  /** When the last ping was written, milliseconds since the epoch, 0 if never. */
  get sentAt(): number {
    return this.#sentAt;
  }

  /** Round trip of the last answered ping, microseconds. */
  get micros(): number {
    return this.#micros;
  }

  /** The shortest round trip so far, microseconds; 0 before the first. */
  get bestMicros(): number {
    return this.#bestMicros;
  }

  /** A ping was written. */
  sent(nonce: bigint): void {
    this.#nonce = nonce;
    this.#sentAt = this.#clock.now();
    this.#started = this.#clock.monotonic();
  }

  /** A pong came; one that answers no ping is ignored. */
  answered(nonce: bigint): void {
    if (nonce === 0n || nonce !== this.#nonce) return;
    this.#micros = Math.round((this.#clock.monotonic() - this.#started) * 1000);
    if (this.#bestMicros === 0 || this.#micros < this.#bestMicros) this.#bestMicros = this.#micros;
    this.#nonce = 0n;
  }
}
