import type { Dag } from '../../src/dag/index.ts';
import type { Transport } from '../../src/peer/index.ts';
import type { PeerHandler, PeerHandlerOptions, ServerDag } from '../../src/server/index.ts';
import type { Hash } from '../../src/util/hash.ts';
import type { World } from '../../src/util/ports.ts';

/** What a hook may know of the node that it changes. */
export interface HookedNode {
  readonly name: string;
  readonly dag: Dag;
  readonly world: World;
  /** True for a block that this node's own miner made. */
  isOwn(hash: Hash): boolean;
}

/**
 * Places between the rooms of a node where a canary plants a defect. Without hooks the node is the real one.
 */
export interface NodeHooks {
  /** The DAG as the peer handler sees it. */
  dag?(node: HookedNode): ServerDag;
  /** Every connection, from the outside. */
  stream?(stream: Transport, node: HookedNode): Transport;
  /** Deviations of the peer handler's options. */
  readonly peers?: Partial<PeerHandlerOptions>;
  /** Commits that are lost whenever the program ends, although they were promised to be safe. */
  readonly lostCommits?: number;
  /** The order hash that the node believes in. */
  orderHash?(node: HookedNode): Hash;
  /** Called when the peer handler was made. */
  composed?(node: HookedNode, peers: PeerHandler): void;
}
