import type { Transaction } from '../wire/index.ts';

/** Lock times below this are heights, others Unix seconds (BIP 65). */
const LOCK_TIME_THRESHOLD = 500_000_000;
const FINAL_SEQUENCE = 0xffffffff;

/** The lock time of a transaction if anything depends on it, else 0: all its inputs may declare it final. */
export function effectiveLockTime({ lockTime, inputs }: Transaction): number {
  return lockTime !== 0 && inputs.some(({ sequence }) => sequence !== FINAL_SEQUENCE) ? lockTime : 0;
}

/**
 * Whether a transaction may stand in a block of this height.
 * @param lockTime see {@link effectiveLockTime}.
 * @param time the time that lock times are compared with, Unix seconds; they must be earlier.
 */
export function isFinalAt(lockTime: number, height: number, time: number): boolean {
  return lockTime === 0 || lockTime < (lockTime < LOCK_TIME_THRESHOLD ? height : time);
}
