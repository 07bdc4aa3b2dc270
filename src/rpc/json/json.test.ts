import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compactJson, encodeJson, type JsonResult, prettyJson } from './encode.ts';
import { JsonParseError, MAX_JSON_DEPTH, parseJson } from './parse.ts';
import { isJsonObject, JsonNumber, type JsonValue, jsonMember } from './value.ts';

/** What JSON.parse would give. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return value.value;
  if (isJsonObject(value)) return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

describe('parseJson', () => {
  test('agrees with JSON.parse', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(plain(parseJson(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('agrees with JSON.parse on what is no JSON', () => {
    const fragments = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      'a',
      '1',
      '-',
      '.',
      'e',
      ' ',
      '\\',
      'true',
      'null',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(() => parseJson(text)).toThrow(JsonParseError);
          return;
        }
        expect(plain(parseJson(text))).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps numbers as written, and the order of members', () => {
    expect(compactJson(parseJson(' { "b" : 1.0 , "a" : [ 12345678901234567890 , 1e3 ] } '))).toBe(
      '{"b":1.0,"a":[12345678901234567890,1e3]}',
    );
  });

  test('replaces half surrogate pairs', () => {
    expect(parseJson('"\\ud800x\\ud83d\\ude00"')).toBe('\ufffdx\u{1f600}');
  });

  test('limits nesting, not the stack', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJson(nested(MAX_JSON_DEPTH))).toHaveLength(1);
    expect(() => parseJson(nested(MAX_JSON_DEPTH + 1))).toThrow("invalid character '[' exceeded max depth");
    expect(() => parseJson('{"a":'.repeat(1_000_000))).toThrow(JsonParseError);
  });

  test.each([
    ['', 'unexpected end of JSON input'],
    ['{"id":1,', 'unexpected end of JSON input'],
    ['hello', "invalid character 'h' looking for beginning of value"],
    ["{'id':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1/*c*/}', "invalid character '/' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['1x', "invalid character 'x' after top-level value"],
    ['tRue', "invalid character 'R' in literal true (expecting 'r')"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\q"', "invalid character 'q' in string escape code"],
    ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['01', "invalid character '1' after top-level value"],
  ])('%s', (text, message) => {
    expect(() => parseJson(text)).toThrow(new JsonParseError(message));
  });
});

describe('jsonMember', () => {
  const member = (text: string) => {
    const value = parseJson(text);
    return isJsonObject(value) ? jsonMember(value, 'id') : undefined;
  };

  test('finds names in any case, the last one in the text', () => {
    expect(member('{"ID":"a"}')).toBe('a');
    expect(member('{"id":"a","Id":"b"}')).toBe('b');
    expect(member('{"id":"a","ID":"b","id":"c"}')).toBe('c');
    expect(member('{"x":1}')).toBeUndefined();
  });
});

describe('encodeJson', () => {
  test('equals JSON.stringify but for the characters that scripts and HTML mind', () => {
    const value = fc.letrec<{ value: JsonResult }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'grapheme' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (sample) => {
        const text = encodeJson(sample);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(sample)));
        expect(text).not.toMatch(/[<>&\u2028\u2029]/u);
      }),
    );
  });

  test('prints large integers exactly, leaves out undefined members, escapes', () => {
    expect(encodeJson({ a: 2n ** 63n - 1n, b: undefined, c: '<&>\u2028' })).toBe(
      '{"a":9223372036854775807,"c":"\\u003c\\u0026\\u003e\\u2028"}',
    );
    expect([50, 0.000123457, 0.000001, 1e-9, 1e21].map(encodeJson)).toEqual([
      '50',
      '0.000123457',
      '0.000001',
      '1e-9',
      '1e+21',
    ]);
  });
});

test('prettyJson indents by two spaces and keeps empty containers together', () => {
  expect(prettyJson(parseJson('{"a":[1.0,{}],"b":[],"c":"<"}'))).toBe(
    '{\n  "a": [\n    1.0,\n    {}\n  ],\n  "b": [],\n  "c": "\\u003c"\n}',
  );
});
