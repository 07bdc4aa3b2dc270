/**
 * Whole milliseconds of a duration in seconds, rounded down. Durations are exact to the nanosecond, so 1.001 s is 1001 ms
 * although its double is a little less.
 */
export function wholeMilliseconds(seconds: number): number {
  return Math.trunc(Math.round(seconds * 1e9) / 1e6);
}

/** Heights between two retargets. Durations in seconds; only their whole milliseconds count. */
export function retargetInterval(targetTimespan: number, targetTimePerBlock: number): number {
  return Math.floor(wholeMilliseconds(targetTimespan) / wholeMilliseconds(targetTimePerBlock));
}
