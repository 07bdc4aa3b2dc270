/** Hosts remembered; beyond it the oldest is forgotten. */
const MAX_HOSTS = 1000;
/** How long a host is remembered, milliseconds. */
const MEMORY_MS = 3_600_000;

interface Remembered {
  readonly failures: number;
  /** Steady time. */
  readonly until: number;
}

/**
 * Hosts that left after claiming heights which they did not show. Whoever connects again from there begins with the
 * record he left with; otherwise each new connection of a liar would be believed for a while, and a few of them for ever.
 */
export class ClaimMemory {
  readonly #hosts = new Map<string, Remembered>();

  get size(): number {
    return this.#hosts.size;
  }

  /** A peer left with so many claims that came to nothing; 0 forgets its host. @param now steady milliseconds. */
  left(host: string, failures: number, now: number): void {
    this.#hosts.delete(host);
    if (failures === 0) return;
    this.#hosts.set(host, { failures, until: now + MEMORY_MS });
    if (this.#hosts.size <= MAX_HOSTS) return;
    for (const oldest of this.#hosts.keys()) {
      this.#hosts.delete(oldest);
      return;
    }
  }

  /** Claims of earlier peers of this host that came to nothing. */
  failuresOf(host: string, now: number): number {
    const remembered = this.#hosts.get(host);
    return remembered && now < remembered.until ? remembered.failures : 0;
  }
}
