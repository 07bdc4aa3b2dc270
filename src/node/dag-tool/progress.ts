import type { Clock } from '../../util/ports.ts';

/** How often a line is printed, and rewritten on a terminal, milliseconds. */
const LINE_INTERVAL = 5000;
const LIVE_INTERVAL = 250;
const CLEAR_LINE = '\r\x1b[K';

/** Where progress is shown. */
export interface ProgressOutput {
  /** A terminal, where a line can be rewritten. */
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A number for people: `1,234,567`. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A time for people: `8.2 s`, `73 s`. */
export function secondsText(seconds: number): string {
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

/** Shows how far a long piece of work has come, with its rate and the time that is left. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #clock: Clock;
  readonly #started: number;
  #shown: { readonly at: number; readonly label: string; readonly done: number };
  #hasLine = false;

  constructor(output: ProgressOutput, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
    this.#started = clock.monotonic();
    this.#shown = { at: this.#started, label: '', done: 0 };
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (this.#clock.monotonic() - this.#started) / 1000;
  }

  /** Tells how far the work has come; shown every few seconds. @param label what is being done and counted. */
  show(label: string, done: number, total: number): void {
    const now = this.#clock.monotonic();
    const since = now - this.#shown.at;
    const isLive = this.#output.isTTY === true;
    if (since < (isLive ? LIVE_INTERVAL : LINE_INTERVAL)) return;
    const isSame = label === this.#shown.label && done >= this.#shown.done;
    const rate = isSame ? ((done - this.#shown.done) * 1000) / since : undefined;
    this.#shown = { at: now, label, done };
    const share = total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : '';
    const left = rate ? `, ${grouped(rate)}/s, ${secondsText((total - done) / rate)} left` : '';
    const text = `${label}: ${grouped(done)} of ${grouped(total)}${share}${left}`;
    this.#output.write(isLive ? `${CLEAR_LINE}${text}` : `${text}\n`);
    this.#hasLine = isLive;
  }

  /** Takes the line on a terminal away, so that something else can be printed. */
  clear(): void {
    if (this.#hasLine) this.#output.write(CLEAR_LINE);
    this.#hasLine = false;
  }
}
