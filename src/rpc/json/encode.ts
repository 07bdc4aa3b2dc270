import { JsonNumber, type JsonValue } from './value.ts';

/**
 * What a method may return. Members with the value undefined are left out; a bigint is printed exactly, a number in
 * ECMAScript's shortest round-trip form.
 */
export type JsonResult =
  | null
  | boolean
  | string
  | number
  | bigint
  | readonly JsonResult[]
  | { readonly [name: string]: JsonResult | undefined };

/** Nothing needs an escape: by far the most strings. */
const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/u;
const ESCAPED = /[<>&\u2028\u2029]/gu;

/** A string as JSON text; `<`, `>`, `&`, U+2028 and U+2029 are escaped so that the text may stand in HTML and JavaScript. */
function encodeString(value: string): string {
  if (PLAIN.test(value)) return `"${value}"`;
  return JSON.stringify(value).replace(ESCAPED, escapeUnicode);
}

function escapeUnicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** JSON text without spaces, members in their order. */
export function encodeJson(value: JsonResult): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return encodeString(value);
  if (typeof value === 'object') {
    if (isArray(value)) {
      let text = '[';
      for (let i = 0; i < value.length; i++) text += (i === 0 ? '' : ',') + encodeJson(value[i]!);
      return `${text}]`;
    }
    let text = '{';
    for (const name in value) {
      const member = value[name];
      if (member === undefined) continue;
      text += `${text.length === 1 ? '' : ','}${encodeString(name)}:${encodeJson(member)}`;
    }
    return `${text}}`;
  }
  return String(value);
}

/** `Array.isArray` that also narrows read-only arrays. */
function isArray(value: object): value is readonly JsonResult[] {
  return Array.isArray(value);
}

/** A parsed value for people: members and items on lines of their own, indented by two spaces, numbers as written. */
export function prettyJson(value: JsonValue, indent = ''): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return encodeString(value);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof JsonNumber) return value.text;
  const inner = `${indent}  `;
  if (value instanceof Map) {
    const members = [...value].map(([name, member]) => `${inner}${encodeString(name)}: ${prettyJson(member, inner)}`);
    return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`;
  }
  const items = [...(value as readonly JsonValue[])].map((item) => inner + prettyJson(item, inner));
  return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${indent}]`;
}

/** A parsed value as text without spaces, numbers as written. */
export function compactJson(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return encodeString(value);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof JsonNumber) return value.text;
  if (value instanceof Map)
    return `{${[...value].map(([name, member]) => `${encodeString(name)}:${compactJson(member)}`).join(',')}}`;
  return `[${[...(value as readonly JsonValue[])].map(compactJson).join(',')}]`;
}
