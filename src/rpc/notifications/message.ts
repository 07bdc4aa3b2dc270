/**
 * The text of a notification. Parameters are JSON texts, so that a long one that many clients get is encoded once.
 */
export function notification(method: string, ...params: readonly string[]): string {
  return `{"jsonrpc":"1.0","method":"${method}","params":[${params.join(',')}],"id":null}`;
}

/** JSON text of a string without characters that need an escape: hexadecimal, for instance. */
export function plainText(text: string): string {
  return `"${text}"`;
}
