import { TEST_PARAMS } from '../../netsync/testing/fake-dag.ts';
import { ScriptedRemote } from '../../peer/testing-remote.ts';
import type { MessageOf } from '../../wire/index.ts';
import type { VirtualNetwork, VirtualPeer } from './virtual-network.ts';

/** Where a guest comes from and how it introduces itself. */
export interface GuestOptions {
  readonly ip?: string;
  readonly version?: Partial<MessageOf<'version'>>;
}

/** A scripted remote that has shaken hands with a node; what it received until then is forgotten. */
export async function guest(
  network: VirtualNetwork,
  node: VirtualPeer,
  { ip = '198.51.100.7', version }: GuestOptions = {},
): Promise<ScriptedRemote> {
  const remote = new ScriptedRemote(network.connect(ip, node.address), TEST_PARAMS);
  remote.introduce(version);
  await network.world.advance(200);
  remote.received.length = 0;
  return remote;
}

/** Sends messages one after the other and lets the node answer. */
export async function tell(
  network: VirtualNetwork,
  remote: ScriptedRemote,
  ...messages: Parameters<ScriptedRemote['send']>[0][]
): Promise<void> {
  for (const message of messages) remote.send(message);
  await network.world.advance(200);
}
