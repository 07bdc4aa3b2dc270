import { silentLogger } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { ConnectionManager } from './connection-manager.ts';
import { FakeDialer, type FakeStream } from './testing.ts';
import type { ConnectionManagerDeps, ConnectionManagerOptions, ConnectionRequest } from './types.ts';

/** A manager in a virtual world, whose dials are decided by the test. */
export function testManager(
  options: ConnectionManagerOptions = {},
  deps: Partial<ConnectionManagerDeps<FakeStream>> = {},
) {
  const world = new VirtualWorld();
  const dialer = new FakeDialer();
  const connected: ConnectionRequest[] = [];
  const manager = new ConnectionManager<FakeStream>(options, {
    world,
    logger: silentLogger,
    dialer,
    connected: (request) => connected.push(request),
    ...deps,
  });
  const states = () => manager.requests().map(({ kind, address, state, retries }) => [kind, address, state, retries]);
  return { world, dialer, manager, connected, states };
}

/** A source of addresses that counts up: 10.0.0.1:1, 10.0.0.2:1, … */
export function source(): () => string {
  let n = 0;
  return () => `10.0.0.${++n}:1`;
}
