/** A long piece of work as seen from inside: what it tells, and how it hears that it shall end. */
export interface Task {
  /** Tells how far the work has come. */
  report(done: number, total: number): void;
  /** True if the work shall end soon. */
  stopped(): boolean;
  /** Lets other work run, such as the handlers of signals. */
  pause(): Promise<void>;
}

/** The work was ended before it was done. */
export class InterruptedError extends Error {
  override name = 'InterruptedError';

  constructor() {
    super('interrupted');
  }
}
