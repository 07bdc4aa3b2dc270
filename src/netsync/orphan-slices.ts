import type { Block } from '../wire/index.ts';
import type { BlockQueue, JobOptions } from './block-queue.ts';
import type { ProcessResult, SyncDag } from './ports.ts';

/** Orphans that one block resolves are processed for so long at once, milliseconds of work. */
const SLICE_MS = 10;

/** Who pays for a block. */
export type Payer = Pick<JobOptions, 'lane' | 'charge'>;

/** What the slices work with. */
export interface OrphanSlicesDeps {
  readonly dag: Pick<SyncDag, 'processBlock' | 'hasReadyOrphans' | 'releaseOrphans'>;
  readonly queue: Pick<BlockQueue, 'push'>;
  /** Steady time in milliseconds. */
  readonly now: () => number;
  /** Orphans could not be processed, and no peer is to blame. */
  readonly failed: (error: unknown) => void;
}

/**
 * Hands blocks to the DAG. Orphans that one of them resolves, hundreds of them if somebody wants it, are processed in slices, as
 * jobs of their own in the lane of the peer that brought the block: between them the event loop turns and others have their turn.
 */
export class OrphanSlices {
  readonly #deps: OrphanSlicesDeps;
  /** A job for the rest waits in the queue. */
  #isQueued = false;

  constructor(deps: OrphanSlicesDeps) {
    this.#deps = deps;
  }

  /** Processes a block, within a job. @throws as the DAG does. */
  process(block: Block, payer: Payer = {}): ProcessResult {
    const result = this.#deps.dag.processBlock(block, this.#slice());
    this.#goOn(payer);
    return result;
  }

  #goOn(payer: Payer): void {
    const { dag, queue, failed } = this.#deps;
    if (this.#isQueued || !dag.hasReadyOrphans) return;
    this.#isQueued = true;
    const run = (): void => {
      this.#isQueued = false;
      dag.releaseOrphans?.(this.#slice());
      this.#goOn(payer);
    };
    queue.push(run, { ...payer, later: true }).catch(failed);
  }

  #slice(): () => boolean {
    const end = this.#deps.now() + SLICE_MS;
    return () => this.#deps.now() < end;
  }
}
