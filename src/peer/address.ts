import { ipFromString, type NetAddress, UNKNOWN_IP } from '../wire/index.ts';

/** Splits `host:port` or `[ipv6]:port`; undefined if the text has no such form. */
export function splitHostPort(address: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/u.exec(address);
  if (!match) return undefined;
  const port = Number(match[3]);
  if (port > 65535) return undefined;
  return { host: match[1] ?? match[2]!, port };
}

/**
 * The address of an endpoint text. A host that is no IP becomes unknown.
 * @param timestamp Unix seconds.
 */
export function netAddressOf(address: string, services: bigint, timestamp: number): NetAddress {
  const split = splitHostPort(address);
  return { services, ip: (split && ipFromString(split.host)) ?? UNKNOWN_IP, port: split?.port ?? 0, timestamp };
}

/** True if the endpoint text names this machine: its host is `127.0.0.1` or `localhost`. */
export function isLoopbackText(address: string): boolean {
  const host = splitHostPort(address)?.host;
  return host === '127.0.0.1' || host === 'localhost';
}
