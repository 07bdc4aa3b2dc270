import { hashKey } from '../util/hash.ts';
import type { Announcer, SyncBlockInfo } from './ports.ts';

/** Blocks held back from announcement. */
const MAX_UNANNOUNCED = 64;

/** Newest blocks that are not announced yet because we are far behind; none is a parent of another. */
export class HeldAnnouncements {
  readonly #announcer: Pick<Announcer, 'announceBlock'>;
  readonly #held = new Map<string, SyncBlockInfo>();

  constructor(announcer: Pick<Announcer, 'announceBlock'>) {
    this.#announcer = announcer;
  }

  /** A block was taken in; it stands for its parents. */
  add(info: SyncBlockInfo): void {
    for (const parent of info.block.parentHashes) this.#held.delete(hashKey(parent));
    if (this.#held.size < MAX_UNANNOUNCED) this.#held.set(hashKey(info.hash), info);
  }

  /** Announces what is held. */
  release(): void {
    for (const [key, { hash, height, block }] of this.#held) {
      this.#held.delete(key);
      this.#announcer.announceBlock(hash, height, block.header);
    }
  }
}
