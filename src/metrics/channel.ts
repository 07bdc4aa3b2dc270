/** Where a manager sends measurements of one kind. Sending never blocks and never throws. */
export interface MeasurementSink<T> {
  send(value: T): void;
}

/** What a {@link Channel} needs from its owner. */
export interface ChannelOptions<T> {
  /** Measurements held before they are consumed without waiting for the scheduled turn. */
  readonly capacity: number;
  /** Receives everything sent since the last call, oldest first. */
  readonly consume: (values: readonly T[]) => void;
  /** Asks the owner to call {@link Channel.drain} soon. Called once per drain at most. */
  readonly schedule: () => void;
}

/**
 * A typed channel from a manager to the metrics. The sender pays for one array push; the work is done later, for many
 * values at once. The buffer is bounded: when it is full the values are consumed at once, so that nothing is lost. A
 * channel that is not open counts what it is sent and forgets it.
 */
export class Channel<T> implements MeasurementSink<T> {
  readonly #options: ChannelOptions<T>;
  #buffer: T[] = [];
  #open = false;
  #ignored = 0;

  constructor(options: ChannelOptions<T>) {
    this.#options = options;
  }

  /** Measurements sent while the channel was closed. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Starts accepting measurements. */
  open(): void {
    this.#open = true;
  }

  /** Consumes what is buffered and stops accepting. */
  close(): void {
    this.drain();
    this.#open = false;
  }

  send(value: T): void {
    if (!this.#open) {
      this.#ignored++;
      return;
    }
    if (this.#buffer.push(value) === 1) this.#options.schedule();
    if (this.#buffer.length >= this.#options.capacity) this.drain();
  }

  /** Consumes what is buffered now. */
  drain(): void {
    if (this.#buffer.length === 0) return;
    const values = this.#buffer;
    this.#buffer = [];
    this.#options.consume(values);
  }
}
