import { base32 } from '@scure/base';
import { hostPort, ipFromString, ipToString, type NetAddress } from '../wire/index.ts';
import {
  isHurricaneElectric,
  isIpv4,
  isLocal,
  isOnion,
  isRfc3964,
  isRfc4380,
  isRfc6052,
  isRfc6145,
  isRoutable,
} from './ranges.ts';

const ONION_PREFIX = [0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43];
/** Characters of an old onion host: 16 of base32 and `.onion`. */
const ONION_LENGTH = 22;

/** An IP and port, without what is known about them. */
export type Endpoint = Pick<NetAddress, 'ip' | 'port'>;

/** Host text of an IP: canonical, onion addresses as `….onion`. */
export function hostOf(ip: Uint8Array): string {
  if (!isOnion(ip)) return ipToString(ip);
  return `${base32.encode(Uint8Array.from(ip.subarray(6, 16))).toLowerCase()}.onion`;
}

/** The text by which an address is known: `ip:port`, `[ipv6]:port` or `….onion:port`. */
export function addressKey({ ip, port }: Endpoint): string {
  return isOnion(ip) ? `${hostOf(ip)}:${port}` : hostPort(ip, port);
}

/** The 16 bytes of a literal IP or old onion host; undefined for anything else, names in particular. */
export function ipOfHost(host: string): Uint8Array | undefined {
  if (host.length !== ONION_LENGTH || !host.endsWith('.onion')) return ipFromString(host);
  const text = host.slice(0, -'.onion'.length).toUpperCase();
  if (!/^[A-Z2-7]{16}$/u.test(text)) return undefined;
  return Uint8Array.from([...ONION_PREFIX, ...base32.decode(text)]);
}

/** Reads the text form of an address; undefined if it has none such. Host names are not looked up. */
export function parseAddressKey(key: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/u.exec(key);
  if (!match) return undefined;
  const ip = ipOfHost(match[1] ?? match[2]!);
  const port = Number(match[3]);
  return ip && port <= 65535 ? { ip, port } : undefined;
}

/** The /16 network of four bytes of IPv4, as text. */
function network16(a: number, b: number): string {
  return `${a}.${b}.0.0`;
}

/**
 * The group of an address: addresses of one group are likely to be in one hand, so connections and buckets are spread
 * over groups. IPv4 by /16 (also inside IPv6 tunnels), IPv6 by /32, Tor by four bits.
 */
export function groupKey(ip: Uint8Array): string {
  if (isLocal(ip)) return 'local';
  if (!isRoutable(ip)) return 'unroutable';
  if (isIpv4(ip) || isRfc6145(ip) || isRfc6052(ip)) return network16(ip[12]!, ip[13]!);
  if (isRfc3964(ip)) return network16(ip[2]!, ip[3]!);
  // Teredo stores the client's IPv4 address inverted.
  if (isRfc4380(ip)) return network16(ip[12]! ^ 0xff, ip[13]! ^ 0xff);
  if (isOnion(ip)) return `tor:${ip[6]! & 0x0f}`;
  const network = new Uint8Array(16);
  network.set(ip.subarray(0, 4));
  if (isHurricaneElectric(ip)) network[4] = ip[4]! & 0xf0;
  return ipToString(network);
}
