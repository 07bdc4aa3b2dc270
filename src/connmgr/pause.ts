import type { Random } from '../util/ports.ts';

/** First pause of an automatic slot after a failure, milliseconds. */
const FIRST_PAUSE = 1_000;
/** Longest pause of an automatic slot: addresses may have become reachable meanwhile. */
const LONGEST_PAUSE = 60_000;

/** Pause of a permanent request before its n-th repetition: n steps, at most `longest`. Milliseconds. */
export function permanentPause(repetition: number, step: number, longest: number): number {
  return Math.min(repetition * step, longest);
}

/**
 * Pause of an automatic slot after `failures` failures in a row: doubles from a second to a minute, and up to half of
 * it is taken off at random, so that slots (and nodes that lost the same network) do not try in step. Milliseconds.
 */
export function automaticPause(failures: number, random: Random): number {
  if (failures === 0) return 0;
  const pause = Math.min(FIRST_PAUSE * 2 ** Math.min(failures - 1, 16), LONGEST_PAUSE);
  return pause * (1 - random.float() / 2);
}
