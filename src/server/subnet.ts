import { ipFromString, ipToString, isMappedIpv4 } from '../wire/index.ts';

/** Bits in front of an IPv4 address in its 16-byte form. */
const MAPPED_BITS = 96;

/** A range of IP addresses. */
export interface Subnet {
  /** Canonical form: `192.0.2.1` for a single address, `10.0.0.0/8` for a network. */
  readonly text: string;
  /** True for a single address. */
  readonly single: boolean;
  /** True if the 16-byte address lies in the range. */
  contains(ip: Uint8Array): boolean;
}

/** Reads an address (`192.0.2.1`, `::1`) or a network (`10.0.0.0/8`, `2001:db8::/32`); undefined if it is neither. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/u.exec(text);
  const network = match && ipFromString(match[1]!);
  if (!network) return undefined;
  const skipped = isMappedIpv4(network) ? MAPPED_BITS : 0;
  const bits = match[2] === undefined ? 128 : Number(match[2]) + skipped;
  if (bits > 128) return undefined;
  const single = bits === 128;
  const first = ipToString(network.map((byte, i) => byte & prefixMask(bits - 8 * i)));
  return {
    text: single ? first : `${first}/${bits - skipped}`,
    single,
    contains: (ip) => samePrefix(ip, network, bits),
  };
}

/** The leading bits of a byte, as many as there are from 0 to 8. */
function prefixMask(bits: number): number {
  return (0xff << (8 - Math.min(8, Math.max(0, bits)))) & 0xff;
}

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (a[whole]! ^ b[whole]!) >> (8 - rest) === 0;
}
