import { HostPortError, splitHostPort } from '../util/host-port.ts';
import { ipFromString, ipToString, isMappedIpv4 } from '../wire/index.ts';

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

/** True for the loopback addresses. */
export function isThisMachine(host: string): boolean {
  const ip = ipFromString(host);
  if (!ip) return host === 'localhost';
  const ipv4Loopback = isMappedIpv4(ip) && ip[12] === 127;
  return ipv4Loopback || (ip[15] === 1 && ip.subarray(0, 15).every((byte) => byte === 0));
}
