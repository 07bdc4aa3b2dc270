/**
 * Number syntax of the reference node's command line tools, which are written in Go: the words for booleans, and
 * integers with base prefixes. See https://pkg.go.dev/strconv.
 */

const TRUE_WORDS = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE_WORDS = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** A boolean word, or undefined if it is none. */
export function parseGoBool(text: string): boolean | undefined {
  if (TRUE_WORDS.has(text)) return true;
  return FALSE_WORDS.has(text) ? false : undefined;
}

const PREFIXED = /^0(?:x_?[0-9a-f]+(?:_[0-9a-f]+)*|b_?[01]+(?:_[01]+)*|o_?[0-7]+(?:_[0-7]+)*)$/iu;
const OCTAL = /^0(?:_?[0-7]+)*$/u;
const DECIMAL = /^[1-9][0-9]*(?:_[0-9]+)*$/u;

/**
 * An integer with an optional base prefix: `0x10`, `0b1`, `0o17`, `017` (octal), `1_000`. A sign is only allowed if
 * `signed`. Undefined if the text has another form.
 */
export function parseFlexibleInteger(text: string, signed: boolean): bigint | undefined {
  const sign = signed ? /^[+-]/u.exec(text)?.[0] : undefined;
  const body = sign ? text.slice(1) : text;
  let magnitude: bigint;
  if (PREFIXED.test(body) || DECIMAL.test(body)) magnitude = BigInt(body.replaceAll('_', '').toLowerCase());
  else if (OCTAL.test(body)) magnitude = BigInt(`0o0${body.replaceAll('_', '')}`);
  else return undefined;
  return sign === '-' ? -magnitude : magnitude;
}
