import { expect, test } from 'vitest';
import { unquote } from './go-quote.ts';

test.each([
  ['"a b"', 'a b'],
  ['"a\\tb"', 'a\tb'],
  ['"\\x41\\102\\u0043\\U00000044"', 'ABCD'],
  ['"\\xc3\\xa9"', 'é'],
  ['"\\""', '"'],
  ['""', ''],
])('%s', (text, value) => {
  expect(unquote(text)).toBe(value);
});

test.each(['"', '"a', 'a"', '"a"b"', '"\\q"', '"\\\'"', '"\\x4"', '"\\400"', '"a\nb"', '"\\ud800"', "'a'"])(
  '%s is not well-formed',
  (text) => {
    expect(unquote(text)).toBeUndefined();
  },
);
