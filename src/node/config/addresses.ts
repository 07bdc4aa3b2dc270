import { isIP } from 'node:net';
import { HostPortError, splitHostPort, withDefaultPort } from '../../util/host-port.ts';
import { ConfigError } from './config-error.ts';

// Addresses in options. What can not be listened at or connected to for its form alone is found here, before anything is opened.

const MAX_PORT = 65_535;
/** Longest host name of DNS (RFC 1035), less the dot at its end. */
const MAX_HOST_NAME = 253;
/** Labels of letters, digits, hyphens and underscores. */
const HOST_NAME = /^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.?$/u;
/** What ends in a number is meant as an IPv4 address. */
const NUMERIC_END = /(?:^|\.)\d+\.?$/u;

/** Says what is wrong with an address. */
type Complaint = (address: string, reason: string) => string;

function complaintOf(option: string): Complaint {
  return (address, reason) => `the --${option} address '${address}' is invalid: ${reason}`;
}

/**
 * Addresses to listen at, each once: IPs, `localhost`, or nothing for all of this machine, and a port, of which 0 is any free one.
 * @param option name, for the message.
 * @param defaultPort for those without a port; undefined: each must have one.
 * @throws {ConfigError}
 */
export function readListenAddresses(
  option: string,
  addresses: readonly string[],
  defaultPort: number | undefined,
): readonly string[] {
  const complaint = complaintOf(option);
  return eachOnce(addresses, (given) => {
    const address = defaultPort === undefined ? given : withDefaultPort(given, defaultPort);
    const { host, port } = split(address, given, complaint);
    if (host !== '' && host !== 'localhost' && isIP(host) === 0)
      throw new ConfigError(complaint(given, `'${host}' is not a valid IP address`));
    checkPort(port, 0, given, complaint);
    return address;
  });
}

/**
 * Addresses of others, or under which others reach us: IPs or names, and a port.
 * @throws {ConfigError}
 */
export function readHostAddresses(
  option: string,
  addresses: readonly string[],
  defaultPort: number,
): readonly string[] {
  return eachOnce(addresses, (given) => {
    const address = withDefaultPort(given, defaultPort);
    checkHostPort(address, given, complaintOf(option));
    return address;
  });
}

/**
 * An address of a proxy: IP or name, and port.
 * @param what how the reference node's message begins.
 * @throws {ConfigError}
 */
export function checkProxyAddress(what: string, address: string): void {
  if (address !== '') checkHostPort(address, address, (_, reason) => `${what} '${address}' is invalid: ${reason}`);
}

/**
 * Host of an address that RPC listens at.
 * @throws {ConfigError} in the reference node's words.
 */
export function rpcHostOf(address: string): string {
  return split(address, address, (_, reason) => `RPC listen interface '${address}' is invalid: ${reason}`).host;
}

function checkHostPort(address: string, given: string, complaint: Complaint): void {
  const { host, port } = split(address, given, complaint);
  if (isIP(host) === 0 && !(HOST_NAME.test(host) && host.length <= MAX_HOST_NAME && !NUMERIC_END.test(host)))
    throw new ConfigError(complaint(given, `'${host}' is neither an IP address nor a host name`));
  checkPort(port, 1, given, complaint);
}

function checkPort(port: string, least: number, given: string, complaint: Complaint): void {
  if (!/^\d{1,5}$/u.test(port) || Number(port) < least || Number(port) > MAX_PORT)
    throw new ConfigError(complaint(given, `the port must be ${least} to ${MAX_PORT}`));
}

function split(address: string, given: string, complaint: Complaint): { readonly host: string; readonly port: string } {
  try {
    return splitHostPort(address);
  } catch (error) {
    if (error instanceof HostPortError) throw new ConfigError(complaint(given, error.message));
    throw error;
  }
}

function eachOnce(addresses: readonly string[], read: (address: string) => string): readonly string[] {
  return [...new Set(addresses.map(read))];
}
