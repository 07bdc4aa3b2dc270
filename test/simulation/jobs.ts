import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LineSink } from './event-log.ts';
import { type RunRequest, simulate, type TimedResult } from './runs.ts';

/** Makes runs, some of them at once. */
export interface Runner {
  /** Runs that it makes at once; it takes more and lets them wait, unless this is 1. */
  readonly width: number;
  run(request: RunRequest): Promise<TimedResult>;
  /** Ends it once nothing is under way. */
  close(): void;
}

/** Makes runs in this process. @param trace receives the readable log of every run. */
export function localRunner(trace?: LineSink): Runner {
  return { width: 1, run: (request) => simulate(request, trace), close: () => undefined };
}

/** Makes runs in processes of their own. What a run gives does not depend on where it is made. */
export class ProcessRunner implements Runner {
  readonly width: number;
  readonly #idle: ChildProcess[] = [];
  readonly #waiting: ((child: ChildProcess) => void)[] = [];
  readonly #children: ChildProcess[];

  constructor(width: number) {
    this.width = width;
    this.#children = Array.from({ length: width }, () => fork(program()));
    this.#idle.push(...this.#children);
  }

  async run(request: RunRequest): Promise<TimedResult> {
    const child = this.#idle.pop() ?? (await new Promise<ChildProcess>((resolve) => this.#waiting.push(resolve)));
    const result = await ask(child, request);
    const next = this.#waiting.shift();
    if (next) next(child);
    else this.#idle.push(child);
    return result;
  }

  close(): void {
    for (const child of this.#children) child.disconnect();
  }
}

/** The program of the children, compiled if this file is. */
function program(): string {
  const extension = import.meta.url.endsWith('.js') ? 'js' : 'ts';
  return fileURLToPath(new URL(`./job-main.${extension}`, import.meta.url));
}

/** @throws {Error} if the child ends instead of answering. */
function ask(child: ChildProcess, request: RunRequest): Promise<TimedResult> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null) =>
      reject(new Error(`the process of seed ${request.seed} ended with ${signal ?? `code ${code}`}`));
    child.once('exit', ended);
    child.once('message', (answer: TimedResult) => {
      child.off('exit', ended);
      resolve(answer);
    });
    child.send(request);
  });
}
