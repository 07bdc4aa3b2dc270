/**
 * JSON as it stands in a request: numbers keep their text, so that `1.0`, `1e3` and integers beyond 2^53 can be told
 * apart, and objects keep every member in the order of the text.
 */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

/** A number as written. `Number(text)` is its double. */
export class JsonNumber {
  /** The literal, e.g. `-1.5e+3`. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The double nearest to the literal. */
  get value(): number {
    return Number(this.text);
  }
}

/** Members of an object in order; of members of the same name the last one counts and stands last. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** Name of a value's JSON type as error messages spell it. */
export type JsonKind = 'null' | 'bool' | 'string' | 'number' | 'array' | 'object';

/** True for an object. */
export function isJsonObject(value: JsonValue): value is JsonObject {
  return value instanceof Map;
}

/** True for an array. */
export function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The JSON type of a value. */
export function jsonKind(value: JsonValue): JsonKind {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (value instanceof JsonNumber) return 'number';
  return isJsonArray(value) ? 'array' : 'object';
}

/**
 * A member found by name without regard to case, as the reference node reads the members of its structures; the last
 * match in the text wins. Undefined if there is none.
 */
export function jsonMember(object: JsonObject, name: string): JsonValue | undefined {
  let found: JsonValue | undefined;
  for (const [key, value] of object) if (key === name || key.toLowerCase() === name) found = value;
  return found;
}
