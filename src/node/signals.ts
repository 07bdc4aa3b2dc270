import type { Logger } from '../util/log.ts';

/** What the operating system calls the signals, as log lines name them. */
const SIGNALS = { SIGINT: 'interrupt', SIGTERM: 'terminated', SIGHUP: 'hangup' } as const;
/** Timers and sockets may all be gone while a node waits: this keeps the process there. */
const KEEP_ALIVE_MS = 2 ** 30;
/** Exit code of a process that was not allowed to end in order. */
const FORCED = 1;

/** The wish that the process ends: from a signal, from RPC, or because of a failure. */
export interface ShutdownRequest {
  /** True once anybody asked. */
  readonly requested: boolean;
  /** True if a failure was the reason. */
  readonly failed: boolean;
  /** Asks the process to end. @param failure why, if it is not somebody's wish. */
  request(failure?: unknown): void;
  /** Resolves when the process shall end. */
  wait(): Promise<void>;
  /**
   * Lets the process end. Signals stay caught: one that comes now must not make it look as if it had been killed.
   */
  release(): void;
}

/**
 * Listens to the signals that end a process. The first asks for an orderly end; the second ends the process at once, which is safe
 * since every commit is atomic.
 */
export function shutdownSignals(logger: Logger): ShutdownRequest {
  let requested = false;
  let failed = false;
  let released = false;
  let wake: () => void = () => undefined;
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
  const request = (reason: string): void => {
    logger.info(`${reason}.  ${requested ? 'Already shutting down...' : 'Shutting down...'}`);
    requested = true;
    wake();
  };
  for (const [signal, name] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (released) return;
      if (requested) {
        logger.warn(`Received signal (${name}) again: ending at once`);
        setImmediate(() => process.exit(FORCED));
        return;
      }
      request(`Received signal (${name})`);
    });
  }
  return {
    get requested() {
      return requested;
    },
    get failed() {
      return failed;
    },
    request(failure) {
      failed ||= failure !== undefined;
      request('Shutdown requested');
    },
    wait: () => woken,
    release() {
      clearInterval(keepAlive);
      released = true;
    },
  };
}
