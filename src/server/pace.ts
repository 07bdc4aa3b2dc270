import type { Peer } from '../peer/index.ts';
import type { World } from '../util/ports.ts';

/** Messages of one answer that are on their way to a peer before the next one is made. */
const ITEMS_IN_FLIGHT = 3;
/** Bytes that wait for the peer before the next one is made: a few blocks at a time would be megabytes for each slow reader. */
const BYTES_IN_FLIGHT = 1024 * 1024;
/** Work done for one peer without a turn of the event loop, milliseconds. */
const SLICE_MS = 10;
/** A peer waits for so many times as long as work took that cost it next to nothing to ask for, … */
const REST_FACTOR = 4;
/** … at most so long in one go, milliseconds. */
const MAX_REST_MS = 5000;

/**
 * The pace of an answer that consists of many pieces: the peer gets them as fast as it reads, so one that does not read
 * costs nothing, and everybody else has a turn meanwhile.
 */
export class Pace {
  readonly #peer: Pick<Peer, 'connected' | 'queuedBytes'>;
  readonly #world: World;
  readonly #written: Promise<void>[] = [];
  #sliceStart: number;
  /** Milliseconds that the peer has to wait for what its request cost. */
  #rest = 0;

  constructor(peer: Pick<Peer, 'connected' | 'queuedBytes'>, world: World) {
    this.#peer = peer;
    this.#world = world;
    this.#sliceStart = world.clock.monotonic();
  }

  /** Counts a message of the answer. @param written resolves when it was written or never will be. */
  sent(written: Promise<void>): void {
    this.#written.push(written);
  }

  /** Does work that takes far longer than it took to ask for it: the peer waits for a multiple of that time. */
  costly<T>(work: () => T): T {
    const { clock } = this.#world;
    const start = clock.monotonic();
    const result = work();
    this.#rest += (clock.monotonic() - start) * REST_FACTOR;
    return result;
  }

  /** Waits until the next piece may be made. @returns false if the peer has left. */
  async next(): Promise<boolean> {
    while (this.#isFull()) await this.#written.shift();
    const { clock, timers } = this.#world;
    if (clock.monotonic() - this.#sliceStart >= SLICE_MS) {
      const rest = Math.min(this.#rest, MAX_REST_MS);
      this.#rest = 0;
      await new Promise<void>((resolve) => {
        if (rest > 0) timers.after(rest, resolve);
        else timers.soon(resolve);
      });
      this.#sliceStart = clock.monotonic();
    }
    return this.#peer.connected;
  }

  /** Waits until everything has been written. */
  async done(): Promise<void> {
    await Promise.all(this.#written);
  }

  #isFull(): boolean {
    const items = this.#written.length;
    return items >= ITEMS_IN_FLIGHT || (items > 0 && this.#peer.queuedBytes > BYTES_IN_FLIGHT);
  }
}
