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
 * of the same kind replaces. Time in which we did not read, because a handler ran or too much of our output waited, is
 * added to the deadlines at each check: the answer may have been there already. Pings and address requests have no deadline.
 */
export class StallDetector {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #deadlines = new Map<Command, number>();
  /** Time in which nothing was read since the last check, milliseconds. */
  #unread = 0;
  /** Reasons not to read that there are now, and since when there is one. */
  #reasons = 0;
  #since = 0;

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

  /** There is a reason, or another one, not to read. */
  readingStopped(): void {
    if (this.#reasons++ === 0) this.#since = this.#clock.monotonic();
  }

  /** One reason not to read is gone. */
  readingResumed(): void {
    if (--this.#reasons === 0) this.#unread += this.#clock.monotonic() - this.#since;
  }

  /** The periodic check: returns a command that is overdue, if there is one. */
  check(): Command | undefined {
    const now = this.#clock.monotonic();
    const running = this.#reasons === 0 ? 0 : now - this.#since;
    const offset = this.#unread + running;
    this.#unread = 0;
    for (const [command, deadline] of this.#deadlines) if (now >= deadline + offset) return command;
    return undefined;
  }
}
