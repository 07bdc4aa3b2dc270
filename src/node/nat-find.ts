import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { FindGateway, Gateway } from './nat.ts';
import { pmpGateway } from './nat-pmp.ts';
import { findUpnpGateway } from './nat-upnp.ts';

/** Looks for the router in the local network: by UPnP, and at the default route by NAT-PMP. UPnP is preferred. */
export const findLocalGateway: FindGateway = async (signal) => {
  const [upnp, pmp] = await Promise.all([findUpnpGateway(signal), findPmpGateway(signal)]);
  return upnp ?? pmp;
};

/** The default route's router, if it speaks NAT-PMP. */
async function findPmpGateway(signal: AbortSignal): Promise<Gateway | undefined> {
  const address = await defaultRouter();
  if (address === undefined) return undefined;
  const gateway = pmpGateway(address);
  return gateway.externalAddress(signal).then(
    () => gateway,
    () => undefined,
  );
}

/** IPv4 address of the router of the default route. Linux tells; elsewhere there is UPnP. */
async function defaultRouter(): Promise<string | undefined> {
  return readFile('/proc/net/route', 'latin1').then(routerIn, () => undefined);
}

/** The default router in a routing table as Linux prints it: addresses are hexadecimal, in the machine's byte order. */
export function routerIn(table: string): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [, destination, router = '', flags = ''] = line.split('\t');
    const usable = (Number.parseInt(flags, 16) & 3) === 3;
    if (destination !== '00000000' || !usable || !/^[0-9A-F]{8}$/iu.test(router)) continue;
    return [...Buffer.from(router, 'hex').reverse()].join('.');
  }
  return undefined;
}

/** IP addresses of this machine's interfaces, except the loopback. */
export function interfaceAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ internal }) => !internal).map(({ address }) => address);
}
