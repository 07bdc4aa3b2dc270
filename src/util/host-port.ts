/**
 * `host:port` texts as the reference node reads them: the rules and error texts are those of Go's net package
 * (https://pkg.go.dev/net#SplitHostPort), which users see in messages about their configuration.
 */

/** The text is no `host:port`. */
export class HostPortError extends Error {
  override name = 'HostPortError';

  constructor(address: string, reason: string) {
    super(`address ${address}: ${reason}`);
  }
}

/**
 * Splits `host:port`; an IPv6 host stands in brackets. Neither part is checked further and both may be empty.
 * @throws {HostPortError}
 */
export function splitHostPort(address: string): { host: string; port: string } {
  const fail = (reason: string) => new HostPortError(address, reason);
  const colon = address.lastIndexOf(':');
  if (colon < 0) throw fail('missing port in address');
  let host: string;
  let openFrom = 0;
  let closeFrom = 0;
  if (address.startsWith('[')) {
    const end = address.indexOf(']');
    if (end < 0) throw fail("missing ']' in address");
    if (end + 1 === address.length) throw fail('missing port in address');
    if (end + 1 !== colon)
      throw fail(address[end + 1] === ':' ? 'too many colons in address' : 'missing port in address');
    host = address.slice(1, end);
    openFrom = 1;
    closeFrom = end + 1;
  } else {
    host = address.slice(0, colon);
    if (host.includes(':')) throw fail('too many colons in address');
  }
  if (address.indexOf('[', openFrom) >= 0) throw fail("unexpected '[' in address");
  if (address.indexOf(']', closeFrom) >= 0) throw fail("unexpected ']' in address");
  return { host, port: address.slice(colon + 1) };
}

/** Joins host and port; a host with a colon is put in brackets. */
export function joinHostPort(host: string, port: string | number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv6 host in brackets, without a port. */
const BRACKETED = /^\[[^[\]]+\]$/u;

/** The address with `port` appended if it has none. */
export function withDefaultPort(address: string, port: string | number): string {
  try {
    splitHostPort(address);
    return address;
  } catch (error) {
    if (!(error instanceof HostPortError)) throw error;
    return BRACKETED.test(address) ? `${address}:${port}` : joinHostPort(address, port);
  }
}
