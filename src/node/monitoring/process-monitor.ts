import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import type { Channels, Readings } from '../../metrics/index.ts';
import type { Timer, Timers } from '../../util/ports.ts';

/** Milliseconds between two samples of the event loop's delay. */
const RESOLUTION = 20;
/** How long a window of samples is, milliseconds. */
const WINDOW = 10_000;

const COLLECTIONS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weak callbacks'],
]);

/** How late the event loop was, seconds. */
export interface LoopDelay {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** Watches the process: its event loop, its memory, its CPU time, its garbage collection. */
export class ProcessMonitor {
  readonly #channel: Channels['collection'];
  readonly #timers: Timers;
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  readonly #observer: PerformanceObserver;
  #timer: Timer | undefined;
  #utilization = performance.eventLoopUtilization();
  #lastUtilization = 0;
  /** Of the last complete window. */
  #last: LoopDelay = { median: 0, p99: 0, max: 0 };

  constructor(timers: Timers, { collection }: Pick<Channels, 'collection'>) {
    this.#timers = timers;
    this.#channel = collection;
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const kind = 'detail' in entry && isCollection(entry.detail) ? COLLECTIONS.get(entry.detail.kind) : undefined;
        this.#channel.send({ kind: kind ?? 'other', milliseconds: entry.duration });
      }
    });
  }

  start(): void {
    this.#histogram.enable();
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#timer ??= this.#timers.every(WINDOW, () => this.#turn());
  }

  stop(): void {
    this.#histogram.disable();
    this.#observer.disconnect();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Of the last ten to twenty seconds: the worse of the present and the last complete window. */
  delay(): LoopDelay {
    const present = this.#present();
    return {
      median: Math.max(present.median, this.#last.median),
      p99: Math.max(present.p99, this.#last.p99),
      max: Math.max(present.max, this.#last.max),
    };
  }

  readings(): Readings {
    const { median, p99, max } = this.delay();
    const { heapUsed, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const value = (mode: string, microseconds: number) => ({ labels: { mode }, value: microseconds / 1e6 });
    const quantile = (text: string, seconds: number) => ({ labels: { quantile: text }, value: seconds });
    return {
      soterd_loop_delay_seconds: [quantile('0.5', median), quantile('0.99', p99), quantile('1', max)],
      soterd_loop_utilization: this.#lastUtilization,
      process_cpu_seconds_total: [value('user', user), value('system', system)],
      process_resident_memory_bytes: process.memoryUsage.rss(),
      process_start_time_seconds: performance.timeOrigin / 1000,
      nodejs_heap_size_used_bytes: heapUsed,
      nodejs_external_memory_bytes: external,
    };
  }

  #present(): LoopDelay {
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION) / 1000;
    // Without a sample yet the histogram answers with its own bounds.
    if (this.#histogram.count === 0) return { median: 0, p99: 0, max: 0 };
    return {
      median: late(this.#histogram.percentile(50)),
      p99: late(this.#histogram.percentile(99)),
      max: late(this.#histogram.max),
    };
  }

  #turn(): void {
    this.#last = this.#present();
    this.#histogram.reset();
    const now = performance.eventLoopUtilization();
    this.#lastUtilization = performance.eventLoopUtilization(now, this.#utilization).utilization;
    this.#utilization = now;
  }
}

function isCollection(detail: unknown): detail is { readonly kind: number } {
  return typeof detail === 'object' && detail !== null && 'kind' in detail && typeof detail.kind === 'number';
}
