import { parseFlexibleInteger, parseGoBool } from '../../util/go-numbers.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import { parseJson } from '../json/parse.ts';
import { isJsonArray, isJsonObject, JsonNumber, type JsonValue, jsonKind, jsonMember } from '../json/value.ts';
import type { JsonSchema } from '../schema/json-schema.ts';

/** Which parameter is being converted: for error messages. */
export interface ParamPlace {
  /** Position, first is 1. */
  readonly index: number;
  /** Name in lower case. */
  readonly name: string;
}

/**
 * A parameter type: how a JSON value, or the text of a command-line argument, becomes a value of `T`. Types have the
 * names that the reference node's error messages use, since clients match on them.
 */
export interface ParamType<T> {
  /** Name in error messages, e.g. `int64` or `[]string`. */
  readonly typeName: string;
  /** What an explicit null means for a required parameter or a member. */
  readonly zero: T;
  /** How a value of this type is written in a usage line, e.g. `"hash"` for a string. */
  usage(name: string): string;
  /** How the default of an optional parameter is written in a usage line. */
  showDefault(value: T): string;
  /** Kind of value for help texts, e.g. `numeric`. */
  readonly kind: string;
  /** What values look like, for programs. */
  readonly schema: JsonSchema;
  /**
   * Converts a value that is not null.
   * @throws {RpcError} -32602 if the type does not fit.
   */
  decode(value: JsonValue, place: ParamPlace): T;
  /**
   * Converts the text of a command-line argument into the JSON value to be sent.
   * @throws {ArgumentError} if the text does not fit.
   */
  fromArgument(text: string, place: ParamPlace): JsonValue;
}

/** A command-line argument does not fit its parameter. */
export class ArgumentError extends Error {
  override name = 'ArgumentError';
}

function typeError(place: ParamPlace, typeName: string, got: string): RpcError {
  return new RpcError(
    RpcErrorCode.invalidParams,
    `parameter #${place.index} '${place.name}' must be type ${typeName} (got ${got})`,
  );
}

function mustParse(place: ParamPlace, typeName: string): ArgumentError {
  return new ArgumentError(`parameter #${place.index} '${place.name}' must parse to a ${typeName}`);
}

/** A string type; some parameters have a named one, which shows in messages only. */
export function stringType(typeName = 'string'): ParamType<string> {
  return {
    typeName,
    zero: '',
    kind: 'string',
    schema: { type: 'string' },
    usage: (name) => `"${name}"`,
    showDefault: (value) => `"${value}"`,
    decode: (value, place) => {
      if (typeof value !== 'string') throw typeError(place, typeName, jsonKind(value));
      return value;
    },
    fromArgument: (text) => text,
  };
}

/** true or false. */
export const bool: ParamType<boolean> = {
  typeName: 'bool',
  zero: false,
  kind: 'boolean',
  schema: { type: 'boolean' },
  usage: (name) => name,
  showDefault: String,
  decode: (value, place) => {
    if (typeof value !== 'boolean') throw typeError(place, 'bool', jsonKind(value));
    return value;
  },
  fromArgument: (text, place) => {
    const value = parseGoBool(text);
    if (value === undefined) throw mustParse(place, 'bool');
    return value;
  },
};

function integerType(typeName: string, baseName: string, min: bigint, max: bigint): ParamType<number> {
  const digits = min < 0n ? /^-?\d+$/u : /^\d+$/u;
  return {
    typeName,
    zero: 0,
    kind: 'numeric',
    schema: { type: 'integer', minimum: Number(min), maximum: Number(max) },
    usage: (name) => name,
    showDefault: String,
    decode: (value, place) => {
      if (!(value instanceof JsonNumber)) throw typeError(place, typeName, jsonKind(value));
      if (!digits.test(value.text)) throw typeError(place, typeName, `number ${value.text}`);
      const integer = BigInt(value.text);
      if (integer < min || integer > max) throw typeError(place, typeName, `number ${value.text}`);
      return Number(integer);
    },
    fromArgument: (text, place) => {
      const integer = parseFlexibleInteger(text, min < 0n);
      if (integer === undefined) throw mustParse(place, baseName);
      if (integer < min || integer > max)
        throw new ArgumentError(`parameter #${place.index} '${place.name}' overflows destination type ${baseName}`);
      return new JsonNumber(integer.toString());
    },
  };
}

/** Signed 64 bits; beyond 2^53 the value is rounded, which no method minds. */
export const int64 = integerType('int64', 'int64', -(2n ** 63n), 2n ** 63n - 1n);
/** The reference's machine integer, 64 bits. */
export const int = integerType('int', 'int', -(2n ** 63n), 2n ** 63n - 1n);
/** Signed 32 bits. */
export const int32 = integerType('int32', 'int32', -(2n ** 31n), 2n ** 31n - 1n);
/** Unsigned 32 bits. */
export const uint32 = integerType('uint32', 'uint32', 0n, 2n ** 32n - 1n);
/** Unsigned 64 bits; rounded beyond 2^53. */
export const uint = integerType('uint', 'uint', 0n, 2n ** 64n - 1n);
/** Number of a committed filter type, 8 bits. */
export const filterType = integerType('wire.FilterType', 'uint8', 0n, 255n);
/** Text. */
export const string = stringType();

