/** Growth that is allowed between the first tenth and the end: what caches and some thousand blocks may take. */
export interface AllowedGrowth {
  readonly share: number;
  readonly bytes: number;
}

/** Shorter runs are not judged: their first tenth is over before caches have filled. */
export const JUDGED_FROM = 500_000;

/** Memory of a process over a run. */
export class MemoryWatch {
  /** False if the run is too short to say what memory does. */
  readonly isJudged: boolean;
  readonly #allowed: AllowedGrowth;
  readonly #samples: { readonly progress: number; readonly bytes: number }[] = [];

  /** @param messages length of the run. */
  constructor(messages: number, allowed: AllowedGrowth) {
    this.#allowed = allowed;
    this.isJudged = messages >= JUDGED_FROM;
  }

  /** @param progress share of the run that is over, 0 to 1. */
  add(progress: number, bytes: number): void {
    this.#samples.push({ progress, bytes });
  }

  /** Bytes at the start; 0 without samples. */
  get start(): number {
    return this.#samples[0]?.bytes ?? 0;
  }

  /** Median of a part of the run, bytes; collections of garbage make single samples jump. */
  between(from: number, until: number): number {
    const part = this.#samples
      .filter(({ progress }) => progress >= from && progress <= until)
      .map(({ bytes }) => bytes);
    return part.sort((a, b) => a - b)[part.length >> 1] ?? 0;
  }

  get most(): number {
    return Math.max(0, ...this.#samples.map(({ bytes }) => bytes));
  }

  /** Most bytes that may be in use in the end. */
  get bound(): number {
    return this.between(0.1, 0.2) * (1 + this.#allowed.share) + this.#allowed.bytes;
  }

  /** Says so if memory was not flat. */
  problems(name: string): string[] {
    const end = this.between(0.9, 1);
    if (!this.isJudged || this.#samples.length === 0 || end <= this.bound) return [];
    const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
    return [`${name} memory grew to ${megabytes(end)}, more than ${megabytes(this.bound)}`];
  }
}
