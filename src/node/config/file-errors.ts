/** Texts of the system's errors as the reference node prints them. */
const TEXTS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or directory'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'operation not permitted'],
  ['EISDIR', 'is a directory'],
  ['ENOTDIR', 'not a directory'],
  ['EEXIST', 'file exists'],
  ['EROFS', 'read-only file system'],
  ['ENOSPC', 'no space left on device'],
]);

/** An error of the file system in one line: `open PATH: no such file or directory`. */
export function fileErrorText(action: string, path: string, error: unknown): string {
  const code = errorCode(error);
  const reason = (code && TEXTS.get(code)) ?? (error instanceof Error ? error.message : String(error));
  return `${action} ${path}: ${reason}`;
}

/** The system's code of an error, e.g. `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
