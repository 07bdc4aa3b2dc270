/** Hosts remembered; beyond it the oldest is forgotten. */
const MAX_HOSTS = 1000;
/** How long a host is remembered, milliseconds. */
const MEMORY_MS = 3_600_000;

/** What is held against a peer for claims of heights that came to nothing. */
export interface ClaimRecord {
  /** How many claims that were. */
  readonly failures: number;
  /** Steady time before which the peer is not chosen for synchronisation. */
  readonly distrustUntil: number;
}

const NO_RECORD: ClaimRecord = { failures: 0, distrustUntil: Number.NEGATIVE_INFINITY };

/**
 * Hosts that left after claiming heights which they did not show. Whoever connects again from there begins with the
 * record he left with; otherwise each new connection of a liar would be believed for a while, and a few of them for ever.
 */
export class ClaimMemory {
  readonly #hosts = new Map<string, { readonly record: ClaimRecord; readonly until: number }>();

  get size(): number {
    return this.#hosts.size;
  }

  /**
   * A peer left. What others of its host are charged with stays, unless this one showed something.
   * @param now steady milliseconds.
   */
  left(host: string, record: ClaimRecord, hasProved: boolean, now: number): void {
    const others = hasProved ? NO_RECORD : this.recordOf(host, now);
    const failures = Math.max(record.failures, others.failures);
    const distrustUntil = Math.max(record.distrustUntil, others.distrustUntil);
    this.#hosts.delete(host);
    if (failures === 0) return;
    this.#hosts.set(host, { record: { failures, distrustUntil }, until: now + MEMORY_MS });
    if (this.#hosts.size <= MAX_HOSTS) return;
    for (const oldest of this.#hosts.keys()) {
      this.#hosts.delete(oldest);
      return;
    }
  }

  /** What earlier peers of this host left behind. */
  recordOf(host: string, now: number): ClaimRecord {
    const remembered = this.#hosts.get(host);
    return remembered && now < remembered.until ? remembered.record : NO_RECORD;
  }
}
