import { listenErrorText } from '../util/listen-error.ts';
import type { Logger } from '../util/log.ts';
import { StartError } from './start-error.ts';
import { TcpListener } from './tcp.ts';

/**
 * Listens for peers at every address that can be had.
 * @throws {StartError} if there are addresses and none can.
 */
export async function listenForPeers(addresses: readonly string[], logger: Logger): Promise<TcpListener[]> {
  const listeners: TcpListener[] = [];
  for (const address of addresses) {
    const listener = await listenAt(address);
    if (typeof listener === 'string') {
      logger.warn(`Can't listen on ${address}: ${listener}`);
      continue;
    }
    listeners.push(listener);
    logger.info(`Server listening on ${listener.address}`);
  }
  if (addresses.length > 0 && listeners.length === 0) {
    throw new StartError('no valid listen address: is another soterd running? Choose another port with --listen');
  }
  return listeners;
}

/**
 * Finds out whether RPC and metrics will be able to listen, by listening there for a moment: the database, which they need, may take
 * long to open.
 * @throws {StartError} as their start would fail: without any address for RPC, or without one of those for metrics.
 */
export async function tryServers(
  { rpc, metrics }: { readonly rpc: readonly string[]; readonly metrics: readonly string[] },
  logger: Logger,
): Promise<void> {
  const held: TcpListener[] = [];
  const failures = async (addresses: readonly string[]) => {
    const found: { readonly address: string; readonly reason: string }[] = [];
    for (const address of addresses) {
      const listener = await listenAt(address);
      if (typeof listener === 'string') found.push({ address, reason: listener });
      else held.push(listener);
    }
    return found;
  };
  try {
    const ofRpc = await failures(rpc);
    if (rpc.length > 0 && ofRpc.length === rpc.length) {
      for (const { address, reason } of ofRpc) logger.warn(`Can't listen on ${address}: ${reason}`);
      throw new StartError('RPCS: No valid listen address');
    }
    const [first] = await failures(metrics);
    if (first) throw new StartError(`--metricslisten=${first.address}: ${first.reason}`);
  } finally {
    await Promise.all(held.map((listener) => listener.close()));
  }
}

/** A listener, or why there is none. */
async function listenAt(address: string): Promise<TcpListener | string> {
  try {
    return await TcpListener.listen(address);
  } catch (error) {
    return listenErrorText(error);
  }
}
