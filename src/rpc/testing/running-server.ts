import { systemTimers } from '../../node/system.ts';
import { splitHostPort } from '../../util/host-port.ts';
import { silentLogger } from '../../util/log.ts';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import type { RpcPorts } from '../ports.ts';
import { RpcServer, type RpcServerDeps, type RpcServerOptions } from '../server.ts';
import { idlePorts } from './idle-ports.ts';

/** A server that listens on a free local port. */
export interface RunningServer {
  readonly server: RpcServer;
  readonly port: number;
  /** `ip:port` */
  readonly address: string;
}

/**
 * Starts a server with an admin `user:pass` and a limited user `lim:limpass`; the caller stops it.
 * @param ports those of an idle node that are replaced.
 */
export async function startServer(
  options: Partial<RpcServerOptions> = {},
  ports: Partial<RpcPorts> = {},
  methods?: RpcServerDeps['methods'],
): Promise<RunningServer> {
  const server = new RpcServer(
    {
      listen: ['127.0.0.1:0'],
      admin: { user: 'user', password: 'pass' },
      limited: { user: 'lim', password: 'limpass' },
      maxClients: 10,
      maxWebSockets: 25,
      maxConcurrentRequests: 20,
      quirks: false,
      ...options,
    },
    { ports: idlePorts(ports), logger: silentLogger, timers: systemTimers, random: new SeededRandom(1), methods },
  );
  const [address] = await server.start();
  return { server, port: Number(splitHostPort(address).port), address };
}
