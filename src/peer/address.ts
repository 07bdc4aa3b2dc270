import { HostPortError, splitHostPort } from '../util/host-port.ts';
import { ipFromString, type NetAddress, UNKNOWN_IP } from '../wire/index.ts';

function hostOf(address: string): { readonly host: string; readonly port: string } {
  try {
    return splitHostPort(address);
  } catch (error) {
    if (error instanceof HostPortError) return { host: '', port: '' };
    throw error;
  }
}

/**
 * The address of an endpoint text, `ip:port`. A host that is no IP becomes unknown, a port that is none 0.
 * @param timestamp Unix seconds.
 */
export function netAddressOf(address: string, services: bigint, timestamp: number): NetAddress {
  const { host, port } = hostOf(address);
  const number = /^\d{1,5}$/u.test(port) ? Number(port) : 0;
  return { services, ip: ipFromString(host) ?? UNKNOWN_IP, port: number <= 65535 ? number : 0, timestamp };
}

/** True if the endpoint text names this machine: its host is `127.0.0.1` or `localhost`. */
export function isLoopbackText(address: string): boolean {
  const { host } = hostOf(address);
  return host === '127.0.0.1' || host === 'localhost';
}
