import { type NetworkName, networkParams, userAgent } from '../params/index.ts';
import { silentLogger } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import type { Generation } from '../wire/index.ts';
import { SentNonces } from './nonces.ts';
import { Peer, type PeerDeps, type PeerHandlers } from './peer.ts';
import { type LinkOptions, type MemoryTransport, transportPair } from './testing.ts';
import { ScriptedRemote } from './testing-remote.ts';
import type { PeerOptions } from './types.ts';

/** What a test may choose about {@link harness}. */
export interface HarnessOptions {
  readonly network?: NetworkName;
  readonly generation?: Generation;
  readonly handlers?: PeerHandlers;
  readonly options?: Partial<PeerOptions>;
  readonly deps?: Partial<PeerDeps>;
  readonly link?: LinkOptions;
  readonly seed?: number;
}

/** A peer whose remote is in the hands of the test. */
export interface Harness {
  readonly world: VirtualWorld;
  readonly peer: Peer;
  readonly remote: ScriptedRemote;
  /** The peer's end, and the remote's. */
  readonly local: MemoryTransport;
  readonly far: MemoryTransport;
  /** Reasons given to the `closed` handler. */
  readonly ends: string[];
  /** Introduces the remote and lets the handshake finish. */
  shake(): Promise<void>;
}

/** A started peer (inbound unless said otherwise) and its scripted remote, in a world of their own. */
export function harness(choices: HarnessOptions = {}): Harness {
  const { network = 'simnet', generation = 2, handlers = {}, seed = 1 } = choices;
  const world = new VirtualWorld({ seed });
  const params = networkParams(network, generation);
  const [far, local] = transportPair(world, choices.link);
  const ends: string[] = [];
  let ids = 0;
  const peer = new Peer(
    { params, inbound: true, services: 0x0dn, userAgent: userAgent(generation), ...choices.options },
    {
      transport: local,
      world,
      logger: silentLogger,
      nonces: new SentNonces(),
      nextId: () => ++ids,
      newestHeight: () => 7,
      handlers: {
        ...handlers,
        closed: (closing, reason) => {
          ends.push(reason);
          handlers.closed?.(closing, reason);
        },
      },
      ...choices.deps,
    },
  );
  const remote = new ScriptedRemote(far, params);
  peer.start();
  const shake = async () => {
    remote.introduce();
    await world.advance((choices.link?.latency ?? 0) * 4 + 1);
  };
  return { world, peer, remote, local, far, ends, shake };
}
