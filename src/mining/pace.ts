import type { Random } from '../util/ports.ts';

/**
 * Mining at a visible pace instead of as fast as possible, for demonstration networks whose target any first hash
 * meets: one worker waits between its blocks.
 */
export interface Pace {
  /** Mean time between two blocks of this miner, milliseconds. */
  readonly interval: number;
  /**
   * `random`: exponentially distributed, as real mining is, so that miners meet by chance; `fixed`: always the mean.
   * Default `random`.
   */
  readonly distribution?: 'random' | 'fixed';
  /**
   * Age of the template when its block is published, milliseconds: plays the part of propagation delay. Blocks that others
   * publish meanwhile become parallel to it, on average `templateAge` times their joint rate. Default: a quarter of the
   * interval. An interval shorter than this shortens it.
   */
  readonly templateAge?: number;
}

/** One block of a paced miner, milliseconds: wait, take a template, wait, publish. */
export interface PacedTurn {
  readonly beforeTemplate: number;
  readonly beforeBlock: number;
}

/** Draws the next turn. */
export function drawTurn({ interval, distribution, templateAge }: Pace, random: Pick<Random, 'float'>): PacedTurn {
  const drawn = distribution === 'fixed' ? interval : -interval * Math.log(1 - random.float());
  const beforeBlock = Math.min(drawn, templateAge ?? interval / 4);
  return { beforeTemplate: drawn - beforeBlock, beforeBlock };
}
