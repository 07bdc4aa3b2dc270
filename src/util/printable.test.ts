import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test.each([
  ['/soterwire:0.6.0/soterd:2.1.1(ü 好)/', '/soterwire:0.6.0/soterd:2.1.1(ü 好)/'],
  ['/x/\n2027-01-01 [CRT] SOTERD: all is lost', '/x/?2027-01-01 [CRT] SOTERD: all is lost'],
  ['\x1b[2J\r\x00\x7f\x85', '?[2J????'],
  ['\u202eabc\u2028\u2029\ufeff\ud800', '?abc????'],
  ['', ''],
])('%j prints as %j', (text, printed) => {
  expect(printable(text)).toBe(printed);
});
