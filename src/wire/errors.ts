/**
 * How decoding or encoding failed.
 * - `message`: a typed error with the form `<function>: <text>`; on regtest loopback connections it is survivable.
 * - `eof`: the data ended exactly before a field.
 * - `unexpectedEof`: the data ended inside a field.
 * - `other`: an untyped text.
 *
 * The distinction is visible to peers: a payload that ends with `eof` closes the connection without a reject message.
 */
export type WireErrorKind = 'message' | 'eof' | 'unexpectedEof' | 'other';

/**
 * Bytes that do not follow the protocol, or a value that the protocol cannot carry. `message` is the full text as peers
 * see it inside a reject; `func` is its part before the colon (empty for other kinds than `message`).
 */
export class WireError extends Error {
  override name = 'WireError';
  readonly kind: WireErrorKind;
  readonly func: string;

  constructor(kind: WireErrorKind, text: string, func = '') {
    super(kind === 'message' ? `${func}: ${text}` : text);
    this.kind = kind;
    this.func = func;
  }
}

/** A typed message error, printed as `<func>: <text>`. */
export function messageError(func: string, text: string): WireError {
  return new WireError('message', text, func);
}

/**
 * The error for data that ends too early.
 * @param available bytes that were left when the field began: none is `eof`, some is `unexpectedEof`.
 */
export function endOfData(available: number): WireError {
  return available === 0 ? new WireError('eof', 'EOF') : new WireError('unexpectedEof', 'unexpected EOF');
}