/** A double. */
export const float64: ParamType<number> = {
  typeName: 'float64',
  zero: 0,
  kind: 'numeric',
  schema: { type: 'number' },
  usage: (name) => name,
  showDefault: String,
  decode: (value, place) => {
    if (!(value instanceof JsonNumber)) throw typeError(place, 'float64', jsonKind(value));
    if (!Number.isFinite(value.value)) throw typeError(place, 'float64', `number ${value.text}`);
    return value.value;
  },
  fromArgument: (text, place) => {
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(number)) throw mustParse(place, 'float64');
    return new JsonNumber(String(number));
  },
};

/** Reads a composite argument as JSON text. */
function jsonArgument<T>(type: Pick<ParamType<T>, 'typeName' | 'decode'>): ParamType<T>['fromArgument'] {
  return (text, place) => {
    try {
      const value = parseJson(text);
      if (value !== null) type.decode(value, place);
      return value;
    } catch {
      throw new ArgumentError(
        `parameter #${place.index} '${place.name}' must be valid JSON which unsmarshals to a ${type.typeName}`,
      );
    }
  };
}

/** Decodes a member or item, for which null and absence mean the zero value. */
function decodeInner<T>(type: ParamType<T>, value: JsonValue | undefined, place: ParamPlace): T {
  return value === undefined || value === null ? type.zero : type.decode(value, place);
}

/** English singular of a parameter name, for usage lines: inputs, addresses, keys. */
function singular(name: string): string {
  if (name.endsWith('ies')) return `${name.slice(0, -3)}y`;
  if (name.endsWith('es')) return name.slice(0, -2);
  return name.endsWith('s') ? name.slice(0, -1) : name;
}

/** A list; null is the empty one. */
export function listOf<T>(item: ParamType<T>): ParamType<readonly T[]> {
  const typeName = `[]${item.typeName}`;
  const decode = (value: JsonValue, place: ParamPlace): readonly T[] => {
    if (!isJsonArray(value)) throw typeError(place, typeName, jsonKind(value));
    return value.map((element) => decodeInner(item, element, place));
  };
  return {
    typeName,
    zero: [],
    kind: `array of ${item.kind}`,
    schema: { type: 'array', items: item.schema },
    usage: (name) => `[${item.usage(singular(name))},...]`,
    showDefault: () => '[]',
    decode,
    fromArgument: jsonArgument({ typeName, decode }),
  };
}

/** An object whose member names are data, in the order of the request. `usage` is its form in usage lines. */
export function mapOf<T>(item: ParamType<T>, usage: string): ParamType<ReadonlyMap<string, T>> {
  const typeName = `map[string]${item.typeName}`;
  const decode = (value: JsonValue, place: ParamPlace): ReadonlyMap<string, T> => {
    if (!isJsonObject(value)) throw typeError(place, typeName, jsonKind(value));
    return new Map([...value].map(([key, element]) => [key, decodeInner(item, element, place)]));
  };
  return {
    typeName,
    zero: new Map(),
    kind: 'object',
    schema: { type: 'object', additionalProperties: item.schema },
    usage: () => usage,
    showDefault: () => '{}',
    decode,
    fromArgument: jsonArgument({ typeName, decode }),
  };
}

/** The value of an object type with these members. */
type ObjectOf<Members> = { readonly [Name in keyof Members]: Members[Name] extends ParamType<infer T> ? T : never };

/** An object with known members, found without regard to case; others are ignored, missing ones have their zero value. */
export function objectType<const Members extends { readonly [name: string]: ParamType<unknown> }>(
  typeName: string,
  members: Members,
): ParamType<ObjectOf<Members>> {
  const names: readonly string[] = Object.keys(members);
  const build = (read: (name: string) => unknown) =>
    Object.fromEntries(names.map((name) => [name, read(name)])) as ObjectOf<Members>;
  const decode = (value: JsonValue, place: ParamPlace): ObjectOf<Members> => {
    if (!isJsonObject(value)) throw typeError(place, typeName, jsonKind(value));
    return build((name) => decodeInner(members[name]!, jsonMember(value, name), place));
  };
  return {
    typeName,
    zero: build((name) => members[name]!.zero),
    kind: 'object',
    schema: {
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, members[name]!.schema])),
    },
    usage: () => `{${names.map((name) => `"${name}":${memberUsage(name, members[name]!)}`).join(',')}}`,
    showDefault: () => '{}',
    decode,
    fromArgument: jsonArgument({ typeName, decode }),
  };
}

/** Members are shown as `"value"` when textual and by name or `n` when numeric. */
function memberUsage(name: string, type: ParamType<unknown>): string {
  if (type.kind === 'string') return '"value"';
  return type.kind === 'numeric' ? 'n' : type.usage(name);
}
