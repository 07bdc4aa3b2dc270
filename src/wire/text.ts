import { asBuffer } from '../util/bytes.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** A byte that is no UTF-8 becomes one of these lone surrogates, which valid UTF-8 can never decode to. */
const ESCAPE_BASE = 0xdc00;
const ESCAPED = /[\udc80-\udcff]/u;

/**
 * Text of a protocol string. Peers may send any bytes; those that are not UTF-8 become lone surrogates U+DC80..U+DCFF,
 * so that {@link encodeText} gives back exactly the same bytes and readable text stays readable.
 */
export function decodeText(bytes: Uint8Array): string {
  const whole = tryDecode(bytes);
  if (whole !== undefined) return whole;
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at];
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const character = at + length <= bytes.length ? tryDecode(bytes.subarray(at, at + length)) : undefined;
    text += character ?? String.fromCharCode(ESCAPE_BASE + lead);
    at += character === undefined ? 1 : length;
  }
  return text;
}

/** Bytes of a protocol string: UTF-8, with escaped bytes of {@link decodeText} restored. */
export function encodeText(text: string): Uint8Array {
  if (!ESCAPED.test(text)) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    Array.from(text, (character) =>
      ESCAPED.test(character) ? Buffer.of(character.charCodeAt(0) - ESCAPE_BASE) : Buffer.from(character, 'utf8'),
    ),
  );
}

function tryDecode(bytes: Uint8Array): string | undefined {
  if (isAscii(bytes)) return asBuffer(bytes).toString('latin1');
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] >= 0x80) return false;
  return true;
}
