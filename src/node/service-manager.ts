import { execFile } from 'node:child_process';
import type { Logger } from '../util/log.ts';

/** Program of systemd that sends messages: Node.js itself has no sockets of the kind that systemd listens at. */
const PROGRAM = 'systemd-notify';

/** Tells the service manager how the process gets on. */
export interface ServiceManager {
  /** Everything has started. Resolves when that was told. */
  ready(status: string): Promise<void>;
  /** The orderly end has begun. */
  stopping(): Promise<void>;
}

/**
 * The service manager that started this process, if it wants to be told (systemd with `Type=notify`, and `NotifyAccess=all` because
 * a child process tells it); otherwise nothing is done. A failure to tell is a warning.
 */
export function serviceManager(env: { readonly NOTIFY_SOCKET?: string | undefined }, logger: Logger): ServiceManager {
  const tell = (...messages: readonly string[]): Promise<void> => {
    if (!env.NOTIFY_SOCKET) return Promise.resolve();
    return new Promise((resolve) => {
      execFile(PROGRAM, messages, { timeout: 10_000 }, (error, _, stderr) => {
        if (error) logger.warn(`The service manager could not be told: ${stderr.trim() || error.message}`);
        resolve();
      });
    });
  };
  return {
    ready: (status) => tell('READY=1', `STATUS=${status}`, `MAINPID=${process.pid}`),
    stopping: () => tell('STOPPING=1'),
  };
}
