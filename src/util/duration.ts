/**
 * Durations as texts like `1h30m` or `500ms`: the notation of Go (https://pkg.go.dev/time#ParseDuration), in which the
 * reference node's options and files are written. Values are nanoseconds.
 */

/** The text is no duration. */
export class DurationError extends Error {
  override name = 'DurationError';
}

const NANOSECOND = 1n;
const MICROSECOND = 1000n * NANOSECOND;
const MILLISECOND = 1000n * MICROSECOND;
const SECOND = 1000n * MILLISECOND;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', NANOSECOND],
  ['us', MICROSECOND],
  ['µs', MICROSECOND],
  ['μs', MICROSECOND],
  ['ms', MILLISECOND],
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
]);

const MAX = 2n ** 63n - 1n;
const PART = /^(\d*)(?:\.(\d*))?([^\d.]*)/u;

/**
 * Parses a sequence of decimal numbers with units `ns us ms s m h`, with an optional sign; `0` needs no unit.
 * @throws {DurationError}
 */
export function parseDuration(text: string): bigint {
  const invalid = () => new DurationError(`time: invalid duration ${JSON.stringify(text)}`);
  const negative = text.startsWith('-');
  let rest = negative || text.startsWith('+') ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '') throw invalid();
  let total = 0n;
  while (rest !== '') {
    const [part, whole, fraction, unitName] = PART.exec(rest) ?? [];
    if (part === undefined || (whole === '' && (fraction ?? '') === '')) throw invalid();
    if (unitName === '') throw new DurationError(`time: missing unit in duration ${JSON.stringify(text)}`);
    const unit = UNITS.get(unitName);
    if (unit === undefined)
      throw new DurationError(`time: unknown unit ${JSON.stringify(unitName)} in duration ${JSON.stringify(text)}`);
    total += BigInt(whole || '0') * unit;
    if (fraction) total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
    if (total > MAX) throw invalid();
    rest = rest.slice(part.length);
  }
  return negative ? -total : total;
}

/** Milliseconds of a duration, fractional. */
export function durationToMilliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}

/** The shortest form in that notation: `24h0m0s`, `1.5s`, `500ms`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  const magnitude = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const sign = nanoseconds < 0n ? '-' : '';
  for (const [unit, name] of [
    [MICROSECOND, 'ns'],
    [MILLISECOND, 'µs'],
    [SECOND, 'ms'],
  ] as const)
    if (magnitude < unit) return `${sign}${decimal(magnitude, unit / 1000n)}${name}`;
  const minutes = magnitude / MINUTE;
  const seconds = `${decimal(magnitude % MINUTE, SECOND)}s`;
  if (minutes === 0n) return sign + seconds;
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** `value / unit` with as many decimals as needed; `unit` is a power of ten. */
function decimal(value: bigint, unit: bigint): string {
  const digits = unit.toString().length - 1;
  const fraction = (value % unit).toString().padStart(digits, '0').replace(/0+$/u, '');
  return digits === 0 || fraction === '' ? String(value / unit) : `${value / unit}.${fraction}`;
}
