/** Double-quoted texts with backslash escapes as in Go source (https://pkg.go.dev/strconv#Unquote). */

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

const ELEMENT = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|([^\\"\n])/uy;

/** The text between the quotes with escapes resolved, or undefined if `text` is not a well-formed quoted text. */
export function unquote(text: string): string | undefined {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return undefined;
  const inner = text.slice(1, -1);
  const bytes: Buffer[] = [];
  ELEMENT.lastIndex = 0;
  while (ELEMENT.lastIndex < inner.length) {
    const found = ELEMENT.exec(inner);
    if (!found) return undefined;
    const [, simple, hex, octal, short, long, plain] = found;
    if (plain !== undefined) bytes.push(Buffer.from(plain, 'utf8'));
    else if (simple !== undefined) bytes.push(Buffer.from(SIMPLE[simple], 'utf8'));
    else {
      const byte = hex !== undefined ? Number.parseInt(hex, 16) : octal !== undefined ? Number.parseInt(octal, 8) : -1;
      const point = Number.parseInt(short ?? long ?? '0', 16);
      if (byte > 255 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
      bytes.push(byte >= 0 ? Buffer.of(byte) : Buffer.from(String.fromCodePoint(point), 'utf8'));
    }
  }
  return Buffer.concat(bytes).toString('utf8');
}
