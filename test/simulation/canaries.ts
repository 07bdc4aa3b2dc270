import { AssertError, type BlockInfo, type Dag, RuleError } from '../../src/dag/index.ts';
import { BlockFetcher } from '../../src/netsync/block-fetcher.ts';
import { PeerState } from '../../src/netsync/peer-state.ts';
import { SyncManager } from '../../src/netsync/sync-manager.ts';
import { Synchronizer } from '../../src/netsync/synchronizer.ts';
import { Walker } from '../../src/netsync/walker.ts';
import type { ServerDag } from '../../src/server/index.ts';
import { concatBytes } from '../../src/util/bytes.ts';
import { Emitter } from '../../src/util/emitter.ts';
import { type Hash, hashKey, sha256d, ZERO_HASH } from '../../src/util/hash.ts';
import { Block } from '../../src/wire/index.ts';
import type { FaultKind } from './faults.ts';
import type { HostileKind } from './hostile/catalogue.ts';
import { FilteredTransport } from './network/filtered-transport.ts';
import type { HookedNode, NodeHooks } from './node-hooks.ts';

/** A known defect that can be planted in all nodes of a simulation, to see whether it is noticed. */
export interface Canary {
  readonly name: string;
  /** What is wrong with the nodes. */
  readonly defect: string;
  /** Circumstances without which nobody could notice. */
  readonly needs?: { readonly hostile?: HostileKind; readonly fault?: FaultKind };
  /** Changes at the ports of the rooms. */
  readonly hooks?: NodeHooks;
  /** Changes inside a room. @returns what takes them back. */
  install?(): () => void;
}

/** Replaces a method of a class until the returned function is called. */
function replaceMethod<T extends object, K extends keyof T>(prototype: T, name: K, method: T[K]): () => void {
  const original = prototype[name];
  prototype[name] = method;
  return () => {
    prototype[name] = original;
  };
}

function all(...undo: (() => void)[]): () => void {
  return () => {
    for (const each of undo) each();
  };
}

/** A DAG some of whose answers are replaced. */
function changedDag({ dag }: HookedNode, changes: Partial<ServerDag>): ServerDag {
  return {
    events: dag.events,
    processBlock: (block) => dag.processBlock(block),
    batch: (work) => dag.batch(work),
    haveBlock: (hash) => dag.haveBlock(hash),
    isOrphan: (hash) => dag.isOrphan(hash),
    snapshot: () => dag.snapshot(),
    isCurrent: () => dag.isCurrent(),
    utxo: (outpoint) => dag.utxo(outpoint),
    getBlock: (hash) => dag.getBlock(hash),
    getHeader: (hash) => dag.getHeader(hash),
    blockHeight: (hash) => dag.blockHeight(hash),
    blocksAtHeight: (height) => dag.blocksAtHeight(height),
    locate: (locatorHeights, stopHash, max) => dag.locate(locatorHeights, stopHash, max),
    addTimeSample: (source, seconds) => dag.addTimeSample(source, seconds),
    ...changes,
  };
}

/** The events of a DAG without some of the acceptances. */
function withoutAcceptances(dag: Dag, dropped: (hash: Hash) => boolean): ServerDag['events'] {
  const events = new Emitter<{ accepted: BlockInfo; connected: BlockInfo }>();
  dag.events.on('connected', (info) => events.emit('connected', info));
  dag.events.on('accepted', (info) => {
    if (!dropped(info.hash)) events.emit('accepted', info);
  });
  return events;
}

/** A timeout that comes too late to be of use, but ends before the simulation looks for timers left behind. */
const TOO_LATE = 55 * 60_000;

/** Payload of the inventory that invites to ask for more, behind its count and type. */
const INVITATION = { length: 65, hashOffset: 29 } as const;

function isInvitation(bytes: Uint8Array): boolean {
  const { length, hashOffset } = INVITATION;
  return bytes.length === length && Buffer.compare(bytes.subarray(hashOffset, hashOffset + 32), ZERO_HASH) === 0;
}

function withFalseParents(block: Block): Block {
  const { header, parentsVersion, parents, transactions } = block;
  return new Block({ header, parentsVersion, parents: [...parents, ...parents], transactions });
}

/** Remembers the hash of every block whose copy had false parents, and so shuts the true block out. */
function shutsOut(node: HookedNode): ServerDag {
  const { dag } = node;
  const shut = new Set<string>();
  return changedDag(node, {
    haveBlock: (hash) => shut.has(hashKey(hash)) || dag.haveBlock(hash),
    processBlock: (block) => {
      const key = hashKey(block.hash);
      if (shut.has(key)) throw new RuleError('ErrDuplicateBlock', 'already have block');
      try {
        return dag.processBlock(block);
      } catch (error) {
        if (error instanceof AssertError) shut.add(key);
        throw error;
      }
    },
  });
}

/** Takes a block that came twice for a forgery. */
function blamesForDuplicates(node: HookedNode): ServerDag {
  return changedDag(node, {
    processBlock: (block) => {
      try {
        return node.dag.processBlock(block);
      } catch (error) {
        if (!(error instanceof RuleError) || error.code !== 'ErrDuplicateBlock') throw error;
        throw new RuleError('ErrBadMerkleRoot', 'block merkle root is invalid');
      }
    },
  });
}

/** Rolling hashes over the blocks of a DAG in the order of their arrival. */
const arrivals = new WeakMap<Dag, Hash>();

