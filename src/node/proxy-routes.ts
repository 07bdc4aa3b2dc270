import { addressKey, parseAddressKey } from '../addrmgr/index.ts';
import type { Dialer, Resolver } from '../connmgr/index.ts';
import { joinHostPort, splitHostPort } from '../util/host-port.ts';
import type { Random } from '../util/ports.ts';
import { ipFromString } from '../wire/index.ts';
import type { PeerConfig } from './config/index.ts';
import { SocksProxy } from './proxy.ts';
import { resolveThroughTor } from './proxy-resolve.ts';
import { TcpDialer, TcpTransport } from './tcp.ts';

/** What decides how others are reached. */
export type RouteConfig = Pick<PeerConfig, 'proxy' | 'onionProxy' | 'onionAllowed'>;

/** How this node reaches others and looks names up. */
export interface Routes {
  readonly dialer: Dialer<TcpTransport>;
  readonly resolver: Resolver;
  /** True if .onion addresses can be reached at all. */
  readonly onionReachable: boolean;
  /** Host of the proxy that connections go through. */
  readonly proxyHost: string | undefined;
}

/**
 * The ways out, as the options say: directly, through `--proxy`, and for .onion addresses through `--onion`.
 *
 * With a proxy the system's resolver is never asked for a name. Names to connect to are handed to the proxy; other lookups
 * go through Tor: that of `--onion`, or else `--proxy`, which `--noonion` declares to be another kind of proxy.
 */
export function routes(config: RouteConfig, random: Random, system: Resolver): Routes {
  const { proxy, onionProxy, onionAllowed } = config;
  const general = proxy && new SocksProxy(proxy, random);
  const onion = onionAllowed ? (onionProxy ? new SocksProxy(onionProxy, random) : general) : undefined;
  const direct = new TcpDialer(system);
  return {
    dialer: {
      async dial(address, signal) {
        const { host, port } = endpointOf(address);
        if (!isOnion(host)) return general ? through(general, host, port, signal) : direct.dial(address, signal);
        if (!onionAllowed) throw new Error('tor has been disabled');
        if (!onion) throw onionLookup(host);
        return through(onion, host, port, signal);
      },
    },
    resolver: {
      resolve: async (host, signal) => {
        if (ipFromString(host)) return [host];
        if (isOnion(host)) throw onionLookup(host);
        if (!general) return system.resolve(host, signal);
        if (!onion) throw new Error(`${host} is not looked up: the proxy cannot, and nobody else shall know`);
        return resolveThroughTor(onion, host, signal);
      },
    },
    onionReachable: onion !== undefined,
    proxyHost: proxy && splitHostPort(proxy.address).host,
  };
}

/** Host and port of an address; that of a Tor service in IPv6 form is its name. */
function endpointOf(address: string): { readonly host: string; readonly port: string } {
  const endpoint = parseAddressKey(address);
  return splitHostPort(endpoint ? addressKey(endpoint) : address);
}

async function through(proxy: SocksProxy, host: string, port: string, signal: AbortSignal): Promise<TcpTransport> {
  const socket = await proxy.connect(host, Number(port), signal);
  return new TcpTransport(socket, joinHostPort(host, port));
}

/** A name below .onion, which only Tor may ever be asked for (RFC 7686); a dot may end it like any name. */
function isOnion(host: string): boolean {
  return /\.onion\.?$/iu.test(host);
}

function onionLookup(host: string): Error {
  return new Error(`attempt to resolve tor address ${host}`);
}
