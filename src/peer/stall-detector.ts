import type { Clock } from '../util/ports.ts';
import type { Command } from '../wire/index.ts';

/** Any of these answers a getdata, and receiving one clears the whole group. */
const DATA_ANSWERS: readonly Command[] = ['block', 'merkleblock', 'tx', 'notfound'];

/** Which command answers a request; headers may take three times as long as the rest. */
const EXPECTED: { readonly [C in Command]?: { readonly answers: readonly Command[]; readonly factor: number } } = {
  version: { answers: ['verack'], factor: 1 },
  mempool: { answers: ['inv'], factor: 1 },
  getblocks: { answers: ['inv'], factor: 1 },
  getdata: { answers: DATA_ANSWERS, factor: 1 },
  getheaders: { answers: ['headers'], factor: 3 },
};

/**
 * Notices a remote that does not answer requests. Each request sets a deadline for its answer, which the next request
 * of the same kind replaces. Time that our own handlers took is added to the deadlines at each check, because the
 * answer may have been waiting behind them. Pings and address requests have no deadline.
 */
export class StallDetector {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #deadlines = new Map<Command, number>();
  /** Time spent in handlers since the last check, milliseconds. */
  #handled = 0;
  #handlerSince: number | undefined;

  /** @param timeout milliseconds that an answer may take. */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** A message was written. */
  sent(command: Command): void {
    const expected = EXPECTED[command];
    if (!expected) return;
    const deadline = this.#clock.monotonic() + this.#timeout * expected.factor;
    for (const answer of expected.answers) this.#deadlines.set(answer, deadline);
  }

  /** A message was received. */
  received(command: Command): void {
    if (this.#deadlines.size === 0) return;
    if (DATA_ANSWERS.includes(command)) for (const answer of DATA_ANSWERS) this.#deadlines.delete(answer);
    else this.#deadlines.delete(command);
  }

  /** A handler began. */
  handlerStarted(): void {
    this.#handlerSince = this.#clock.monotonic();
  }

  /** The handler returned. */
  handlerDone(): void {
    if (this.#handlerSince === undefined) return;
    this.#handled += this.#clock.monotonic() - this.#handlerSince;
    this.#handlerSince = undefined;
  }

  /** The periodic check: returns a command that is overdue, if there is one. */
  check(): Command | undefined {
    const now = this.#clock.monotonic();
    const running = this.#handlerSince === undefined ? 0 : now - this.#handlerSince;
    const offset = this.#handled + running;
    this.#handled = 0;
    for (const [command, deadline] of this.#deadlines) if (now >= deadline + offset) return command;
    return undefined;
  }
}
