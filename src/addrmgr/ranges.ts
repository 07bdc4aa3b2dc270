import { ipFromString, isMappedIpv4 } from '../wire/index.ts';

/** Tests whether a 16-byte IP (IPv4 as `::ffff:a.b.c.d`) lies in some range. */
export type RangeTest = (ip: Uint8Array) => boolean;

/** True if the first `bits` bits are equal. */
function samePrefix(ip: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (ip[i] !== prefix[i]) return false;
  const rest = bits & 7;
  return rest === 0 || ((ip[whole]! ^ prefix[whole]!) & (0xff << (8 - rest)) & 0xff) === 0;
}

/** The test for CIDR ranges, `a.b.c.d/n` or `x::/n`. IPv6 ranges never hold IPv4 addresses. */
function within(...ranges: string[]): RangeTest {
  const parsed = ranges.map((range) => {
    const [text, bits] = range.split('/') as [string, string];
    const prefix = ipFromString(text)!;
    const v4 = isMappedIpv4(prefix);
    return { prefix, v4, bits: Number(bits) + (v4 ? 96 : 0) };
  });
  return (ip) => {
    const v4 = isMappedIpv4(ip);
    return parsed.some((range) => range.v4 === v4 && samePrefix(ip, range.prefix, range.bits));
  };
}

/** Private IPv4 networks. */
export const isRfc1918 = within('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16');
/** Benchmarking of network devices. */
export const isRfc2544 = within('198.18.0.0/15');
/** IPv6 documentation. */
export const isRfc3849 = within('2001:db8::/32');
/** IPv4 link-local. */
export const isRfc3927 = within('169.254.0.0/16');
/** 6to4. */
export const isRfc3964 = within('2002::/16');
/** Unique local IPv6. */
export const isRfc4193 = within('fc00::/7');
/** Teredo. */
export const isRfc4380 = within('2001::/32');
/** ORCHID. */
export const isRfc4843 = within('2001:10::/28');
/** IPv6 link-local, autoconfigured. */
export const isRfc4862 = within('fe80::/64');
/** IPv4 documentation. */
export const isRfc5737 = within('192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24');
/** IPv4 embedded in IPv6, well-known prefix. */
export const isRfc6052 = within('64:ff9b::/96');
/** IPv4 translated to IPv6. */
export const isRfc6145 = within('::ffff:0:0:0/96');
/** Carrier-grade NAT. */
export const isRfc6598 = within('100.64.0.0/10');
/** Tor hidden services of the old kind, in the form OnionCat gave them. */
export const isOnion = within('fd87:d87e:eb43::/48');
/** Hurricane Electric, which hands out tunnels: grouped more finely. */
export const isHurricaneElectric = within('2001:470::/32');

const isLoopback = within('127.0.0.0/8', '::1/128');
const isZeroNet = within('0.0.0.0/8');
const isBroadcast = within('255.255.255.255/32');
const isUnspecified = within('0.0.0.0/32', '::/128');

/** IPv4, in the mapped form that addresses have on the wire. */
export const isIpv4: RangeTest = isMappedIpv4;

/** This machine: loopback, or the zero network. */
export function isLocal(ip: Uint8Array): boolean {
  return isLoopback(ip) || isZeroNet(ip);
}

/** Neither unspecified nor the IPv4 broadcast address. */
export function isValid(ip: Uint8Array): boolean {
  return ip.length === 16 && !isUnspecified(ip) && !isBroadcast(ip);
}

const unroutable = [isRfc1918, isRfc2544, isRfc3927, isRfc4862, isRfc3849, isRfc4843, isRfc5737, isRfc6598, isLocal];

/** True for addresses that can be reached over the public internet (or Tor). Multicast counts as such. */
export function isRoutable(ip: Uint8Array): boolean {
  return isValid(ip) && !unroutable.some((test) => test(ip)) && (!isRfc4193(ip) || isOnion(ip));
}
