/** Nanoseconds of the units of a duration. */
const units = new Map<string, bigint>([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** A text that is no duration; the message is the one known nodes print. */
export class DurationError extends Error {
  override name = 'DurationError';
}

/**
 * Parses a duration such as `1h30m` or `1500ms`: signed, decimal numbers with units h, m, s, ms, us, ns. `0` needs none.
 * @returns nanoseconds, fractions of one cut off.
 * @throws {DurationError}
 */
export function parseDuration(text: string): bigint {
  const invalid = () => new DurationError(`time: invalid duration "${text}"`);
  const negative = text.startsWith('-');
  let rest = /^[-+]/u.test(text) ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '') throw invalid();
  let total = 0n;
  while (rest !== '') {
    const number = /^(\d*)(?:\.(\d*))?/u.exec(rest);
    const [matched, whole, fraction = ''] = number ?? ['', ''];
    if (whole === '' && fraction === '') throw invalid();
    rest = rest.slice(matched.length);
    const unit = /^[^.\d]*/u.exec(rest)?.[0] ?? '';
    if (unit === '') throw new DurationError(`time: missing unit in duration "${text}"`);
    const scale = units.get(unit);
    if (scale === undefined) throw new DurationError(`time: unknown unit "${unit}" in duration "${text}"`);
    total += (BigInt(whole + fraction) * scale) / 10n ** BigInt(fraction.length);
    rest = rest.slice(unit.length);
  }
  // Nanoseconds are a signed 64-bit number there.
  if (total >= 2n ** 63n) throw invalid();
  return negative ? -total : total;
}
