import { Logs } from '../../src/node/logging/index.ts';
import { systemClock, systemTimers } from '../../src/node/system.ts';
import { type RpcPorts, RpcServer, type RpcServerOptions } from '../../src/rpc/index.ts';
import { idlePorts } from '../../src/rpc/testing/idle-ports.ts';
import { splitHostPort } from '../../src/util/host-port.ts';
import { silentLogger } from '../../src/util/log.ts';

/** Credentials of the recorded nodes. */
export const ADMIN = 'user:pass';
export const LIMITED = 'lim:limpass';

/** A running RPC server on a local port. */
export interface RpcNode {
  readonly port: number;
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts an RPC server with the flags of the recorded nodes; ports and options can be replaced. */
export async function startRpcNode(
  ports: Partial<RpcPorts> = {},
  options: Partial<RpcServerOptions> = {},
): Promise<RpcNode> {
  const nowhere = { write: () => true };
  const logs = new Logs({ clock: systemClock, output: nowhere, early: nowhere });
  const server = new RpcServer(
    {
      listen: ['127.0.0.1:0'],
      admin: { user: 'user', password: 'pass' },
      limited: { user: 'lim', password: 'limpass' },
      maxClients: 10,
      quirks: false,
      ...options,
    },
    { ports: idlePorts({ clock: systemClock, logs, ...ports }), logger: silentLogger, timers: systemTimers },
  );
  const [address] = await server.start();
  return { address, port: Number(splitHostPort(address).port), stop: () => server.stop() };
}
