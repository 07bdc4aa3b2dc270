import type { Logger } from '../util/log.ts';
import type { Timer, Timers } from '../util/ports.ts';
import type { Listener, Stream } from './types.ts';

/** Pause after the first failed accept, milliseconds; doubles with each further one in a row. */
const FIRST_PAUSE = 10;
/** Longest pause. */
const LONGEST_PAUSE = 1_000;

/** Accepts connections at one listener, one after the other. Failures slow it down instead of spinning. */
export class AcceptLoop<S extends Stream> {
  readonly #listener: Listener<S>;
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #accepted: (stream: S) => void;
  readonly #running: Promise<void>;
  #stopped = false;
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined;

  /** Starts at once. */
  constructor(listener: Listener<S>, timers: Timers, logger: Logger, accepted: (stream: S) => void) {
    this.#listener = listener;
    this.#timers = timers;
    this.#logger = logger;
    this.#accepted = accepted;
    this.#running = this.#run();
  }

  /** Closes the listener and waits until the loop has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pause?.timer.cancel();
    this.#pause?.end();
    await this.#listener.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      const stream = await this.#accept();
      if (!stream) {
        if (!this.#stopped) await this.#sleep(Math.min(FIRST_PAUSE * 2 ** Math.min(failures++, 16), LONGEST_PAUSE));
        continue;
      }
      failures = 0;
      if (this.#stopped) stream.destroy();
      else this.#accepted(stream);
    }
  }

  async #accept(): Promise<S | undefined> {
    try {
      return await this.#listener.accept();
    } catch (error) {
      if (!this.#stopped) {
        const text = error instanceof Error ? error.message : String(error);
        this.#logger.error(`cannot accept connections on ${this.#listener.address}: ${text}`);
      }
      return undefined;
    }
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((end) => {
      this.#pause = { timer: this.#timers.after(milliseconds, end), end };
    });
  }
}
