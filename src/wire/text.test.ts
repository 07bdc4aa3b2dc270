import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeText, encodeText } from './text.ts';

test('valid UTF-8 reads as itself, a byte order mark included', () => {
  for (const text of ['', 'soterd', 'Größe 中文', '\ufeffx', '🙂'])
    expect(decodeText(Buffer.from(text, 'utf8'))).toBe(text);
});

test('any bytes survive the way to text and back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect([...encodeText(decodeText(bytes))]).toEqual([...bytes]);
    }),
  );
});

test('a bad byte does not hide the text around it', () => {
  expect(decodeText(Uint8Array.from([0x61, 0xff, 0x62]))).toBe('a\udcffb');
});
