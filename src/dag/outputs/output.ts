/** A transaction output with what spending it depends on. Immutable. */
export interface Output {
  /** nanoSoter. */
  readonly value: bigint;
  readonly pkScript: Uint8Array;
  /** Height of the block that made it. */
  readonly height: number;
  readonly isCoinbase: boolean;
}

/** True if two outputs are the same in every field. */
export function sameOutput(a: Output, b: Output): boolean {
  return (
    a === b ||
    (a.value === b.value &&
      a.height === b.height &&
      a.isCoinbase === b.isCoinbase &&
      Buffer.compare(a.pkScript, b.pkScript) === 0)
  );
}
