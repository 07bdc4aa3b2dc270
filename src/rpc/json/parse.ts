import { JsonNumber, type JsonValue } from './value.ts';

/** Arrays and objects may be nested this deep; one level more is a parse error. */
export const MAX_JSON_DEPTH = 10_000;

/** The text is not JSON. The message says what was found where something else was expected. */
export class JsonParseError extends Error {
  override name = 'JsonParseError';
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** In a Unicode pattern a surrogate only matches where it is not half of a pair. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** A container that is still open: an array, or an object with the name of the member being read. */
type Open = { readonly array: JsonValue[] } | { readonly members: Map<string, JsonValue>; name: string };

/**
 * Parses one JSON text (RFC 8259). Strings with lone surrogates get U+FFFD in their place. Works without recursion, so
 * nesting is limited by {@link MAX_JSON_DEPTH} and not by the stack; cost is linear in the length of the text.
 * @throws {JsonParseError} if the text is anything else than one value with white space around it.
 */
export function parseJson(text: string): JsonValue {
  return new Parser(text).run();
}

class Parser {
  readonly #text: string;
  readonly #open: Open[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): JsonValue {
    for (;;) {
      const value = this.#valueOrOpening();
      if (value === undefined) continue;
      const whole = this.#attach(value);
      if (whole !== undefined) {
        if (this.#peek() >= 0) throw this.#unexpected('after top-level value');
        return whole;
      }
    }
  }

  /** Reads a scalar or an empty container, or opens a container and returns undefined. */
  #valueOrOpening(): JsonValue | undefined {
    const code = this.#require();
    if (code === OPEN_BRACKET) {
      this.#at++;
      this.#checkDepth();
      if (this.#require() === CLOSE_BRACKET) {
        this.#at++;
        return [];
      }
      this.#open.push({ array: [] });
      return undefined;
    }
    if (code === OPEN_BRACE) {
      this.#at++;
      this.#checkDepth();
      if (this.#require() === CLOSE_BRACE) {
        this.#at++;
        return new Map();
      }
      this.#open.push({ members: new Map(), name: this.#memberName() });
      return undefined;
    }
    if (code === QUOTE) return this.#string();
    if (code === MINUS || (code >= DIGIT_0 && code <= DIGIT_9)) return this.#number();
    if (code === 0x74) return this.#literal('true', true);
    if (code === 0x66) return this.#literal('false', false);
    if (code === 0x6e) return this.#literal('null', null);
    throw this.#unexpected('looking for beginning of value');
  }

  /** Puts a finished value into the innermost container, closing as many as end here. The outermost value is returned. */
  #attach(finished: JsonValue): JsonValue | undefined {
    let value = finished;
    for (;;) {
      const container = this.#open.at(-1);
      if (container === undefined) return value;
      const code = this.#require();
      if ('array' in container) {
        container.array.push(value);
        if (code === COMMA) {
          this.#at++;
          return undefined;
        }
        if (code !== CLOSE_BRACKET) throw this.#unexpected('after array element');
        value = container.array;
      } else {
        container.members.delete(container.name);
        container.members.set(container.name, value);
        if (code === COMMA) {
          this.#at++;
          this.#require();
          container.name = this.#memberName();
          return undefined;
        }
        if (code !== CLOSE_BRACE) throw this.#unexpected('after object key:value pair');
        value = container.members;
      }
      this.#at++;
      this.#open.pop();
    }
  }

  #memberName(): string {
    if (this.#require() !== QUOTE) throw this.#unexpected('looking for beginning of object key string');
    const name = this.#string();
    if (this.#require() !== COLON) throw this.#unexpected('after object key');
    this.#at++;
    return name;
  }

  #string(): string {
    const text = this.#text;
    const start = ++this.#at;
    let plainFrom = start;
    let decoded = '';
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (Number.isNaN(code)) throw this.#ended();
      if (code === QUOTE) {
        decoded += text.slice(plainFrom, this.#at++);
        return plainFrom === start ? decoded : decoded.replace(LONE_SURROGATE, '\uFFFD');
      }
      if (code < SPACE) throw this.#unexpected('in string literal');
      if (code === BACKSLASH) {
        decoded += text.slice(plainFrom, this.#at++) + this.#escape();
        plainFrom = this.#at;
      } else {
        this.#at++;
      }
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at];
    if (letter === undefined) throw this.#ended();
    const simple = SIMPLE_ESCAPES[letter];
    if (simple !== undefined) {
      this.#at++;
      return simple;
    }
    if (letter !== 'u') throw this.#unexpected('in string escape code');
    this.#at++;
    const start = this.#at;
    for (; this.#at < start + 4; this.#at++) {
      const digit = this.#text[this.#at];
      if (digit === undefined) throw this.#ended();
      if (!/[0-9a-fA-F]/u.test(digit)) throw this.#unexpected('in \\u hexadecimal character escape');
    }
    return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16));
  }

  #number(): JsonNumber {
    const start = this.#at;
    if (this.#text.charCodeAt(this.#at) === MINUS) this.#at++;
    if (this.#text.charCodeAt(this.#at) === DIGIT_0) this.#at++;
    else this.#digits('in numeric literal');
    if (this.#text.charCodeAt(this.#at) === DOT) {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    const exponent = this.#text[this.#at];
    if (exponent === 'e' || exponent === 'E') {
      this.#at++;
      const sign = this.#text[this.#at];
      if (sign === '+' || sign === '-') this.#at++;
      this.#digits('in exponent of numeric literal');
    }
    return new JsonNumber(this.#text.slice(start, this.#at));
  }

  /** One or more digits. */
  #digits(where: string): void {
    const start = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (!(code >= DIGIT_0 && code <= DIGIT_9)) break;
      this.#at++;
    }
    if (this.#at > start) return;
    throw this.#at < this.#text.length ? this.#unexpected(where) : this.#ended();
  }

  #literal<Value extends boolean | null>(word: string, value: Value): Value {
    for (let i = 1; i < word.length; i++) {
      this.#at++;
      const letter = this.#text[this.#at];
      if (letter === undefined) throw this.#ended();
      if (letter !== word[i]) throw this.#unexpected(`in literal ${word} (expecting '${word[i]}')`);
    }
    this.#at++;
    return value;
  }

  #checkDepth(): void {
    if (this.#open.length < MAX_JSON_DEPTH) return;
    this.#at--;
    throw new JsonParseError(`invalid character '${this.#text[this.#at]}' exceeded max depth`);
  }

  /** Skips white space; code of the next character, or -1 at the end. */
  #peek(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === SPACE || code === NEWLINE || code === RETURN || code === TAB) this.#at++;
      else return Number.isNaN(code) ? -1 : code;
    }
  }

  #require(): number {
    const code = this.#peek();
    if (code < 0) throw this.#ended();
    return code;
  }

  #ended(): JsonParseError {
    return new JsonParseError('unexpected end of JSON input');
  }

  #unexpected(where: string): JsonParseError {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    return new JsonParseError(`invalid character ${quoteCharacter(character)} ${where}`);
  }
}

function quoteCharacter(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return `'"'`;
  const quoted = JSON.stringify(character);
  return `'${quoted.slice(1, -1)}'`;
}
