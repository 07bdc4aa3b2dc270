import type { Logger } from '../../util/log.ts';
import type { Timer, Timers } from '../../util/ports.ts';

/** How often the peers' clocks are looked at, milliseconds. */
const INTERVAL = 60_000;
/** Looks between two warnings: once an hour. */
const LOOKS_PER_WARNING = 60;
/** Fewer peers than this may all be wrong. */
const MIN_PEERS = 3;
/** Blocks from the future are refused by others from two hours on; far before that the operator should know. Seconds. */
const MAX_OFFSET = 300;

/** What is looked at of a peer. */
interface ClockSample {
  /** Their clock minus ours, seconds. */
  readonly timeOffset: number;
}

/** Median of the peers' clocks minus ours, seconds; undefined if there are too few peers to tell. */
export function medianClockOffset(peers: readonly ClockSample[]): number | undefined {
  if (peers.length < MIN_PEERS) return undefined;
  const offsets = peers.map(({ timeOffset }) => timeOffset).sort((a, b) => a - b);
  return offsets[offsets.length >> 1];
}

/** What the watch needs. */
export interface ClockWatchDeps {
  peers(): readonly ClockSample[];
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Warns when the clock of this machine seems to be far off. */
export class ClockWatch {
  readonly #deps: ClockWatchDeps;
  #timer: Timer | undefined;
  /** Looks until the next warning may be given. */
  #silence = 0;

  constructor(deps: ClockWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer ??= this.#deps.timers.every(INTERVAL, () => this.#look());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    if (this.#silence > 0) this.#silence--;
    const peers = this.#deps.peers();
    const offset = medianClockOffset(peers);
    if (offset === undefined || Math.abs(offset) < MAX_OFFSET || this.#silence > 0) return;
    this.#silence = LOOKS_PER_WARNING;
    const minutes = Math.round(Math.abs(offset) / 60);
    this.#deps.logger.warn(
      `The clock of this machine is ${minutes} minutes ${offset > 0 ? 'behind' : 'ahead of'} the median of ${peers.length} peers: ` +
        'please set it, or let NTP do so',
    );
  }
}
