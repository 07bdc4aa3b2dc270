import { parseDuration } from '../../params/index.ts';
import { parseGoBool } from '../../util/go-numbers.ts';
import type { OptionKind, OptionValues } from './option.ts';

/** A text that does not fit its option. The message is the reference node's. */
export class ValueError extends Error {
  override name = 'ValueError';
}

function syntaxError(parser: string, text: string): ValueError {
  return new ValueError(`strconv.${parser}: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function integer(parser: string, text: string, min: bigint, max: bigint): number {
  const form = min < 0n ? /^[+-]?\d+$/u : /^\d+$/u;
  if (!form.test(text)) throw syntaxError(parser, text);
  const value = BigInt(text.replace('+', ''));
  if (value < min || value > max)
    throw new ValueError(`strconv.${parser}: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(value);
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu;
const SPECIAL: readonly (readonly [RegExp, number])[] = [
  [/^\+?inf(?:inity)?$/iu, Number.POSITIVE_INFINITY],
  [/^-inf(?:inity)?$/iu, Number.NEGATIVE_INFINITY],
  [/^nan$/iu, Number.NaN],
];

function float(text: string): number {
  for (const [form, value] of SPECIAL) if (form.test(text)) return value;
  if (!DECIMAL.test(text)) throw syntaxError('ParseFloat', text);
  const value = Number(text);
  if (!Number.isFinite(value))
    throw new ValueError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: value out of range`);
  return value;
}

function bool(text: string): boolean {
  const value = parseGoBool(text);
  if (value === undefined) throw syntaxError('ParseBool', text);
  return value;
}

/** Readers of option texts by kind; lists are read item by item, as strings. They throw {@link ValueError}. */
const readers: { readonly [Kind in Exclude<OptionKind, 'list'>]: (text: string) => OptionValues[Kind] } = {
  bool,
  string: (text) => text,
  int: (text) => integer('ParseInt', text, -(2n ** 63n), 2n ** 63n - 1n),
  uint: (text) => integer('ParseUint', text, 0n, 2n ** 64n - 1n),
  uint32: (text) => integer('ParseUint', text, 0n, 2n ** 32n - 1n),
  float64: float,
  duration: (text) => parseDuration(text),
};

/**
 * Reads the text of one value.
 * @throws {ValueError | DurationError} with the text for the user.
 */
export function readValue(kind: OptionKind, text: string): boolean | string | number | bigint {
  return kind === 'list' ? text : readers[kind](text);
}
