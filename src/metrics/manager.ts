import type { Hash } from '../util/hash.ts';
import type { Timers } from '../util/ports.ts';
import { Channel, type MeasurementSink } from './channel.ts';
import { type Measurement, Registry } from './instruments.ts';
import { Newest } from './newest.ts';

/** What the node has mined since it started: the content of the RPC `getblockmetrics`. */
export interface BlockMetrics {
  /** Blocks mined by this node and accepted. */
  readonly count: number;
  /**
   * Their hashes, oldest first; only filled on simnet. soterd 2.1.1 keeps all of them for ever, here the newest
   * {@link MetricsOptions.hashesKept} stay.
   */
  readonly hashes: readonly Hash[];
  /** Milliseconds (fractional) each of them took, the newest 5,000, oldest first. */
  readonly times: readonly number[];
}

/** Sizes of the manager's memory. */
export interface MetricsOptions {
  /** Default 5,000, as soterd 2.1.1. */
  readonly timesKept?: number;
  /** Default 50,000. */
  readonly hashesKept?: number;
  /** Measurements that one channel buffers. Default 1,024. */
  readonly channelCapacity?: number;
}

/** What the manager needs from outside. */
export interface MetricsDeps {
  readonly timers: Pick<Timers, 'soon'>;
}

/** Upper bounds of the solve time histogram in seconds. */
const SOLVE_SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600];

/**
 * The Metrics manager: collects measurements of other managers through typed channels and gives them to RPC. Everything
 * is in memory and starts empty. What is sent before `start` or after `stop` is not counted.
 */
export class MetricsManager {
  /** Milliseconds from the start of mining, or from the same worker's previous block, to an accepted block. */
  readonly solveTime: MeasurementSink<number>;
  /** Number of blocks just mined and accepted. */
  readonly solveCount: MeasurementSink<number>;
  /** Hash of an accepted block. */
  readonly solveHash: MeasurementSink<Hash>;
  /** Counters, gauges and histograms of all managers. */
  readonly registry = new Registry();
  readonly #channels: readonly Pick<Channel<never>, 'open' | 'close' | 'drain' | 'ignored'>[];
  readonly #times: Newest<number>;
  readonly #hashes: Newest<Hash>;
  #count = 0;

  constructor(options: MetricsOptions, deps: MetricsDeps) {
    this.#times = new Newest(options.timesKept ?? 5000);
    this.#hashes = new Newest(options.hashesKept ?? 50_000);
    const seconds = this.registry.histogram('soterd_mining_solve_seconds', 'Time to mine a block', SOLVE_SECONDS);
    this.registry.observed('counter', 'soterd_mining_blocks_total', 'Blocks mined and accepted', () => this.#count);

    const capacity = options.channelCapacity ?? 1024;
    const channel = <T>(each: (value: T) => void): Channel<T> => {
      const made: Channel<T> = new Channel<T>({
        capacity,
        consume: (values) => values.forEach(each),
        schedule: () => deps.timers.soon(() => made.drain()),
      });
      return made;
    };
    const solveTime = channel((milliseconds: number) => {
      this.#times.push(milliseconds);
      seconds.observe(milliseconds / 1000);
    });
    const solveCount = channel((blocks: number) => {
      this.#count += blocks;
    });
    const solveHash = channel((hash: Hash) => this.#hashes.push(hash));
    this.solveTime = solveTime;
    this.solveCount = solveCount;
    this.solveHash = solveHash;
    this.#channels = [solveTime, solveCount, solveHash];
  }

  /** Opens the channels. No effect if they are open. */
  start(): void {
    for (const channel of this.#channels) channel.open();
  }

  /** Takes in what was sent and closes the channels. What was measured stays readable. */
  async stop(): Promise<void> {
    for (const channel of this.#channels) channel.close();
  }

  /** Measurements sent while the manager was not running. */
  get ignored(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.ignored, 0);
  }

  /** What was mined, including everything sent before this call. */
  blockMetrics(): BlockMetrics {
    this.#drain();
    return { count: this.#count, hashes: this.#hashes.toArray(), times: this.#times.toArray() };
  }

  /** State of every instrument, including everything sent before this call. */
  snapshot(): Measurement[] {
    this.#drain();
    return this.registry.snapshot();
  }

  #drain(): void {
    for (const channel of this.#channels) channel.drain();
  }
}