/** All canaries. */
export const CANARIES: readonly Canary[] = [
  {
    name: 'silent-miner',
    defect: 'own blocks are not announced',
    hooks: { dag: (node) => changedDag(node, { events: withoutAcceptances(node.dag, (hash) => node.isOwn(hash)) }) },
  },
  {
    name: 'no-relay',
    defect: 'blocks of others are not passed on',
    hooks: { dag: (node) => changedDag(node, { events: withoutAcceptances(node.dag, (hash) => !node.isOwn(hash)) }) },
  },
  {
    name: 'no-continuation',
    defect: 'nobody is told that there is more than one list can hold',
    hooks: { stream: (stream) => new FilteredTransport(stream, isInvitation) },
  },
  {
    name: 'short-list',
    defect: 'the first block of every list is left out',
    hooks: {
      dag: (node) => changedDag(node, { locate: (from, stop, max) => node.dag.locate(from, stop, max).slice(1) }),
    },
  },
  {
    name: 'forgets-old-blocks',
    defect: 'blocks more than 50 heights below the top are not served',
    hooks: {
      dag: (node) =>
        changedDag(node, {
          getBlock: (hash) => {
            const height = node.dag.blockHeight(hash) ?? 0;
            return height < node.dag.snapshot().maxHeight - 50 ? undefined : node.dag.getBlock(hash);
          },
        }),
    },
  },
  {
    name: 'serves-false-parents',
    defect: 'blocks are served with parents that are not theirs',
    hooks: {
      dag: (node) =>
        changedDag(node, {
          getBlock: (hash) => {
            const block = node.dag.getBlock(hash);
            return block && withFalseParents(block);
          },
        }),
    },
  },
  {
    name: 'false-copy-shuts-out',
    defect: 'a copy of a block with false parents makes its hash known',
    needs: { hostile: 'malleating' },
    hooks: { dag: shutsOut },
  },
  {
    name: 'bans-for-duplicates',
    defect: 'a block that comes twice counts as a forgery',
    hooks: { dag: blamesForDuplicates },
  },
  {
    name: 'order-of-arrival',
    defect: 'the order is that in which blocks arrived',
    hooks: {
      composed: ({ dag }) => {
        arrivals.set(dag, ZERO_HASH);
        dag.events.on('accepted', ({ hash }) =>
          arrivals.set(dag, sha256d(concatBytes(arrivals.get(dag) ?? ZERO_HASH, hash))),
        );
      },
      orderHash: ({ dag }) => arrivals.get(dag) ?? ZERO_HASH,
    },
  },
  {
    name: 'loses-commits',
    defect: 'a restart loses the latest commits',
    hooks: { lostCommits: 3 },
  },
  {
    name: 'endless-queue',
    defect: 'output for a slow reader grows without end',
    needs: { hostile: 'greedy' },
    hooks: {
      peers: { peerLimits: { outputPause: 1e12, outputLimit: 1e12, outputTimeout: TOO_LATE, idleTimeout: TOO_LATE } },
    },
  },
  {
    name: 'never-gives-up',
    defect: 'connections that died silently are never given up',
    needs: { fault: 'silence' },
    hooks: { peers: { peerLimits: { idleTimeout: TOO_LATE } } },
  },
  {
    name: 'asks-only-once',
    defect: 'what one peer does not deliver is not asked of another',
    needs: { hostile: 'withholding' },
    install: () =>
      all(
        replaceMethod(BlockFetcher.prototype, 'retryExpired', () => new Set<never>()),
        replaceMethod(BlockFetcher.prototype, 'notFound', () => false),
        replaceMethod(BlockFetcher.prototype, 'release', () => undefined),
      ),
  },
  {
    name: 'believes-heights',
    defect: 'claims of heights never come to nothing',
    needs: { hostile: 'lyingHeight' },
    install: () =>
      all(
        replaceMethod(PeerState.prototype, 'distrust', () => undefined),
        replaceMethod(PeerState.prototype, 'claimAge', () => 0),
      ),
  },
  {
    name: 'hears-only-the-sync-peer',
    defect: 'while it synchronises a node ignores everybody but the sync peer, which it never replaces',
    needs: { hostile: 'lyingHeight' },
    install: () => {
      const { inventory } = SyncManager.prototype;
      return all(
        replaceMethod(Synchronizer.prototype, 'tick', () => undefined),
        replaceMethod(Synchronizer.prototype, 'answeredNothing', () => undefined),
        replaceMethod(SyncManager.prototype, 'inventory', function (this: SyncManager, peer, vectors) {
          const { syncPeerId } = this;
          if (syncPeerId !== 0 && syncPeerId !== peer.id) return undefined;
          return inventory.call(this, peer, vectors);
        }),
      );
    },
  },
  {
    name: 'no-reconciliation',
    defect: 'forks of equal height are not compared after a connection is made',
    install: () => replaceMethod(Walker.prototype, 'reconcile', () => false),
  },
  {
    name: 'listener-throws',
    defect: 'a listener of the DAG throws now and then',
    hooks: {
      composed: ({ dag }) => {
        dag.events.on('accepted', ({ hash }) => {
          if (hash[0]! % 32 === 7) throw new Error('planted');
        });
      },
    },
  },
  {
    name: 'forgotten-rejection',
    defect: 'a promise that nobody looks at rejects now and then',
    hooks: {
      composed: ({ dag }) => {
        dag.events.on('accepted', ({ hash }) => {
          if (hash[0]! % 32 === 7) void Promise.reject(new Error('planted'));
        });
      },
    },
  },
  {
    name: 'timer-outlives-stop',
    defect: 'a timer goes on after the node has stopped',
    hooks: { composed: ({ world }) => void world.timers.every(1000, () => undefined) },
  },
];
