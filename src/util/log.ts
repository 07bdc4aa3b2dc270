/** Severity, lowest first, as named by the `debuglevel` option. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'critical';

/** A subsystem's logger. Messages are plain text; secrets never go in. */
export interface Logger {
  /** True if a message of this level would be written: ask before building an expensive message. */
  enabled(level: LogLevel): boolean;
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  critical(message: string): void;
}

/** A logger that drops everything. */
export const silentLogger: Logger = {
  enabled: () => false,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  critical: () => undefined,
};
