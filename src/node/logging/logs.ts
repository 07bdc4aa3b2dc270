import type { Logger, LogLevel } from '../../util/log.ts';
import type { Clock } from '../../util/ports.ts';
import { levelRank, parseLevels, SUBSYSTEMS, type Subsystem } from './levels.ts';
import { formatJsonLine, formatLine, type LogFormat, originOf, originStyle } from './line.ts';
import { DEFAULT_ROTATION, RotatingFile, type RotationOptions } from './rotating-file.ts';

/** A text stream to write to, such as standard output. */
export interface TextSink {
  write(text: string): unknown;
}

/** What the logs need. */
export interface LogsDeps {
  readonly clock: Clock;
  /** Where lines go besides the file. */
  readonly output: TextSink;
  /** Where messages go, without any decoration, before the file is open. */
  readonly early: TextSink;
  /** Value of the environment variable LOGFLAGS. */
  readonly flags?: string;
}

/** Calls between the caller of a logging method and the stack trace taken for it. */
const CALLER_DEPTH = 3;

/**
 * All log output of the process: one logger per subsystem, levels that can change while running, lines to standard
 * output and to a file that rotates. Secrets must never be handed to it.
 */
export class Logs {
  /** Tags of all subsystems, sorted. */
  readonly subsystems: readonly Subsystem[] = SUBSYSTEMS;
  readonly #deps: LogsDeps;
  readonly #origin: 'none' | 'short' | 'long';
  readonly #loggers = new Map<Subsystem, SubsystemLogger>();
  #file: RotatingFile | undefined;
  #format = formatLine;
  /** The file could not be written, and that was said. */
  #broken = false;
  #pending = '';

  constructor(deps: LogsDeps) {
    this.#deps = deps;
    this.#origin = originStyle(deps.flags);
  }

  /**
   * Begins to write lines to standard output and to the file at `path`.
   * @throws the error of the file system.
   */
  open(path: string, rotation: RotationOptions = DEFAULT_ROTATION): void {
    this.#file = new RotatingFile(path, rotation);
  }

  /** Chooses the form of all lines from now on. */
  setFormat(format: LogFormat): void {
    this.#format = format === 'json' ? formatJsonLine : formatLine;
  }

  /** Writes what is pending and closes the file; later messages are plain again. */
  async close(): Promise<void> {
    this.flush();
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Applies `level` or `TAG=level,...` up to the first mistake; its text, or undefined. */
  setLevels(specification: string): string | undefined {
    const { changes, problem } = parseLevels(specification);
    for (const { subsystem, level } of changes)
      for (const each of subsystem ? [subsystem] : SUBSYSTEMS) this.#loggerOf(each).threshold = rankOf[level];
    return problem;
  }

  /** The logger of a subsystem, always the same object. */
  logger(subsystem: Subsystem): Logger {
    return this.#loggerOf(subsystem);
  }

  /** Writes what this turn of the event loop has logged so far. */
  flush(): void {
    const text = this.#pending;
    this.#pending = '';
    if (text === '') return;
    this.#deps.output.write(text);
    this.#writeFile(text);
  }

  /** A log file that can not be written costs its lines, never the node. */
  #writeFile(text: string): void {
    try {
      this.#file?.write(text);
      this.#broken = false;
    } catch (error) {
      if (!this.#broken)
        this.#deps.early.write(
          `The log file can not be written, its lines are lost: ${error instanceof Error ? error.message : String(error)}\n`,
        );
      this.#broken = true;
    }
  }

  #loggerOf(subsystem: Subsystem): SubsystemLogger {
    let logger = this.#loggers.get(subsystem);
    if (!logger) {
      logger = new SubsystemLogger((level, message) => this.#write(subsystem, level, message));
      this.#loggers.set(subsystem, logger);
    }
    return logger;
  }

  #write(subsystem: Subsystem, level: LogLevel, message: string): void {
    if (!this.#file) {
      this.#deps.early.write(`${message}\n`);
      return;
    }
    const origin = this.#origin === 'none' ? '' : originOf(new Error().stack, CALLER_DEPTH, this.#origin);
    const line = this.#format(this.#deps.clock.now(), level, subsystem, origin, message);
    // Lines of one turn of the event loop share a write: it still happens before anything that waits for I/O.
    if (this.#pending === '') queueMicrotask(() => this.flush());
    this.#pending += line;
  }
}

const rankOf: Readonly<Record<LogLevel, number>> = {
  trace: levelRank('trace'),
  debug: levelRank('debug'),
  info: levelRank('info'),
  warn: levelRank('warn'),
  error: levelRank('error'),
  critical: levelRank('critical'),
};

/** Drops what lies below its level; a dropped message costs one comparison. */
class SubsystemLogger implements Logger {
  /** Rank of the least severe level that is written. */
  threshold = rankOf.info;
  readonly #write: (level: LogLevel, message: string) => void;

  constructor(write: (level: LogLevel, message: string) => void) {
    this.#write = write;
  }

  enabled(level: LogLevel): boolean {
    return rankOf[level] >= this.threshold;
  }

  trace(message: string): void {
    if (rankOf.trace >= this.threshold) this.#write('trace', message);
  }

  debug(message: string): void {
    if (rankOf.debug >= this.threshold) this.#write('debug', message);
  }

  info(message: string): void {
    if (rankOf.info >= this.threshold) this.#write('info', message);
  }

  warn(message: string): void {
    if (rankOf.warn >= this.threshold) this.#write('warn', message);
  }

  error(message: string): void {
    if (rankOf.error >= this.threshold) this.#write('error', message);
  }

  critical(message: string): void {
    if (rankOf.critical >= this.threshold) this.#write('critical', message);
  }
}
