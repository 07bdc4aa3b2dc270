const MICROSECOND = 1000n;
const MILLISECOND = 1000n * MICROSECOND;
const SECOND = 1000n * MILLISECOND;
const MINUTE = 60n * SECOND;

/** Milliseconds of a duration, fractional. */
export function durationToMilliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}

/** The shortest form in Go's notation (https://pkg.go.dev/time#Duration.String): `24h0m0s`, `1.5s`, `500ms`, `0s`. */
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
