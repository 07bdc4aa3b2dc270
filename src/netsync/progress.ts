/** How a synchronisation gets on. */
export interface SyncProgress {
  /** Blocks taken in a second, over the last seconds. */
  readonly blocksPerSecond: number;
  /** Generations that the sync peer claims to have and we lack. */
  readonly heightsLeft: number;
  /** At the present pace; undefined while nothing gets on. */
  readonly secondsLeft: number | undefined;
}

/** Seconds over which the pace is taken. */
const WINDOW_TICKS = 10;
/** Ticks between two lines in the log. */
const REPORT_TICKS = 10;

interface Sample {
  /** Steady milliseconds. */
  readonly at: number;
  readonly blocks: number;
  readonly transactions: number;
  readonly height: number;
}

/** Follows the pace of a synchronisation, from samples that are taken once a second. */
export class ProgressMeter {
  #blocks = 0;
  #transactions = 0;
  #ticks = 0;
  /** Oldest first. */
  readonly #samples: Sample[] = [];

  /** A block was taken in. */
  accepted(transactions: number): void {
    this.#blocks++;
    this.#transactions += transactions;
  }

  /**
   * Takes a sample.
   * @param now steady milliseconds.
   * @returns every ten ticks a line for the log, if there were blocks.
   */
  tick(now: number, height: number, goal: number): string | undefined {
    this.#samples.push({ at: now, blocks: this.#blocks, transactions: this.#transactions, height });
    if (this.#samples.length > WINDOW_TICKS + 1) this.#samples.shift();
    this.#ticks++;
    if (this.#ticks % REPORT_TICKS !== 0) return undefined;
    const [from, to] = [this.#samples[0]!, this.#samples.at(-1)!];
    const blocks = to.blocks - from.blocks;
    if (blocks === 0) return undefined;
    const seconds = (to.at - from.at) / 1000;
    const { blocksPerSecond, secondsLeft } = this.progress(height, goal);
    const left = secondsLeft === undefined ? '' : `, about ${timeText(secondsLeft)} left`;
    return (
      `Processed ${blocks} blocks in the last ${seconds.toFixed(1)}s (${to.transactions - from.transactions} ` +
      `transactions, height ${height} of ${Math.max(goal, height)}, ${blocksPerSecond.toFixed(0)} blocks/s${left})`
    );
  }

  /** How it gets on. @param goal greatest height that is to be had. */
  progress(height: number, goal: number): SyncProgress {
    const heightsLeft = Math.max(0, goal - height);
    const from = this.#samples[0];
    const to = this.#samples.at(-1);
    const seconds = from && to ? (to.at - from.at) / 1000 : 0;
    if (!from || !to || seconds <= 0) return { blocksPerSecond: 0, heightsLeft, secondsLeft: undefined };
    const heightsPerSecond = (to.height - from.height) / seconds;
    return {
      blocksPerSecond: (to.blocks - from.blocks) / seconds,
      heightsLeft,
      secondsLeft: heightsPerSecond > 0 ? heightsLeft / heightsPerSecond : undefined,
    };
  }

  /** The synchronisation is over; the next one begins afresh. */
  reset(): void {
    this.#samples.length = 0;
    this.#ticks = 0;
  }
}

/** `45s`, `12m30s`, `3h5m`, `2d4h`. */
function timeText(seconds: number): string {
  const units: readonly [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ];
  const whole = Math.ceil(seconds);
  const first = units.findIndex(([, size]) => whole >= size);
  if (first === -1) return '0s';
  const [unit, size] = units[first]!;
  const next = units[first + 1];
  const rest = next ? Math.floor((whole % size) / next[1]) : 0;
  return `${Math.floor(whole / size)}${unit}${next && rest > 0 ? `${rest}${next[0]}` : ''}`;
}
