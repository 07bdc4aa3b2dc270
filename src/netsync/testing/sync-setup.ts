import { hashToHex } from '../../util/hash.ts';
import { silentLogger } from '../../util/log.ts';
import { VirtualWorld } from '../../util/testing/virtual-world.ts';
import type { SyncManagerOptions, TransactionPool } from '../ports.ts';
import { SyncManager } from '../sync-manager.ts';
import { FakeDag } from './fake-dag.ts';
import { Remote, type RemoteOptions } from './remote.ts';

/** What a test may choose. */
export interface SyncSetup extends Partial<SyncManagerOptions> {
  /** Default: one with the genesis only. */
  readonly dag?: FakeDag;
  /** Default: none. */
  readonly pool?: TransactionPool;
}

/** A sync manager at work in a virtual world, with everything that it tells others. */
export function setup({ dag = new FakeDag(), pool, ...options }: SyncSetup = {}) {
  const world = new VirtualWorld();
  /** Time stands still while code runs; what work is to be taken to last is added here. */
  const work = { milliseconds: 0 };
  const announced: { readonly hash: string; readonly height: number }[] = [];
  const heights: string[] = [];
  const failures: unknown[] = [];
  const { clock, timers, random } = world;
  const manager = new SyncManager(
    { generation: 2, regtest: false, confirmationWindow: 100, ...options },
    {
      dag,
      ...(pool && { pool }),
      world: { timers, random, clock: { now: clock.now, monotonic: () => clock.monotonic() + work.milliseconds } },
      logger: silentLogger,
      announcer: {
        announceBlock: (hash, height) => announced.push({ hash: hashToHex(hash), height }),
        announceTransactions: () => undefined,
        peerHeight: (_hash, height, origin) => heights.push(`${height} of ${origin}`),
      },
      failed: (error) => failures.push(error),
    },
  );
  manager.start();
  const remote = (source: FakeDag, remoteOptions?: RemoteOptions) => new Remote(manager, world, source, remoteOptions);
  return { world, work, dag, manager, announced, heights, failures, remote };
}

/** A DAG of so many blocks, one upon the other. */
export function chain(length: number, salt = '', dag = new FakeDag()): FakeDag {
  for (let i = 0; i < length; i++) dag.mine(`${salt}${i}`);
  return dag;
}

/** Tips in an order that can be compared. */
export function tipsOf(dag: FakeDag): string[] {
  return dag.tips.map(({ hash }) => hashToHex(hash)).sort();
}
