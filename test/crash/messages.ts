import { writeSync } from 'node:fs';
import type { StoreErrorKind } from '../../src/store/index.ts';
import type { Digest } from './digest.ts';
import type { StoreStep } from './stepped-store.ts';

/** What a child process is to do, given as JSON in its first argument. */
export interface ChildTask {
  /** Folder of the database. */
  readonly folder: string;
  /** File with the blocks in their order of arrival. */
  readonly blocks: string;
  /** Seed of how the blocks are grouped into commits. */
  readonly seed: string;
  /** Read the whole state and tell its digest after opening; else only at the end. */
  readonly readFirst: boolean;
  /** Stop feeding at this place of the arrival; default: feed everything. */
  readonly until?: number;
  /** Kill itself at the `count`-th such step after opening began or after it ended. */
  readonly suicide?: { readonly phase: 'open' | 'feed'; readonly step: StoreStep; readonly count: number };
  /** Tell when a commit is about to begin. */
  readonly tellCommits?: boolean;
  /** Copy the data file to `<to>.before` and `<to>.after` around the `count`-th commit, then stop. */
  readonly photograph?: { readonly count: number; readonly to: string };
}

/** What a child tells, one JSON object a line on its standard output, written at once. */
export type ChildMessage =
  /** Opening begins. */
  | { readonly at: 'opening' }
  /** The state was read: places of the arrival that are known, number of known blocks, and the digest if asked for. */
  | { readonly at: 'open'; readonly known: readonly number[]; readonly count: number; readonly digest?: Digest }
  /** A commit begins now. */
  | { readonly at: 'committing' }
  /** The node says that it accepted the block at this place of the arrival. */
  | { readonly at: 'accepted'; readonly place: number }
  /** Everything was fed; the whole state. */
  | { readonly at: 'end'; readonly count: number; readonly digest: Digest }
  /** The store was closed. */
  | { readonly at: 'closed' }
  /** The store refused: what an operator would see. */
  | { readonly at: 'refused'; readonly phase: ChildPhase; readonly kind: StoreErrorKind; readonly message: string };

/** How far a child had come. */
export type ChildPhase = 'opening' | 'reading' | 'feeding' | 'closing';

/** Exit code of a child that reports `refused`. */
export const REFUSED_EXIT = 3;

/** Writes a message so that it is out when this returns, whatever happens to the process then. */
export function tell(message: ChildMessage): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < line.length; ) {
    try {
      written += writeSync(1, line, written);
    } catch (error) {
      // The pipe is full for the moment.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}
