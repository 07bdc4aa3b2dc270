/** What the system's errors mean to somebody who wants to listen. */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'the port is in use, perhaps by another soterd; choose another one'],
  ['EACCES', 'permission denied; ports below 1024 need privileges'],
  ['EADDRNOTAVAIL', 'this machine does not have that address'],
]);

/** Why an address could not be listened at, for the operator. */
export function listenErrorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return MEANINGS.get(code) ?? error.message;
}
