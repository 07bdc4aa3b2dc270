import type { Hash } from '../util/hash.ts';
import type { Timers } from '../util/ports.ts';
import { Channel, type MeasurementSink } from './channel.ts';
import { Instruments, type MetricReport, type Readings } from './instruments.ts';
import { type ChannelName, CONSUMERS, type Measurements } from './measurements.ts';
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

/** What the manager does with every channel, whatever it carries. */
type AnyChannel = Pick<Channel<never>, 'open' | 'close' | 'drain' | 'ignored'>;

/** One channel for each kind of measurement. */
export type Channels = { readonly [Name in ChannelName]: MeasurementSink<Measurements[Name]> };

/**
 * The Metrics manager: collects measurements of other managers through typed channels, reads what they keep anyway when it
 * is asked, and gives all of it to RPC and to monitoring. Everything is in memory and starts empty. What is sent before
 * `start` or after `stop` is not counted.
 */
export class MetricsManager {
  readonly channels: Channels;
  readonly #all: readonly AnyChannel[];
  readonly #instruments = new Instruments();
  readonly #sources: (() => Readings)[] = [];
  readonly #times: Newest<number>;
  readonly #hashes: Newest<Hash>;
  #count = 0;
  #taken = 0;

  constructor(options: MetricsOptions, deps: MetricsDeps) {
    this.#times = new Newest(options.timesKept ?? 5000);
    this.#hashes = new Newest(options.hashesKept ?? 50_000);
    const capacity = options.channelCapacity ?? 1024;
    const all: AnyChannel[] = [];
    const channel = <Name extends ChannelName>(name: Name, keep?: (value: Measurements[Name]) => void) => {
      const made: Channel<Measurements[Name]> = new Channel({
        capacity,
        consume: (values) => {
          this.#taken += values.length;
          for (const value of values) {
            keep?.(value);
            CONSUMERS[name](this.#instruments, value);
          }
        },
        schedule: () => deps.timers.soon(() => made.drain()),
      });
      all.push(made);
      return made;
    };
    this.channels = {
      solveTime: channel('solveTime', (milliseconds) => this.#times.push(milliseconds)),
      solveCount: channel('solveCount', (blocks) => {
        this.#count += blocks;
      }),
      solveHash: channel('solveHash', (hash) => this.#hashes.push(hash)),
      template: channel('template'),
      block: channel('block'),
      reorder: channel('reorder'),
      commit: channel('commit'),
      scripts: channel('scripts'),
      transaction: channel('transaction'),
      poolAdded: channel('poolAdded'),
      poolRemoved: channel('poolRemoved'),
      peer: channel('peer'),
      dial: channel('dial'),
      accepted: channel('accepted'),
      call: channel('call'),
      collection: channel('collection'),
    };
    this.#all = all;
    this.addSource(() => ({
      soterd_metrics_measurements_total: this.#taken,
      soterd_metrics_ignored_total: this.ignored,
    }));
  }

  /** Opens the channels. No effect if they are open. */
  start(): void {
    for (const channel of this.#all) channel.open();
  }

  /** Takes in what was sent and closes the channels. What was measured stays readable. */
  async stop(): Promise<void> {
    for (const channel of this.#all) channel.close();
  }

  /** Adds somebody who keeps figures anyway; asked whenever figures are wanted. */
  addSource(read: () => Readings): void {
    this.#sources.push(read);
  }

  /** Measurements sent while the manager was not running. */
  get ignored(): number {
    return this.#all.reduce((sum, channel) => sum + channel.ignored, 0);
  }

  /** What was mined, including everything sent before this call. */
  blockMetrics(): BlockMetrics {
    this.#drain();
    return { count: this.#count, hashes: this.#hashes.toArray(), times: this.#times.toArray() };
  }

  /** All metrics of this moment in the text format of Prometheus. */
  text(): Promise<string> {
    this.#takeReadings();
    return this.#instruments.text();
  }

  /** Media type of {@link text}. */
  get contentType(): string {
    return this.#instruments.contentType;
  }

  /** All metrics of this moment whose name begins with `prefix`, in the order of the catalogue. */
  report(prefix = ''): Promise<MetricReport[]> {
    this.#takeReadings();
    return this.#instruments.report(prefix);
  }

  #takeReadings(): void {
    this.#drain();
    for (const read of this.#sources) this.#instruments.set(read());
  }

  #drain(): void {
    for (const channel of this.#all) channel.drain();
  }
}
