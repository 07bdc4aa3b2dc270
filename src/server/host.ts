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

/** Leading bytes of an IPv6 address that name a network which one customer has. */
const SITE_BYTES = 8;

/**
 * What counts as one host: an IPv4 address, or an IPv6 network of 64 bits (in CIDR notation), within which addresses cost
 * nothing. In Teredo's 2001::/32 such a network is a server that strangers share.
 * @param host in canonical text.
 */
export function siteOf(host: string): string {
  const ip = host.includes(':') ? ipFromString(host) : undefined;
  if (!ip || isMappedIpv4(ip) || isThisMachine(host) || isTeredo(ip)) return host;
  return `${ipToString(ip.map((byte, i) => (i < SITE_BYTES ? byte : 0)))}/${8 * SITE_BYTES}`;
}

function isTeredo(ip: Uint8Array): boolean {
  return ip[0] === 0x20 && ip[1] === 1 && ip[2] === 0 && ip[3] === 0;
}

/** True for the loopback addresses. */
export function isThisMachine(host: string): boolean {
  const ip = ipFromString(host);
  if (!ip) return host === 'localhost';
  const ipv4Loopback = isMappedIpv4(ip) && ip[12] === 127;
  return ipv4Loopback || (ip[15] === 1 && ip.subarray(0, 15).every((byte) => byte === 0));
}
