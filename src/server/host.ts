import { HostPortError, splitHostPort } from '../util/host-port.ts';
import { ipFromString, ipToString } from '../wire/index.ts';

/** The host of `host:port`, or the whole text if it has no such form. */
export function hostPart(address: string): string {
  try {
    return splitHostPort(address).host;
  } catch (error) {
    if (error instanceof HostPortError) return address;
    throw error;
  }
}

/** One text for all spellings of an IP: `::ffff:1.2.3.4` and `1.2.3.4` are the same host. Names in lower case. */
export function canonicalHost(host: string): string {
  const ip = ipFromString(host);
  return ip ? ipToString(ip) : host.toLowerCase();
}
