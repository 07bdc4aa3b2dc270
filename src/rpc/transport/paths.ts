/**
 * The clean form of a request path: no empty, `.` or `..` elements; a final slash stays. Any path names the same
 * endpoint, but one that is not clean is redirected first, as Go's HTTP server does.
 */
export function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const element of path.split('/')) {
    if (element === '..') kept.pop();
    else if (element !== '' && element !== '.') kept.push(element);
  }
  const clean = `/${kept.join('/')}`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

/** Splits a request target into path and query; the query keeps its question mark. */
export function splitTarget(target: string): { path: string; query: string } {
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  return { path: path.startsWith('/') ? path : '/', query: question < 0 ? '' : target.slice(question) };
}
