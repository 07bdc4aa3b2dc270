import type { LogLevel } from '../../util/log.ts';
import { printable } from '../../util/printable.ts';

/** Three-letter forms of the levels in log lines. */
const LABELS: Readonly<Record<LogLevel, string>> = {
  trace: 'TRC',
  debug: 'DBG',
  info: 'INF',
  warn: 'WRN',
  error: 'ERR',
  critical: 'CRT',
};

const two = (value: number) => String(value).padStart(2, '0');

/** Local time as `YYYY-MM-DD hh:mm:ss.mmm`. */
function timeText(milliseconds: number): string {
  const time = new Date(milliseconds);
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${date} ${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/**
 * One log line, `TIME [LVL] TAG: message` with a line end. `origin` is ` file:line` or empty. Others may have worded a part
 * of the message, the user agent of a peer say: further lines are indented, other control characters become `?`, so that
 * nobody forges lines or commands a terminal.
 * @param milliseconds Unix time.
 */
export function formatLine(
  milliseconds: number,
  level: LogLevel,
  tag: string,
  origin: string,
  message: string,
): string {
  return `${timeText(milliseconds)} [${LABELS[level]}] ${tag}${origin}: ${message.split('\n').map(printable).join('\n    ')}\n`;
}

/** Forms of log lines. */
export const LOG_FORMATS = ['text', 'json'] as const;

/** A form of log lines. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** One log line as a JSON object: `time` (UTC), `level`, `subsystem`, `source` if asked for, `message`. */
export function formatJsonLine(
  milliseconds: number,
  level: LogLevel,
  tag: string,
  origin: string,
  message: string,
): string {
  const source = origin.trim();
  const time = new Date(milliseconds).toISOString();
  return `${JSON.stringify({ time, level, subsystem: tag, ...(source !== '' && { source }), message })}\n`;
}

/** Which form of `file:line` the environment variable LOGFLAGS asks for. */
export function originStyle(flags: string | undefined): 'none' | 'short' | 'long' {
  const words = (flags ?? '').split(',');
  if (words.includes('longfile')) return 'long';
  return words.includes('shortfile') ? 'short' : 'none';
}

/** ` file:line` of a caller, taken from a stack trace. `depth` is how many calls lie between it and the trace. */
export function originOf(stack: string | undefined, depth: number, style: 'short' | 'long'): string {
  const frame = (stack ?? '').split('\n')[depth + 1] ?? '';
  const found = /\(?(?:file:\/\/)?([^()\s]+):(\d+):\d+\)?$/u.exec(frame);
  if (!found) return ' ???:0';
  const [, path, line] = found;
  return ` ${style === 'short' ? path.slice(path.lastIndexOf('/') + 1) : path}:${line}`;
}
