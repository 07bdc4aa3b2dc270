import { errorCode } from './config/index.ts';

/** What the system's errors mean to somebody who wants to listen. */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'the port is in use, perhaps by another soterd; choose another one'],
  ['EACCES', 'permission denied; ports below 1024 need privileges'],
  ['EADDRNOTAVAIL', 'this machine does not have that address'],
]);

/** Why an address could not be listened at, for the operator. */
export function listenErrorText(error: unknown): string {
  const code = errorCode(error);
  return (code && MEANINGS.get(code)) ?? (error instanceof Error ? error.message : String(error));
}
